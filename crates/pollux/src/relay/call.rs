//! What the relay is asked to do, and what it answers.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use dialect::gemini::outcome::{Cause, Outcome};
use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::response::GenerateContentResponse;
use dialect::gemini::usage::Tokens;
use dialect::lift::Cargo;
use dialect::model::Capabilities;
use http::HeaderValue;

use super::cost::input_tokens;
use super::most::most_tokens;
use crate::clock::Moment;
use crate::journal;
use crate::keyring::Decision;
use crate::telemetry::call::{UNRECORDED, Watch};
use crate::upstream::Payload;

/// One call of a client, in Gemini's words.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whose call it is; fairness and affinity are per user.
    pub user: String,
    /// Only paid projects may see it.
    pub private: bool,
    /// The user's share of the day relative to others.
    pub weight: u32,
    /// The user's turns relative to others when there is no room for all.
    pub turns: u32,
    /// The model id that goes into the path.
    pub model: String,
    /// What the model that really answers can do.
    pub capabilities: Arc<Capabilities>,
    /// The request; a repair may change it between attempts.
    pub request: GenerateContentRequest,
    /// What was lifted out of the request, to be put back when it is sent.
    pub cargo: Cargo,
    /// What is sent instead of the request, for calls that do not generate content.
    pub raw: Option<Raw>,
    /// Whether the client wants a stream.
    pub streamed: bool,
    /// Projects the call would rather be served by: what names it, most binding first.
    pub affinity: Vec<Affinity>,
    /// The project that alone can serve it, for what the call names lives there.
    pub owner: Option<String>,
    /// Who watches it.
    pub watch: Watch,
    /// Faults for the simulator, let through only by tests and the demo.
    pub sim_fault: Option<String>,
}

/// A call that is passed on as it is.
#[derive(Clone, Default)]
pub struct Raw {
    /// The path, from `/v1beta` on, with its query.
    pub path: String,
    /// What the body is; JSON if nothing is said.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
    /// The quota it counts against; none for that of its model.
    pub bucket: Option<&'static str>,
    /// Input tokens that it will take, as estimated.
    pub tokens: u64,
    /// What it names that lives in one project: `files/abc`.
    pub named: BTreeSet<String>,
}

impl Raw {
    /// The quota of counting tokens: its own, and far larger than that of answers.
    pub const COUNTING: &'static str = "countTokens";
}

impl fmt::Debug for Raw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.len();
        let mut shown = formatter.debug_struct("Raw");
        shown.field("path", &self.path).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// What such a call was answered.
#[derive(Debug)]
pub struct RawAnswer {
    /// What the body is, if Google said so.
    pub content_type: Option<HeaderValue>,
    /// The body.
    pub body: Bytes,
    /// Who served it.
    pub served: Served,
}

/// Something that ties a call to a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// A tool call of the current turn was made by this project.
    Project(String),
    /// Calls that share this name go together (`prompt_cache_key`).
    Name(String),
}

/// Who served a call, and how it went there.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The project's id.
    pub project: String,
    /// The key's id.
    pub key: String,
    /// Attempts made, this one included.
    pub attempts: u32,
    /// Why it was this key.
    pub decision: Decision,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// What Gemini said.
    pub response: GenerateContentResponse,
    /// Who served it.
    pub served: Served,
}

/// Why a call got no answer. The surfaces say it in their own words.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request itself is to blame; no other key would help.
    #[error("the request was refused upstream: {}", .0.message)]
    Request(Box<Outcome>),
    /// Every project that could serve it is busy until then.
    #[error("every project is at its limit")]
    Busy {
        /// The earliest opening.
        opens: Moment,
    },
    /// Google has been failing; the next call goes out then.
    #[error("upstream has been failing for this model")]
    Resting {
        /// When.
        opens: Moment,
    },
    /// Every project has used up its day.
    #[error("every project has used up its day")]
    DayUsedUp {
        /// The next Pacific midnight.
        opens: Moment,
    },
    /// The call may be served by paid projects only, and none has a usable key.
    #[error("no paid project has a usable key")]
    NoPrivateProject,
    /// The user has had its share of the model's day for now.
    #[error("the user has had its share of the day")]
    Paced {
        /// When it grows.
        opens: Moment,
    },
    /// The other replicas are out of reach, and the operator wants no calls then.
    #[error("Redis is away")]
    Alone {
        /// When to try again.
        opens: Moment,
    },
    /// There is no usable key at all.
    #[error("there is no usable key")]
    NoKey,
    /// No project has any quota for this model.
    #[error("no project is offered this model")]
    NotOffered,
    /// The call needs more input tokens at once than any project's quota allows.
    #[error("the request needs more tokens a minute than any project has")]
    TooLarge {
        /// The largest limit of the pool, in tokens.
        limit: u64,
    },
    /// The attempts are used up; the last one failed like this.
    #[error("upstream failed: {}", .0.message)]
    Upstream(Box<Outcome>),
    /// Google could not be reached.
    #[error("upstream could not be reached: {0}")]
    Unreachable(String),
    /// What came back made no sense, twice.
    #[error("upstream gave no usable answer: {0}")]
    BadAnswer(&'static str),
    /// No first event within the time a call may take.
    #[error("no answer in time")]
    Deadline,
    /// What the call takes could not be written down.
    #[error("usage cannot be written down: {0}")]
    Unrecorded(journal::Full),
}

