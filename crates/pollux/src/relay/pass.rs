//! Calls about what users have at Google, files and their like: passed on as they are, to the project that has it.
//!
//! They generate nothing, so there is no commit point. Another key is tried only if Google refused the one before for its own
//! sake; what may have been carried out is never sent twice.

use bytes::Bytes;
use dialect::gemini::outcome::{Cause, Outcome, classify};
use dialect::gemini::redact::redact;
use http::{HeaderMap, Method, StatusCode, header};

use super::Relay;
use super::call::Refusal;
use super::failure::Failure;
use super::journey::refusal_of;
use crate::keyring::{Lease, Settled, Wish};
use crate::telemetry::names;
use crate::upstream::{Deadlines, Flow, Request, Response};

/// What these calls are counted against; Google meters them apart from any model.
const BUCKET: &str = "resources";
/// Keys that are tried at most.
const KEYS: usize = 8;
/// An error body is read up to this many bytes.
const ERROR_LIMIT: usize = 1 << 20;
/// How long a file may be on its way.
const TRANSFER: std::time::Duration = std::time::Duration::from_hours(6);

/// A call that is passed on.
#[derive(Clone, Copy, Debug)]
pub struct Passing<'a> {
    /// Whose call it is.
    pub user: &'a str,
    /// Only paid projects may see it.
    pub private: bool,
    /// The user's share relative to others.
    pub weight: u32,
    /// The verb.
    pub method: &'a Method,
    /// Path and query; no credential among them.
    pub path: &'a str,
    /// Headers that go along.
    pub headers: &'a [(&'a str, &'a str)],
    /// The project that has what it is about, by id.
    pub owner: Option<&'a str>,
    /// The project that it would rather go to, by id.
    pub prefer: Option<&'a str>,
}

/// What goes along with it.
pub enum Payload {
    /// All of it, so that it can be sent to another project.
    Whole(Bytes),
    /// What is passed on as it comes.
    Flow(Flow),
}

/// What Google answered, whatever it was.
#[derive(Debug)]
pub struct Passed {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
    /// The project that answered, by id.
    pub project: String,
    /// The key that asked, by id.
    pub key: String,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// It has been read, for it tells of an error; without secrets.
    Read(Bytes),
    /// It is still to come.
    Coming(Box<Response>),
}

/// Why one key did not do.
enum Trouble {
    /// The key, or its project, is to blame; another may do.
    Key(Refusal),
    /// It ends here.
    Final(Refusal),
}

impl Relay {
    /// Passes a call on, with the first key that Google takes for it.
    pub async fn pass(&self, passing: &Passing<'_>, payload: Payload) -> Result<Passed, Refusal> {
        let mut payload = Some(payload);
        let mut failed = Vec::new();
        let mut last = None;
        for _ in 0..KEYS {
            let Some(current) = take(&mut payload) else { break };
            let patience = i64::try_from(self.rooms.settings.now().queue_patience.as_millis());
            let deadline = self.rooms.clock.now().plus_ms(patience.unwrap_or(i64::MAX));
            let leased = self.rooms.keyring.lease(&wish(passing, &failed), deadline).await;
            let lease = match leased {
                Ok(lease) => lease,
                Err(opening) => return Err(last.unwrap_or_else(|| refusal_of(opening, passing.private))),
            };
            match self.pass_with(&lease, passing, current).await {
                Ok(passed) => {
                    metrics::counter!(names::ATTEMPTS, "outcome" => "ok").increment(1);
                    lease.settle(Settled::answered(None));
                    return Ok(passed);
                }
                Err(Trouble::Final(refusal)) => {
                    lease.settle(Settled::failed(true));
                    return Err(refusal);
                }
                Err(Trouble::Key(refusal)) => {
                    failed.push(lease.project());
                    lease.settle(Settled::failed(false));
                    // When it opens again is known better than what Google said.
                    let is_quota =
                        matches!(&refusal, Refusal::Upstream(outcome) if super::is_quota(&outcome.cause));
                    last = (!is_quota).then_some(refusal);
                }
            }
        }
        Err(last.unwrap_or(Refusal::NoKey))
    }

