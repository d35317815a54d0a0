//! Why an admin request failed, as problem details (RFC 9457).
//!
//! `detail` is also the member that clients of the original proxy read (`seed-facts.md` §2.1).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

use crate::access::AccessError;
use crate::http::about::Said;
use crate::http::body::BodyError;
use crate::keyring::{RollError, Unsaid};
use crate::operators::{OperatorError, Refused};
use crate::settings::SettingsError;
use crate::store::StoreError;

/// Seconds after which a store that was away may be back.
const BACK_SOON: HeaderValue = HeaderValue::from_static("5");

/// Why an admin request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    pub(super) detail: String,
    /// The field of the body or query at fault.
    field: Option<&'static str>,
    /// Seconds after which it may go better.
    retry_after: Option<u64>,
    /// Each of several problems that were looked for together.
    problems: Vec<Wrong>,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemDetail)]
struct Wrong {
    /// The field at fault; none for the request as a whole.
    field: Option<&'static str>,
    /// The same as a JSON pointer, where it may lie deep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    reason: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
}

/// As it is on the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct Details<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "<[Wrong]>::is_empty")]
    problems: &'a [Wrong],
}

/// Its schemas in the OpenAPI document.
pub(in crate::http) fn schemas() -> Vec<(String, Said)> {
    let mut named = Vec::new();
    Details::schemas(&mut named);
    named.push((Details::name().into_owned(), Details::schema()));
    named
}

impl Wrong {
    /// What a sentence that names the field says of it.
    fn plain(field: Option<&'static str>, detail: &str) -> Self {
        let named = field.and_then(|field| detail.strip_prefix(&format!("`{field}` ")));
        let reason = named.map_or(detail, |reason| reason.trim_end_matches('.'));
        Self { field, pointer: None, reason: reason.to_owned(), way_out: None }
    }
}

impl Problem {
    /// A problem with nothing but a status and a sentence about it.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), field: None, problems: Vec::new(), retry_after: None }
    }

    /// A value that cannot be used; `why` follows the field's name: `must be a text`.
    pub(super) fn field(field: &'static str, why: &str) -> Self {
        let detail = format!("`{field}` {why}.");
        Self { field: Some(field), ..Self::unprocessable(detail) }
    }

    /// A value that cannot be used, and what would be right.
    pub(super) fn wrong(field: &'static str, reason: &str, way_out: &str) -> Self {
        let wrong = Wrong {
            field: Some(field),
            pointer: None,
            reason: reason.to_owned(),
            way_out: Some(way_out.to_owned()),
        };
        Self { problems: vec![wrong], ..Self::field(field, &format!("{reason}; {way_out}")) }
    }

    /// Several problems of one request, told as one that lists them.
    pub(super) fn of_all(problems: Vec<Self>) -> Self {
        let status = problems.first().map_or(StatusCode::UNPROCESSABLE_ENTITY, |first| first.status);
        let field = problems.first().and_then(|first| first.field);
        let detail: Vec<&str> = problems.iter().map(|problem| problem.detail.as_str()).collect();
        let detail = detail.join(" ");
        let problems = problems.into_iter().flat_map(|problem| {
            let Self { detail, field, problems, .. } = problem;
            if problems.is_empty() { vec![Wrong::plain(field, &detail)] } else { problems }
        });
        Self { field, problems: problems.collect(), ..Self::new(status, detail) }
    }

    /// A body that is not what was asked for, whatever its fields.
    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Its status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// There is no such thing. Says no id: what stands in its place may be a whole key.
    pub(super) fn missing(kind: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {kind}."))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, detail, field, problems, retry_after } = self;
        let title = status.canonical_reason().unwrap_or("Failed");
        let details = Details {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            detail: &detail,
            field,
            problems: &problems,
        };
        let body = serde_json::to_string(&details).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        } else if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, BACK_SOON);
        }
        response
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (status, detail) = match refused {
            Refused::Missing => (
                StatusCode::UNAUTHORIZED,
                "This is for operators. Log in with POST /admin/session, or send the admin token as `Authorization: \
                 Bearer …`.",
            ),
            Refused::Unknown => (
                StatusCode::UNAUTHORIZED,
                "This is not the admin token. It was printed at the first start of the gateway or set there; a user's \
                 key does not open the admin API.",
            ),
            Refused::Over => (StatusCode::UNAUTHORIZED, "The session is over. Log in again."),
            Refused::Login => (StatusCode::UNAUTHORIZED, "The name, the password or the token is wrong."),
            Refused::Role => (StatusCode::FORBIDDEN, "A viewer may look, but not change anything."),
            Refused::Csrf => (
                StatusCode::FORBIDDEN,
                "A change by a session needs the header `x-pollux-csrf` with the `csrf` of GET /admin/session.",
            ),
            Refused::Foreign => (
                StatusCode::FORBIDDEN,
                "This request was made by a page of another site, or under a name that is not this gateway's.",
            ),
            Refused::Stale => (
                StatusCode::FORBIDDEN,
                "This shows secrets. Prove who you are with POST /admin/session/confirm; it counts for five minutes.",
            ),
            Refused::Throttled { wait } => {
                let seconds = wait.as_secs().max(1);
                let detail = format!("Too many attempts failed. Try again in {seconds} s.");
                return Self {
                    retry_after: Some(seconds),
                    ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
                };
            }
            Refused::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, "Too many logins are under way. Try again in a moment.")
            }
        };
        Self::new(status, detail)
    }
}

