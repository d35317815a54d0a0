//! The log of calls: `/admin/requests`. Metadata only; what was said is not in it.

pub(super) mod bodies;
pub(super) mod export;
pub(super) mod list;
pub(super) mod show;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Problem;
use super::asked::Asked;
use crate::clock::{self, Moment};
use crate::http::Gateway;
use crate::store::usage::{Attempt, CallFilter, Counts, Place, Record, Timings};

/// The filters of a list of calls.
const FILTERS: [&str; 10] =
    ["from", "until", "user", "key", "project", "model", "outcome", "after", "limit", "format"];

/// A call as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Call {
    id: String,
    began_at: String,
    ended_at: String,
    user_id: String,
    /// Null if there is no such user any more.
    user_name: Option<String>,
    surface: String,
    /// As the client wrote it.
    model_asked: String,
    /// What quotas go by.
    model: String,
    /// As the model that answered called itself.
    model_served: Option<String>,
    streamed: bool,
    project_id: Option<String>,
    key_id: Option<String>,
    attempt_count: u32,
    outcome: String,
    status: u16,
    ending: &'static str,
    tokens: Counts,
    /// How well the tokens are known.
    token_source: &'static str,
    cost_microdollars: u64,
    timings: Timings,
    client_address: Option<String>,
    client_agent: Option<String>,
}

/// A call with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallDetails)]
pub(super) struct Details {
    #[serde(flatten)]
    call: Call,
    /// Why it was this key; null if none was chosen.
    #[schema(value_type = Option<Object>)]
    decision: Option<Box<RawValue>>,
    attempts: Vec<Attempt>,
}

fn filter(asked: &Asked) -> Result<CallFilter, Problem> {
    Ok(CallFilter {
        from: asked.moment("from")?,
        until: asked.moment("until")?,
        user: asked.text("user")?,
        key: asked.text("key")?,
        project: asked.text("project")?,
        model: asked.text("model")?,
        outcome: asked.text("outcome")?,
    })
}

/// Where the page after this call begins.
fn place(record: &Record) -> Place {
    Place { began_ms: record.began_ms, id: record.id.clone(), ordinal: 0 }
}

/// A text, or null instead of an empty one.
fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl Call {
    fn new(gateway: &Gateway, record: Record) -> Self {
        let user_name = gateway.access.name_of(&record.user.as_str().into());
        Self {
            began_at: clock::iso(Moment(record.began_ms)),
            ended_at: clock::iso(Moment(record.ended_ms)),
            id: record.id,
            user_name: user_name.map(|name| name.as_ref().to_owned()),
            user_id: record.user,
            surface: record.surface,
            model_asked: record.model_asked,
            model: record.model,
            model_served: some(record.model_served),
            streamed: record.streamed,
            project_id: some(record.project),
            key_id: some(record.key),
            attempt_count: record.attempt_count,
            outcome: record.outcome,
            status: record.status,
            ending: record.ending.as_str(),
            tokens: record.tokens,
            token_source: record.source.as_str(),
            cost_microdollars: record.cost_microdollars,
            timings: record.timings,
            client_address: some(record.client_address),
            client_agent: some(record.client_agent),
        }
    }
}