    async fn pass_with(
        &self,
        lease: &Lease,
        passing: &Passing<'_>,
        payload: Payload,
    ) -> Result<Passed, Trouble> {
        let Passing { method, path, headers, .. } = passing;
        let usual = self.rooms.upstream.deadlines();
        let flows = matches!(payload, Payload::Flow(_));
        let first_event = if flows { TRANSFER } else { usual.first_event };
        let deadlines = Some(Deadlines { first_event, total: TRANSFER, ..usual });
        let request = Request {
            headers,
            deadlines,
            ..Request::new((*method).clone(), path, lease.secret(), Bytes::new())
        };
        let sent = match payload {
            Payload::Whole(body) => self.rooms.upstream.send(Request { body: body.into(), ..request }).await,
            Payload::Flow(flow) => self.rooms.upstream.send_flow(request, flow).await,
        };
        let response = sent.map_err(|error| {
            let again = method.is_idempotent() && !flows || error.proves_not_executed();
            failed(Failure::from(error), again)
        })?;
        let (status, headers) = (response.status, response.headers.clone());
        let body = if status.is_client_error() || status.is_server_error() {
            Body::Read(self.refused(lease, response).await?)
        } else {
            Body::Coming(Box::new(response))
        };
        let (project, key) = (lease.project_name().to_owned(), lease.key_name().to_owned());
        Ok(Passed { status, headers, body, project, key })
    }

    /// What Google said against the request; or that the key is to blame.
    async fn refused(&self, lease: &Lease, response: Response) -> Result<Bytes, Trouble> {
        let status = response.status;
        let content_type = response.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = response.collect(ERROR_LIMIT).await.unwrap_or_default();
        let outcome = classify(status.as_u16(), content_type.as_deref(), &body);
        if status.is_client_error() && is_of_the_key(&outcome) {
            tracing::info!(
                project = lease.project_name(),
                key = lease.key_name(),
                failure = outcome.cause.label(),
                "a call was not passed on"
            );
            metrics::counter!(names::ATTEMPTS, "outcome" => outcome.cause.label()).increment(1);
            lease.blame(&outcome);
            return Err(Trouble::Key(Refusal::Upstream(Box::new(outcome))));
        }
        let text = String::from_utf8_lossy(&body);
        Ok(Bytes::from(redact(&text).into_owned()))
    }
}

/// Whether the key, its project or its quota is to blame, and not what was asked. A resource that is not there is no model
/// that is not there, and one that may not be read says nothing against the key.
fn is_of_the_key(outcome: &Outcome) -> bool {
    match &outcome.cause {
        Cause::KeyInvalid
        | Cause::KeyExpired
        | Cause::KeyLeaked
        | Cause::ProjectSuspended
        | Cause::AccountLimited
        | Cause::KeyMisconfigured { .. }
        | Cause::BillingDepleted
        | Cause::QuotaExhausted(_)
        | Cause::Throttled { .. } => true,
        Cause::InvalidRequest { .. }
        | Cause::ContextTooLong
        | Cause::PayloadTooLarge
        | Cause::ModelNotFound
        | Cause::ResourceForbidden
        | Cause::ModelNotOffered(_)
        | Cause::PermissionDenied
        | Cause::CredentialsDoubled
        | Cause::RegionBlocked
        | Cause::EgressFlagged
        | Cause::Internal
        | Cause::Unavailable
        | Cause::Overloaded
        | Cause::DeadlineExceeded => false,
    }
}

fn failed(failure: Failure, again: bool) -> Trouble {
    let refusal = match failure {
        Failure::Network { what, .. } => Refusal::Unreachable(what),
        Failure::Upstream(outcome) | Failure::InBand(outcome) => Refusal::Upstream(outcome),
        Failure::FirstEventLate => Refusal::Deadline,
        Failure::BadAnswer(what) => Refusal::BadAnswer(what),
    };
    if again { Trouble::Key(refusal) } else { Trouble::Final(refusal) }
}

/// What is sent next: the whole as often as it is needed, a flow once.
fn take(payload: &mut Option<Payload>) -> Option<Payload> {
    match payload {
        Some(Payload::Whole(body)) => Some(Payload::Whole(body.clone())),
        Some(Payload::Flow(_)) => payload.take(),
        None => None,
    }
}

fn wish<'a>(passing: &Passing<'a>, avoid: &'a [pool::ProjectId]) -> Wish<'a> {
    let Passing { user, private, weight, owner, prefer, .. } = *passing;
    Wish {
        user,
        model: BUCKET,
        tokens: 0,
        avoid,
        prefer,
        require: owner,
        again: false,
        paid_only: private,
        weight,
        turns: Wish::USUAL_TURNS,
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(body) => formatter.debug_tuple("Whole").field(&body.len()).finish(),
            Self::Flow(_) => formatter.write_str("Flow"),
        }
    }
}
