//! Calls the gateway by its own public address now and then, so that a free host does not put it to sleep.
//!
//! A call that fails is made again a minute later: what keeps the gateway awake must not fall asleep itself.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use super::{Failed, Work};
use crate::clock::Moment;
use crate::settings::Live;

/// How long a call may take; a host that wakes up takes its time.
const WITHIN: Duration = Duration::from_secs(45);

/// The job that keeps the gateway awake.
pub(crate) struct KeepAlive {
    url: String,
    settings: Live,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    /// When the last call was answered.
    last: Mutex<Option<Moment>>,
}

impl KeepAlive {
    /// One that calls the gateway of this public address as often as the settings say.
    pub(crate) fn new(external_url: &str, settings: Live) -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { url: format!("{external_url}/wake"), settings, client, last: Mutex::default() }
    }

    async fn call(&self) -> Result<u16, Failed> {
        let url = self.url.parse().map_err(|_| Failed("the public address makes no sense".to_owned()))?;
        match timeout(WITHIN, self.client.get(url)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(answer.status().as_u16()),
            Ok(Ok(answer)) => Err(Failed(format!("{} answered {}", self.url, answer.status()))),
            Ok(Err(error)) => Err(Failed(format!("{} could not be reached: {error}", self.url))),
            Err(_) => Err(Failed(format!("{} did not answer within {} s", self.url, WITHIN.as_secs()))),
        }
    }
}

#[async_trait]
impl Work for KeepAlive {
    async fn run(&self, now: Moment) -> Result<String, Failed> {
        let Some(every) = self.settings.now().keep_alive_every() else {
            return Ok("switched off (`keep_alive`, `keep_alive_interval`)".to_owned());
        };
        let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not keep us from calling.
        if let Some(wait) = last.map(|last| every - now.since(last)).filter(|wait| (1..=every).contains(wait))
        {
            return Ok(format!("the next call is due in {} min", (wait + 59_999) / 60_000));
        }
        let status = self.call().await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(format!("called {} ({status})", self.url))
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeepAlive").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::settings::Values;

    /// Answers each status once, then no more; gives back what was asked.
    async fn host(listener: TcpListener, statuses: &[&str]) -> Vec<String> {
        let mut asked = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4_096];
            let length = stream.read(&mut bytes).await.unwrap();
            asked.push(String::from_utf8_lossy(&bytes[..length]).lines().next().unwrap().to_owned());
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    }

    fn minute(n: i64) -> Moment {
        Moment(1_795_305_600_000 + n * 60_000)
    }

    #[tokio::test]
    async fn it_calls_when_it_is_due_and_again_a_minute_after_a_failure() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = Live::fixed(Values::of_defaults().unwrap());
        let job = KeepAlive::new(&url, settings);
        let calls = async {
            assert!(job.run(minute(0)).await.unwrap().starts_with("called "));
            assert_eq!(job.run(minute(1)).await.unwrap(), "the next call is due in 13 min");
            assert!(job.run(minute(14)).await.unwrap_err().0.contains("502"));
            assert!(job.run(minute(15)).await.unwrap().starts_with("called "));
            assert!(job.run(minute(-500)).await.unwrap().starts_with("called "), "the clock was set back");
        };
        let (asked, ()) =
            tokio::join!(host(listener, &["200 OK", "502 Bad Gateway", "200 OK", "200 OK"]), calls);
        assert_eq!(asked, ["GET /wake HTTP/1.1"; 4]);
    }

    #[tokio::test]
    async fn switched_off_it_calls_nobody() {
        let values = Values { keep_alive: false, ..Values::of_defaults().unwrap() };
        let job = KeepAlive::new("http://127.0.0.1:1", Live::fixed(values));
        assert!(job.run(minute(0)).await.unwrap().starts_with("switched off"));
    }
}
