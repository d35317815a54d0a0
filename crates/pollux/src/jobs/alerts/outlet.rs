//! Delivers messages.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::{sleep, timeout};

use super::Told;
use super::channel::{Channel, Letter, Message};

/// How long one delivery may take.
const WITHIN: Duration = Duration::from_secs(10);
/// Pauses between tries.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// Delivers messages over every channel.
pub(super) struct Outlet {
    channels: Vec<Channel>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Outlet {
    pub(super) fn new(channels: Vec<Channel>) -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Self { channels, client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.channels.iter().map(Channel::name).collect()
    }

    pub(super) async fn tell(&self, message: &Message) -> Vec<Told> {
        let mut told = Vec::with_capacity(self.channels.len());
        for channel in &self.channels {
            let error = self.deliver(channel, message).await.err();
            told.push(Told { channel: channel.name(), error });
        }
        told
    }

    /// Delivers a message, in three tries.
    async fn deliver(&self, channel: &Channel, message: &Message) -> Result<(), String> {
        let mut result = self.try_once(channel, message).await;
        for pause in PAUSES {
            if result.is_ok() {
                break;
            }
            sleep(pause).await;
            result = self.try_once(channel, message).await;
        }
        result
    }

    async fn try_once(&self, channel: &Channel, message: &Message) -> Result<(), String> {
        match (channel, channel.letter(message)) {
            (Channel::Email(post), _) => post.send(message).await,
            (_, Some(letter)) => self.send(&letter).await,
            (_, None) => Ok(()),
        }
    }

    /// One try. What is said of a failure names no address: it holds a token.
    async fn send(&self, letter: &Letter) -> Result<(), String> {
        let Letter { url, body, signature } = letter;
        let request = Request::builder()
            .method(Method::POST)
            .uri(url.expose())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("pollux/", env!("CARGO_PKG_VERSION")));
        let request = match signature {
            Some(signature) => request.header("x-pollux-signature", signature),
            None => request,
        };
        let request = request
            .body(Full::new(Bytes::from(body.clone())))
            .map_err(|_| "its address makes no sense".to_owned())?;
        match timeout(WITHIN, self.client.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(format!("it answered {}", answer.status().as_u16())),
            Ok(Err(error)) if error.is_connect() => Err("it cannot be reached".to_owned()),
            Ok(Err(_)) => Err("the connection broke".to_owned()),
            Err(_) => Err(format!("it did not answer within {} s", WITHIN.as_secs())),
        }
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Outlet").field(&self.names()).finish()
    }
}
