//! How a refusal reads (`wire.md` §10.3), and which headers make SDKs do the right thing.
//!
//! The envelope is OpenAI's; other surfaces take the status and the words, and put them into their own.

mod limited;
mod named;

use std::net::IpAddr;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use dialect::gemini::outcome::{Cause, Outcome};
use dialect::openai::error::ApiError;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::access::Denied;
use crate::clock::Moment;
use crate::http::body::BodyError;
use crate::journal::Full;
use crate::relay::Refusal;

/// Longer waits than this are not worth a client's automatic retry (`wire.md` §10.2).
const WORTH_WAITING: Duration = Duration::from_mins(1);

/// A refusal, and when it is worth trying again.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(super) error: ApiError,
    retry: Retry,
}

/// What the client should do about it.
#[derive(Clone, Copy, Debug)]
enum Retry {
    /// What its SDK does by itself for this status.
    AsUsual,
    /// Nothing will change by itself.
    Never,
    /// After this long.
    After(Duration),
}

impl Failed {
    /// Says a refusal of the relay in OpenAI's words.
    pub(super) fn from_refusal(refusal: &Refusal, now: Moment) -> Self {
        match refusal {
            Refusal::Request(outcome) | Refusal::Upstream(outcome) => Self::from_outcome(outcome),
            Refusal::Busy { opens } => {
                let wait = until(*opens, now);
                let message = format!(
                    "Every project in the pool is at its limit for this model. Try again in {} s.",
                    wait.as_secs_f64().ceil()
                );
                Self::new(429, "rate_limit_error", "rate_limit_exceeded", message).after(wait)
            }
            Refusal::Resting { opens } => {
                let message = "Google has been failing for this model on every project of the pool; the gateway gives \
                               it a moment.";
                let wait = until(*opens, now);
                Self::new(503, "server_error", "upstream_overloaded", message.to_owned()).after(wait)
            }
            Refusal::DayUsedUp { opens } => {
                let message = "Every project in the pool has used up its daily quota for this model. It opens again at \
                               midnight Pacific time; add projects or choose another model to go on before.";
                let wait = until(*opens, now);
                Self::new(429, "insufficient_quota", "insufficient_quota", message.to_owned()).after(wait)
            }
            Refusal::NoPrivateProject => Self::no_private_project(),
            Refusal::Paced { opens } => Self::paced(until(*opens, now)),
            Refusal::Alone { opens } => Self::alone(until(*opens, now)),
            Refusal::NoKey => {
                let message = "The gateway has no usable Gemini key. Its administrator can add one with \
                               POST /admin/config/gemini-key.";
                Self::new(503, "server_error", "no_available_key", message.to_owned()).never()
            }
            Refusal::NotOffered => {
                let message = "No project in the pool has any quota for this model. Choose another model, or add a key \
                               of a project that is offered it.";
                let error = Self::new(404, "invalid_request_error", "model_not_found", message.to_owned());
                error.about("model").never()
            }
            Refusal::TooLarge { limit } => {
                let message = format!(
                    "The request needs more input tokens than the {limit} a minute that any project in the pool has. \
                     Shorten it, or split it."
                );
                Self::new(413, "invalid_request_error", "request_too_large", message).about("messages")
            }
            Refusal::Unreachable(what) => {
                let message = format!("Google could not be reached: {what}.");
                Self::new(502, "server_error", "upstream_error", message)
            }
            Refusal::BadAnswer(what) => {
                let message = format!("Google gave no usable answer ({what}), twice.");
                Self::new(502, "server_error", "upstream_error", message)
            }
            Refusal::Unrecorded(why) => Self::unrecorded(*why),
            Refusal::Deadline => {
                let message = "Google began no answer in the time a call may take. Shorten the prompt, lower the \
                               thinking effort, or stream.";
                Self::new(504, "server_error", "upstream_timeout", message.to_owned()).never()
            }
        }
    }

    /// The operator wants no calls while the replicas cannot count together.
    fn alone(wait: Duration) -> Self {
        let message = "The gateway's replicas cannot reach their Redis, and it is set to begin no calls then (redis_away = \
                       refuse). Try again in a moment.";
        Self::new(503, "server_error", "redis_away", message.to_owned()).after(wait)
    }

    /// No call is begun that could not be accounted for.
    fn unrecorded(why: Full) -> Self {
        let message = format!(
            "The gateway cannot write down what calls use ({why}), so it begins none. Its administrator finds the reason in \
             the log; try again in a minute."
        );
        Self::new(503, "server_error", "journal_full", message).after(Duration::from_mins(1))
    }