impl Refusal {
    /// Whether the call itself is to blame: another one of the same user might have been served.
    pub(super) fn is_own_fault(&self) -> bool {
        match self {
            Self::Request(_) | Self::TooLarge { .. } => true,
            Self::Busy { .. }
            | Self::Resting { .. }
            | Self::DayUsedUp { .. }
            | Self::NoPrivateProject
            | Self::Paced { .. }
            | Self::Alone { .. }
            | Self::NoKey
            | Self::NotOffered
            | Self::Upstream(_)
            | Self::Unreachable(_)
            | Self::BadAnswer(_)
            | Self::Deadline
            | Self::Unrecorded(_) => false,
        }
    }

    /// A short name for the call log.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Busy { .. } => "busy",
            Self::Resting { .. } => "resting",
            Self::DayUsedUp { .. } => "day_used_up",
            Self::NoPrivateProject => "no_private_project",
            Self::Paced { .. } => "paced",
            Self::Alone { .. } => "redis_away",
            Self::NoKey => "no_key",
            Self::NotOffered => "not_offered",
            Self::TooLarge { .. } => "too_large",
            Self::Upstream(_) => "upstream",
            Self::Unreachable(_) => "unreachable",
            Self::BadAnswer(_) => "bad_answer",
            Self::Deadline => "deadline",
            Self::Unrecorded(_) => UNRECORDED,
        }
    }

    /// The HTTP status that says it, on every surface.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Request(outcome) | Self::Upstream(outcome) => status_of(&outcome.cause),
            Self::Busy { .. } | Self::DayUsedUp { .. } | Self::Paced { .. } => 429,
            Self::Resting { .. }
            | Self::Alone { .. }
            | Self::NoPrivateProject
            | Self::NoKey
            | Self::Unrecorded(_) => 503,
            Self::NotOffered => 404,
            Self::TooLarge { .. } => 413,
            Self::Unreachable(_) | Self::BadAnswer(_) => 502,
            Self::Deadline => 504,
        }
    }
}

/// What the client gets for a failure of this cause (`wire.md` §9.3).
fn status_of(cause: &Cause) -> u16 {
    match cause {
        Cause::InvalidRequest { .. } | Cause::ContextTooLong => 400,
        Cause::PayloadTooLarge => 413,
        Cause::ModelNotFound | Cause::ResourceForbidden | Cause::ModelNotOffered(_) => 404,
        Cause::PermissionDenied | Cause::CredentialsDoubled | Cause::Internal | Cause::Unavailable => 502,
        Cause::KeyInvalid
        | Cause::KeyExpired
        | Cause::KeyLeaked
        | Cause::ProjectSuspended
        | Cause::AccountLimited
        | Cause::KeyMisconfigured { .. }
        | Cause::BillingDepleted
        | Cause::RegionBlocked
        | Cause::EgressFlagged
        | Cause::Overloaded => 503,
        Cause::QuotaExhausted(_) | Cause::Throttled { .. } => 429,
        Cause::DeadlineExceeded => 504,
    }
}

/// The body and the path of one upstream request.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) path: String,
    pub(super) content_type: Option<String>,
    pub(super) body: Payload,
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.len();
        let mut shown = formatter.debug_struct("Wire");
        shown.field("path", &self.path).field("bytes", &bytes).finish_non_exhaustive()
    }
}

impl Call {
    /// The most tokens it may take: its input as estimated, and the longest answer it asks for.
    pub fn most_tokens(&self) -> Tokens {
        if let Some(raw) = &self.raw {
            return Tokens { input: raw.tokens, total: raw.tokens, ..Tokens::default() };
        }
        most_tokens(&self.request, &self.capabilities, &self.cargo)
    }

    /// Whether the upstream answer is streamed: for the client, or because only a stream may be long.
    pub(super) fn streams_upstream(&self) -> bool {
        self.raw.is_none() && (self.streamed || self.capabilities.long_decode)
    }

    /// What the pool meters it by.
    pub(super) fn bucket(&self) -> &str {
        self.raw.as_ref().and_then(|raw| raw.bucket).unwrap_or(&self.model)
    }

    /// Input tokens as estimated.
    pub(super) fn input_tokens(&self) -> u64 {
        match &self.raw {
            Some(raw) => raw.tokens,
            None => input_tokens(&self.request, &self.capabilities, &self.cargo),
        }
    }

    /// The request as it goes over the wire.
    pub(super) fn wire(&self) -> Result<Wire, serde_json::Error> {
        if let Some(Raw { path, content_type, body, .. }) = &self.raw {
            let (path, content_type) = (path.clone(), content_type.clone());
            return Ok(Wire { path, content_type, body: body.clone().into() });
        }
        let method =
            if self.streams_upstream() { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let model = percent_encoding::utf8_percent_encode(&self.model, PATH_SEGMENT);
        Ok(Wire {
            path: format!("/v1beta/models/{model}:{method}"),
            content_type: None,
            body: self.cargo.load(serde_json::to_vec(&self.request)?).into(),
        })
    }
}

/// What may stand in a path segment unescaped; everything else could change the path's meaning.
const PATH_SEGMENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
