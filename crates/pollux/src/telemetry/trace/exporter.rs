//! Carries trees to the collector: in batches, with patience, and never for ever.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::Settings;
use super::otlp;
use super::tree::Tree;
use crate::secret::Secret;
use crate::telemetry::names;

/// Trees that go in one request.
const BATCH: usize = 128;
/// How long one request may take.
const WITHIN: Duration = Duration::from_secs(10);
/// How long what is left may take when the gateway stops.
const LAST: Duration = Duration::from_secs(3);
/// Requests for one batch; between them pauses that double.
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The collector's advice is followed up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Carries trees to the collector.
#[derive(Debug)]
pub struct Exporter {
    waiting: mpsc::Receiver<Tree>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    target: Uri,
    headers: HeaderMap,
    service: String,
    every: Duration,
}

/// Why there are no traces.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A header has letters that a header cannot have; its value is not repeated.
    #[error("the header {0:?} for the trace collector cannot be sent")]
    Header(String),
    /// The address cannot be extended.
    #[error("the address of the trace collector makes no sense: {0}")]
    Address(#[from] http::Error),
    /// TLS cannot be set up.
    #[error("TLS to the trace collector: {0}")]
    Tls(#[from] rustls::Error),
}

/// What became of one request.
enum Sent {
    Taken,
    /// Worth another try, after so long if the collector said so.
    Later(Option<Duration>, String),
    Refused(String),
}

/// What becomes of a batch, also if nobody waits for it any more.
struct Fate {
    count: u64,
    taken: bool,
}

impl Drop for Fate {
    fn drop(&mut self) {
        if self.taken {
            metrics::counter!(names::TRACES_SENT).increment(self.count);
        } else {
            metrics::counter!(names::TRACES_LOST, "reason" => "collector").increment(self.count);
        }
    }
}

impl Exporter {
    pub(super) fn new(
        settings: &Settings,
        endpoint: &Uri,
        waiting: mpsc::Receiver<Tree>,
    ) -> Result<Self, SetupError> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        let (target, service) = (traces_of(endpoint)?, settings.service.clone());
        let headers = headers(&settings.headers)?;
        Ok(Self { waiting, client, target, headers, service, every: settings.every })
    }

    /// Runs until `shutdown` resolves and what was waiting has gone, or could not.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let mut tick = tokio::time::interval(self.every);
        loop {
            let round = async {
                tick.tick().await;
                self.carry().await;
            };
            // A stop does not wait for a collector that is slow: what is on its way then is given up.
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = round => {}
            }
        }
        let _what_is_left_is_lost = timeout(LAST, self.carry()).await;
    }

    /// Sends everything that waits.
    async fn carry(&mut self) {
        loop {
            let mut batch = Vec::new();
            while batch.len() < BATCH {
                let Ok(tree) = self.waiting.try_recv() else { break };
                batch.push(tree);
            }
            if batch.is_empty() {
                return;
            }
            let mut fate = Fate { count: batch.len() as u64, taken: false };
            let body = Bytes::from(otlp::request(&self.service, &batch));
            drop(batch);
            fate.taken = self.deliver(body).await;
        }
    }

    async fn deliver(&self, body: Bytes) -> bool {
        let mut pause = FIRST_PAUSE;
        for tried in 1..=TRIES {
            match self.post(body.clone()).await {
                Sent::Taken => return true,
                Sent::Refused(why) => {
                    tracing::warn!(why, "the trace collector refused spans");
                    return false;
                }
                Sent::Later(_, why) if tried == TRIES => {
                    tracing::warn!(why, "the trace collector did not take spans");
                    return false;
                }
                Sent::Later(advice, _) => sleep(advice.unwrap_or(pause).min(LONGEST_PAUSE)).await,
            }
            pause *= 2;
        }
        false
    }

    async fn post(&self, body: Bytes) -> Sent {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = self.headers.clone();
        let answer = match timeout(WITHIN, self.client.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Sent::Later(None, error.to_string()),
            Err(_) => return Sent::Later(None, String::from("no answer in time")),
        };
        let status = answer.status();
        let advice = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        // Read, so that the connection can be used again.
        let _its_words_do_not_matter =
            timeout(WITHIN, Limited::new(answer.into_body(), 64 << 10).collect()).await;
        match status {
            status if status.is_success() => Sent::Taken,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Sent::Later(advice.map(Duration::from_secs), status.to_string()),
            status => Sent::Refused(status.to_string()),
        }
    }
}

/// The address below the endpoint that takes traces.
fn traces_of(endpoint: &Uri) -> Result<Uri, SetupError> {
    let mut parts = endpoint.clone().into_parts();
    let path = endpoint.path().trim_end_matches('/');
    let path = format!("{path}/v1/traces").parse().map_err(http::Error::from)?;
    parts.path_and_query = Some(path);
    Ok(Uri::from_parts(parts).map_err(http::Error::from)?)
}

fn headers(settings: &[(String, Secret)]) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    for (name, value) in settings {
        let bad = || SetupError::Header(name.clone());
        let key: HeaderName = name.parse().map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_added_to_what_was_given() {
        for (given, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otlp.example/base/", "https://otlp.example/base/v1/traces"),
        ] {
            assert_eq!(traces_of(&given.parse().unwrap()).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_without_its_value() {
        let bad = headers(&[(String::from("authorization"), Secret::new("hunter2\n"))]).unwrap_err();
        assert!(bad.to_string().contains("authorization") && !bad.to_string().contains("hunter2"));
    }
}