    /// The answer broke off after it had begun.
    pub(super) fn cut(reason: &str) -> Self {
        let message = format!("The answer broke off upstream ({reason}). What came so far is incomplete.");
        Self::new(502, "server_error", "upstream_stream_error", message)
    }

    /// The user is private, and nobody who serves it may read along.
    fn no_private_project() -> Self {
        let message = "This key is private: its calls go to paid Google projects only, because Google may use what \
                       free projects are sent. No project of the pool is declared paid and has a usable key. The \
                       administrator can declare one with PATCH /admin/projects/{id} {\"tier\": \"paid\"}.";
        Self::new(503, "server_error", "no_private_project", message.to_owned()).never()
    }

    /// The user has had its share of the day.
    fn paced(wait: Duration) -> Self {
        let message = format!(
            "You have had your share of this model's day for now; the rest is kept for the other users of this \
             gateway. What they leave is lent to you, more of it as the day goes by. Try again in {} s.",
            wait.as_secs_f64().ceil()
        );
        Self::new(429, "rate_limit_error", "rate_limit_exceeded", message).after(wait)
    }

    fn from_outcome(outcome: &Outcome) -> Self {
        let said = if outcome.message.is_empty() { "no reason was given" } else { outcome.message.as_str() };
        let invalid = |code| Self::new(400, "invalid_request_error", code, said.to_owned());
        let no_key = |why: &str| {
            let message = format!("No key of the pool could serve this call: {why}.");
            Self::new(503, "server_error", "no_available_key", message).never()
        };
        match &outcome.cause {
            Cause::InvalidRequest { .. } => invalid("upstream_invalid_argument"),
            Cause::ContextTooLong => invalid("context_length_exceeded").about("messages"),
            Cause::PayloadTooLarge => {
                Self::new(413, "invalid_request_error", "request_too_large", said.to_owned())
            }
            Cause::ModelNotFound => {
                Self::new(404, "invalid_request_error", "model_not_found", said.to_owned()).about("model")
            }
            Cause::ResourceForbidden => {
                Self::new(404, "invalid_request_error", "file_not_found", said.to_owned())
            }
            Cause::PermissionDenied => {
                Self::new(502, "server_error", "upstream_error", said.to_owned()).never()
            }
            Cause::KeyInvalid | Cause::KeyExpired | Cause::KeyLeaked => {
                no_key("Google refused the last one tried")
            }
            Cause::ProjectSuspended | Cause::AccountLimited => {
                no_key("Google has limited the last project tried")
            }
            Cause::KeyMisconfigured { .. } => no_key("the last one tried is not set up for the Gemini API"),
            Cause::BillingDepleted => no_key("the prepaid credits of the last project tried are used up"),
            Cause::RegionBlocked => {
                let message = "Google does not serve the region the gateway calls from. Its administrator can set an \
                               egress proxy (POLLUX_EGRESS_PROXY).";
                Self::new(503, "server_error", "upstream_region_blocked", message.to_owned()).never()
            }
            Cause::EgressFlagged => {
                let message = "Google takes the address the gateway calls from for a robot. Its administrator can set \
                               another egress proxy (POLLUX_EGRESS_PROXY).";
                Self::new(503, "server_error", "upstream_address_flagged", message.to_owned()).never()
            }
            Cause::CredentialsDoubled | Cause::Internal | Cause::Unavailable => {
                Self::new(502, "server_error", "upstream_error", said.to_owned())
            }
            Cause::QuotaExhausted(_) | Cause::Throttled { .. } => {
                Self::new(429, "rate_limit_error", "rate_limit_exceeded", said.to_owned())
            }
            Cause::ModelNotOffered(_) => Self::from_refusal(&Refusal::NotOffered, Moment(0)),
            Cause::Overloaded => {
                let overloaded = Self::new(503, "server_error", "upstream_overloaded", said.to_owned());
                overloaded.after(Duration::from_secs(5))
            }
            Cause::DeadlineExceeded => {
                Self::new(504, "server_error", "upstream_timeout", said.to_owned()).never()
            }
        }
    }

    pub(super) fn new(status: u16, kind: &'static str, code: &'static str, message: String) -> Self {
        let error = ApiError { status, kind, code: Some(code), param: None, message };
        Self { error, retry: Retry::AsUsual }
    }

    /// The request field at fault.
    pub(super) fn about(mut self, param: &str) -> Self {
        self.error.param = Some(param.to_owned());
        self
    }

    pub(super) fn never(mut self) -> Self {
        self.retry = Retry::Never;
        self
    }

    pub(super) fn after(mut self, wait: Duration) -> Self {
        self.retry = Retry::After(wait);
        self
    }

