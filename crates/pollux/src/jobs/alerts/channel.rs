//! How each channel wants to hear it.

use std::fmt::Write;

use base64::Engine;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::mail::Post;
use crate::clock::{Moment, iso};
use crate::secret::Secret;

/// What there is to say.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// `raised`, `resolved` or `test`.
    pub(super) event: &'static str,
    pub(super) rule: &'static str,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) at: Moment,
}

/// Somebody who is told. Addresses hold tokens, so they are secrets.
#[derive(Clone, Debug)]
pub enum Channel {
    /// Any address: JSON, signed with a secret if there is one.
    Webhook {
        /// Where to.
        url: Secret,
        /// What signs it.
        secret: Option<Secret>,
    },
    /// A bot of Telegram's.
    Telegram {
        /// The bot's address, token included.
        bot: Secret,
        /// Whom it writes to.
        chat: String,
    },
    /// A bot in a group of Feishu (Lark).
    Feishu(Secret),
    /// A bot in a group of DingTalk, with its signing secret if it has one.
    DingTalk(Secret, Option<Secret>),
    /// A bot in a group of WeCom.
    WeCom(Secret),
    /// E-mail.
    Email(Box<Post>),
}

/// A request that tells it.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) url: Secret,
    pub(super) body: String,
    pub(super) signature: Option<String>,
}

impl Channel {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Telegram { .. } => "telegram",
            Self::Feishu(_) => "feishu",
            Self::DingTalk(..) => "dingtalk",
            Self::WeCom(_) => "wecom",
            Self::Email(_) => "email",
        }
    }

    /// The request that tells it; none where it is not told by one.
    pub(super) fn letter(&self, message: &Message) -> Option<Letter> {
        let text = format!("[Pollux] {}", message.text);
        let plain =
            |url: &Secret, body: Value| Letter { url: url.clone(), body: body.to_string(), signature: None };
        Some(match self {
            Self::Email(_) => return None,
            Self::Webhook { url, secret } => webhook(url, secret.as_ref(), message),
            Self::Telegram { bot, chat } => {
                let url = Secret::new(format!("{}/sendMessage", bot.expose()));
                plain(&url, json!({"chat_id": chat, "text": text}))
            }
            Self::Feishu(url) => plain(url, json!({"msg_type": "text", "content": {"text": text}})),
            Self::DingTalk(url, secret) => {
                let url =
                    secret.as_ref().map_or_else(|| url.clone(), |secret| signed(url, secret, message.at));
                plain(&url, json!({"msgtype": "text", "text": {"content": text}}))
            }
            Self::WeCom(url) => plain(url, json!({"msgtype": "text", "text": {"content": text}})),
        })
    }
}

/// JSON, and in `x-pollux-signature` the HMAC-SHA-256 of the body in hex.
fn webhook(url: &Secret, secret: Option<&Secret>, message: &Message) -> Letter {
    let Message { event, rule, subject, text, at } = message;
    let body = json!({"event": event, "rule": rule, "subject": subject, "message": text, "at": iso(*at)})
        .to_string();
    let signature = secret.map(|secret| {
        let code = hmac(secret.expose(), &body);
        code.iter().fold("sha256=".to_owned(), |mut text, byte| {
            let _never = write!(text, "{byte:02x}");
            text
        })
    });
    Letter { url: url.clone(), body, signature }
}

/// DingTalk's signature: the time in milliseconds, a line break and the secret, signed with the secret, in the query.
fn signed(url: &Secret, secret: &Secret, at: Moment) -> Secret {
    let code = hmac(secret.expose(), &format!("{}\n{}", at.0, secret.expose()));
    let code = base64::engine::general_purpose::STANDARD.encode(code);
    let code = percent_encoding::utf8_percent_encode(&code, percent_encoding::NON_ALPHANUMERIC);
    let url = url.expose();
    let joint = if url.contains('?') { '&' } else { '?' };
    Secret::new(format!("{url}{joint}timestamp={}&sign={code}", at.0))
}

fn hmac(key: &str, text: &str) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        let text = "Only 1 of 4 keys can serve now.".to_owned();
        Message {
            event: "raised",
            rule: "pool_share",
            subject: String::new(),
            text,
            at: Moment(1_795_377_600_000),
        }
    }

    #[test]
    fn each_channel_hears_it_in_its_own_form() {
        let url = || Secret::new("https://host.example/hook?key=token");
        let told = |channel: Channel| {
            let Letter { url, body, signature } = channel.letter(&message()).unwrap();
            format!("{}\n{body}\n{}", url.expose(), signature.unwrap_or_default())
        };
        insta::assert_snapshot!(told(Channel::Webhook { url: url(), secret: Some(Secret::new("key")) }), @r###"
        https://host.example/hook?key=token
        {"event":"raised","rule":"pool_share","subject":"","message":"Only 1 of 4 keys can serve now.","at":"2026-11-22T20:00:00Z"}
        sha256=1a0f1ff830154e04c2807417ca3507cfad5138abda6fb65216fb8d7563cfbaba
        "###);
        insta::assert_snapshot!(told(Channel::Telegram { bot: Secret::new("https://api.telegram.org/bot1:a"), chat: "42".to_owned() }), @r###"
        https://api.telegram.org/bot1:a/sendMessage
        {"chat_id":"42","text":"[Pollux] Only 1 of 4 keys can serve now."}
        "###);
        insta::assert_snapshot!(told(Channel::Feishu(url())), @r###"
        https://host.example/hook?key=token
        {"msg_type":"text","content":{"text":"[Pollux] Only 1 of 4 keys can serve now."}}
        "###);
        insta::assert_snapshot!(told(Channel::DingTalk(url(), Some(Secret::new("SEC")))), @r###"
        https://host.example/hook?key=token&timestamp=1795377600000&sign=kRaTiJdq7rxmWHu7zLJlDJLxBDPyGCizgztQmy3ZvoM%3D
        {"msgtype":"text","text":{"content":"[Pollux] Only 1 of 4 keys can serve now."}}
        "###);
        insta::assert_snapshot!(told(Channel::WeCom(url())), @r###"
        https://host.example/hook?key=token
        {"msgtype":"text","text":{"content":"[Pollux] Only 1 of 4 keys can serve now."}}
        "###);
    }
}
