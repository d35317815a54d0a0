//! Alerts by e-mail, one connection for each.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::channel::Message;
use crate::secret::Secret;

/// How long each step of a delivery may take.
const WITHIN: Duration = Duration::from_secs(10);
/// The most characters of a subject.
const LONGEST_SUBJECT: usize = 120;

/// A server that takes mail, and between whom it goes.
#[derive(Clone)]
pub struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Post {
    /// Through this server, `smtps://USER:PASSWORD@HOST:PORT`.
    ///
    /// # Errors
    /// When an address makes no sense.
    pub fn new(server: &Secret, from: &str, to: &[String]) -> Result<Self, &'static str> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.expose());
        let transport = transport.map_err(|_| "the mail server's address makes no sense")?;
        let address = |text: &str| text.parse::<Mailbox>().map_err(|_| "a mail address makes no sense");
        Ok(Self {
            transport: transport.timeout(Some(WITHIN)).build(),
            from: address(from)?,
            to: to.iter().map(|one| address(one)).collect::<Result<_, _>>()?,
        })
    }

    /// One try. What is said of a failure names no address.
    pub(super) async fn send(&self, message: &Message) -> Result<(), String> {
        let letter = self.letter(message).map_err(|_| "it could not be written".to_owned())?;
        self.transport.send(letter).await.map(drop).map_err(|error| {
            if error.is_timeout() {
                return format!("it did not answer within {} s", WITHIN.as_secs());
            }
            match error.status() {
                Some(code) => format!("it answered {code}"),
                None => "it cannot be reached, or the connection broke".to_owned(),
            }
        })
    }

    fn letter(&self, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
        let Message { event, text, at, .. } = message;
        let subject: String = format!("[Pollux] {event}: {text}")
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(LONGEST_SUBJECT)
            .collect();
        let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or_default());
        let letter: MessageBuilder =
            lettre::Message::builder().from(self.from.clone()).subject(subject).date(at);
        let letter = self.to.iter().fold(letter, |letter, to| letter.to(to.clone()));
        letter.header(ContentType::TEXT_PLAIN).body(format!("{text}\n"))
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Post").field("to", &self.to.len()).finish_non_exhaustive()
    }
}