    /// When it is worth trying again.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self.retry {
            Retry::After(wait) => Some(wait),
            Retry::AsUsual | Retry::Never => None,
        }
    }

    pub(super) fn headers(&self) -> HeaderMap {
        const AGAIN: HeaderName = HeaderName::from_static("x-should-retry");
        const AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.retry {
            Retry::AsUsual => {}
            Retry::Never => drop(headers.insert(AGAIN, HeaderValue::from_static("false"))),
            Retry::After(wait) => {
                let worth_it = wait <= WORTH_WAITING;
                headers.insert(header::RETRY_AFTER, HeaderValue::from(ceiling_seconds(wait)));
                headers.insert(AGAIN, HeaderValue::from_static(if worth_it { "true" } else { "false" }));
                if worth_it {
                    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
                    headers.insert(AFTER_MS, HeaderValue::from(millis));
                }
            }
        }
        headers
    }
}

/// A key may be used from elsewhere only. The address is said: behind a proxy it may not be the one that was meant.
fn not_from_here(seen: Option<IpAddr>) -> String {
    let from = seen.map_or_else(|| "an address that is not known".to_owned(), |address| address.to_string());
    format!(
        "This key may not be used from where the call comes from, {from}. Ask the administrator of this gateway to \
             allow it."
    )
}

fn ceiling_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn until(opens: Moment, now: Moment) -> Duration {
    Duration::from_millis(u64::try_from(opens.0 - now.0).unwrap_or(0))
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, self.headers(), self.error.to_json()).into_response()
    }
}

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Self {
        Self { error, retry: Retry::AsUsual }
    }
}

impl From<Denied> for Failed {
    fn from(denied: Denied) -> Self {
        let (status, code, message) = match denied {
            Denied::Missing => (
                401,
                "invalid_api_key",
                "No API key was sent. Send the key that this gateway issued as `Authorization: Bearer …`."
                    .to_owned(),
            ),
            Denied::Unknown => (
                401,
                "invalid_api_key",
                "This API key is not known here. Use a key that this gateway issued, not a Google key."
                    .to_owned(),
            ),
            Denied::Disabled { name } => (
                403,
                "key_disabled",
                format!("The key “{name}” is disabled. Ask the administrator of this gateway to enable it."),
            ),
            Denied::Expired => (
                403,
                "key_expired",
                "This key has expired. Ask the administrator of this gateway for a new one.".to_owned(),
            ),
            Denied::Address { seen } => (403, "address_not_allowed", not_from_here(seen)),
        };
        Self::new(status, "invalid_request_error", code, message).never()
    }
}

impl From<BodyError> for Failed {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { limit } => {
                let message = format!(
                    "The request is larger than the {} MiB this gateway takes. Send media as files or URLs.",
                    limit >> 20
                );
                Self::new(413, "invalid_request_error", "request_too_large", message)
            }
            BodyError::Broken => {
                let message = "The request ended before its body did.".to_owned();
                Self::new(400, "invalid_request_error", "incomplete_request", message)
            }
            BodyError::Slow => {
                let message =
                    "The body of the request came too slowly, or stopped coming. Send it again.".to_owned();
                Self::new(408, "invalid_request_error", "request_timeout", message)
            }
            BodyError::NoRoom => {
                let message = "The gateway holds as much of requests as it takes (max_bodies_mb). Try again in a moment.";
                Self::new(503, "server_error", "overloaded", message.to_owned()).after(Duration::from_secs(2))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_headers(failed: &Failed) -> (Option<String>, Option<String>) {
        let headers = failed.headers();
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (text("retry-after"), text("x-should-retry"))
    }

    #[test]
    fn a_short_wait_is_worth_a_retry() {
        let failed = Failed::from_refusal(&Refusal::Busy { opens: Moment(12_400) }, Moment(0));
        assert_eq!(failed.error.status, 429);
        assert_eq!(retry_headers(&failed), (Some("13".to_owned()), Some("true".to_owned())));
    }

    #[test]
    fn a_used_up_day_is_not() {
        let failed = Failed::from_refusal(&Refusal::DayUsedUp { opens: Moment(7_200_000) }, Moment(0));
        assert_eq!(failed.error.code, Some("insufficient_quota"));
        assert_eq!(retry_headers(&failed), (Some("7200".to_owned()), Some("false".to_owned())));
    }

    #[test]
    fn a_dead_google_key_is_never_the_clients_fault() {
        let outcome = Outcome {
            cause: Cause::KeyInvalid,
            status: 400,
            rpc_status: None,
            message: "API key not valid.".to_owned(),
            consumer: None,
        };
        let failed = Failed::from_refusal(&Refusal::Upstream(Box::new(outcome)), Moment(0));
        assert_eq!((failed.error.status, failed.error.code), (503, Some("no_available_key")));
    }
}
