//! `GET /admin/requests/export?format=jsonl|csv` with the filters of the list: every call of them, newest first, as a
//! stream that is read from the store page by page.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::unfold;
use http::{HeaderValue, header};

use super::{Call, FILTERS, filter, place};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::asked::Asked;
use crate::http::guard::Viewer;
use crate::store::PAGE;
use crate::store::usage::{CallFilter, Place, Record};

/// How the calls are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Jsonl,
    Csv,
}

/// Where an export stands.
struct Export {
    gateway: Gateway,
    filter: CallFilter,
    format: Format,
    after: Option<Place>,
    begun: bool,
    over: bool,
}

/// All calls of a filter.
pub(in crate::http::admin) async fn export(
    _: Viewer,
    State(gateway): State<Gateway>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&FILTERS)?;
    gateway.journal.caught_up().await;
    let format = match asked.given("format").unwrap_or("jsonl") {
        "jsonl" => Format::Jsonl,
        "csv" => Format::Csv,
        _ => return Err(Problem::field("format", "must be `jsonl` or `csv`")),
    };
    let export =
        Export { filter: filter(&asked)?, after: asked.place()?, gateway, format, begun: false, over: false };
    let mut response = Response::new(Body::from_stream(unfold(export, Export::next)));
    let (kind, file) = match format {
        Format::Jsonl => ("application/x-ndjson", "attachment; filename=\"requests.jsonl\""),
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"requests.csv\""),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(file));
    Ok(response)
}

impl Export {
    /// The next page as bytes. A store that fails in the middle breaks the connection off, so that nobody takes half of the
    /// calls for all of them.
    async fn next(mut self) -> Option<(Result<Bytes, Broken>, Self)> {
        if self.over {
            return None;
        }
        let page = self.gateway.store.list_calls(&self.filter, self.after.as_ref(), PAGE).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "an export of calls broke off");
                self.over = true;
                return Some((Err(Broken), self));
            }
        };
        self.over = page.len() < PAGE;
        self.after = page.last().map(place);
        let text = match self.format {
            Format::Jsonl => self.lines(page),
            Format::Csv => self.rows(page),
        };
        self.begun = true;
        Some((Ok(Bytes::from(text)), self))
    }

    fn lines(&self, page: Vec<Record>) -> Vec<u8> {
        let mut text = Vec::new();
        for record in page {
            if serde_json::to_writer(&mut text, &Call::new(&self.gateway, record)).is_ok() {
                text.push(b'\n');
            }
        }
        text
    }

    fn rows(&self, page: Vec<Record>) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        if !self.begun {
            let _: Result<(), _> = writer.write_record(HEAD);
        }
        for record in page {
            let _: Result<(), _> = writer.write_record(cells(&Call::new(&self.gateway, record)));
        }
        writer.into_inner().unwrap_or_default()
    }
}

/// The export could not be finished.
#[derive(Debug, thiserror::Error)]
#[error("the store did not answer")]
struct Broken;

const HEAD: [&str; 27] = [
    "id",
    "began_at",
    "ended_at",
    "user_id",
    "user_name",
    "surface",
    "model_asked",
    "model",
    "model_served",
    "streamed",
    "project_id",
    "key_id",
    "attempt_count",
    "outcome",
    "status",
    "ending",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "thinking_tokens",
    "tool_use_tokens",
    "token_source",
    "cost_microdollars",
    "first_event_ms",
    "total_ms",
    "client_address",
    "client_agent",
];

fn cells(call: &Call) -> [String; 27] {
    let text = |value: &Option<String>| harmless(value.as_deref().unwrap_or_default());
    [
        call.id.clone(),
        call.began_at.clone(),
        call.ended_at.clone(),
        call.user_id.clone(),
        text(&call.user_name),
        harmless(&call.surface),
        harmless(&call.model_asked),
        harmless(&call.model),
        text(&call.model_served),
        call.streamed.to_string(),
        text(&call.project_id),
        text(&call.key_id),
        call.attempt_count.to_string(),
        call.outcome.clone(),
        call.status.to_string(),
        call.ending.to_owned(),
        call.tokens.input.to_string(),
        call.tokens.cached.to_string(),
        call.tokens.output.to_string(),
        call.tokens.thinking.to_string(),
        call.tokens.tool_use.to_string(),
        call.token_source.to_owned(),
        call.cost_microdollars.to_string(),
        call.timings.first_event_ms.map(|ms| ms.to_string()).unwrap_or_default(),
        call.timings.total_ms.to_string(),
        text(&call.client_address),
        text(&call.client_agent),
    ]
}

/// What clients wrote must not become a formula in a spreadsheet.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