impl From<OperatorError> for Problem {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Store(StoreError::Conflict { what: what @ "the last admin" }) => {
                let detail = format!("This is {what} who may log in. Make another one first.");
                Self::new(StatusCode::CONFLICT, detail)
            }
            OperatorError::Store(error) => error.into(),
            OperatorError::Refused(refused) => refused.into(),
            OperatorError::Token(why) => Self::field("token", why),
            OperatorError::Name(why) => Self::field("name", why),
            OperatorError::Password(why) => Self::field("password", why),
            OperatorError::Claimed => Self::new(
                StatusCode::CONFLICT,
                "This gateway was set up already. Log in with POST /admin/session.",
            ),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.client_message();
        let status = match error {
            StoreError::Missing { kind, .. } => return Self::missing(kind),
            StoreError::Invalid { field, reason } => return Self::field(field, reason),
            StoreError::Conflict { .. } => StatusCode::CONFLICT,
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "an admin request found the store away");
                StatusCode::SERVICE_UNAVAILABLE
            }
            StoreError::Statement(_)
            | StoreError::Damaged { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::MasterKey(_)
            | StoreError::Server { .. }
            | StoreError::File { .. } => {
                tracing::error!(%error, "an admin request failed in the store");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self::new(status, detail)
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Store(error) => error.into(),
            AccessError::Name(why) => Self::field("name", why),
            AccessError::Weight => Self::field("weight", "must be a whole number from 1 to 100"),
        }
    }
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Store(error) => error.into(),
            SettingsError::NoVersion(_) => Self::missing("version of the settings"),
            SettingsError::Stale { version } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                format!(
                    "The settings have changed since you read them: version {version} holds now. Read them again, look \
                     at what changed in GET /admin/settings/history, and send your change with `If-Match: \"{version}\"`."
                ),
            ),
            SettingsError::Invalid(problems) => {
                let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let detail = format!("Nothing was changed. {}", all.join(" "));
                let problems = problems.into_iter().map(|problem| Wrong {
                    field: None,
                    pointer: Some(problem.pointer),
                    reason: problem.reason,
                    way_out: Some(problem.way_out),
                });
                Self { problems: problems.collect(), ..Self::unprocessable(detail) }
            }
        }
    }
}

impl From<RollError> for Problem {
    fn from(error: RollError) -> Self {
        match error {
            RollError::Store(error) => error.into(),
            RollError::NoKeys => {
                Self::field("key", "holds no key; give one, or several with any separator between them")
            }
            RollError::Words(Unsaid { field, reason }) => Self::field(field, reason),
            RollError::Project(why) => Self::field("project", why),
            RollError::TooMany => {
                Self::field("key", "holds more keys than one request may bring; send several requests")
            }
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { limit } => {
                let detail = format!("The request is larger than the {} KiB it may have.", limit >> 10);
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
            }
            BodyError::Broken => Self::new(StatusCode::BAD_REQUEST, "The request ended before its body did."),
            BodyError::Slow => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "The body came too slowly, or stopped coming. Send it again.",
            ),
            BodyError::NoRoom => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The gateway holds as much of requests as it takes.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(problem: impl Into<Problem>) -> (u16, Option<&'static str>) {
        let problem = problem.into();
        (problem.status.as_u16(), problem.field)
    }

    #[test]
    fn each_failure_has_its_status() {
        assert_eq!(status(Refused::Missing), (401, None));
        assert_eq!(status(Refused::Unknown), (401, None));
        assert_eq!(status(Refused::Role), (403, None));
        for refused in [Refused::Over, Refused::Login] {
            assert_eq!(status(refused), (401, None));
        }
        for refused in [Refused::Csrf, Refused::Foreign, Refused::Stale] {
            assert_eq!(status(refused), (403, None));
        }
        assert_eq!(status(Refused::Busy), (503, None));
        assert_eq!(status(OperatorError::Claimed), (409, None));
        assert_eq!(status(OperatorError::Password("is short")), (422, Some("password")));
        let throttled = Refused::Throttled { wait: std::time::Duration::from_secs(9) };
        assert_eq!(Problem::from(throttled).into_response().headers()["retry-after"], "9");
        assert_eq!(status(throttled), (429, None));
        assert_eq!(status(BodyError::TooLarge { limit: 1 << 20 }), (413, None));
        assert_eq!(status(BodyError::Broken), (400, None));
        assert_eq!(status(RollError::NoKeys), (422, Some("key")));
        assert_eq!(status(RollError::TooMany), (422, Some("key")));
        assert_eq!(status(AccessError::Name("is empty")), (422, Some("name")));
        assert_eq!(status(StoreError::Missing { kind: "key", id: "key_1".to_owned() }), (404, None));
        assert_eq!(status(StoreError::Conflict { what: "this name" }), (409, None));
        assert_eq!(status(StoreError::Invalid { field: "label", reason: "is odd" }), (422, Some("label")));
        assert_eq!(status(StoreError::Unavailable(sqlx::Error::PoolTimedOut)), (503, None));
        assert_eq!(status(StoreError::Damaged { what: "all".to_owned() }), (500, None));
    }

    #[test]
    fn a_client_reads_what_to_do() {
        let response = Problem::from(Refused::Missing).into_response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let away = Problem::from(StoreError::Unavailable(sqlx::Error::PoolTimedOut)).into_response();
        assert_eq!(away.headers()["retry-after"], "5");
    }
}
