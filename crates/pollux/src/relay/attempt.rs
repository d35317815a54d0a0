//! One attempt: one request to Google with one key, up to the point where its answer can be passed on.

use std::time::Duration;

use bytes::Bytes;
use dialect::gemini::event::{Event, parse_event};
use dialect::gemini::outcome::{Bench, classify};
use dialect::gemini::response::GenerateContentResponse;
use http::{HeaderValue, Method, StatusCode, header};

use super::call::Wire;
use super::failure::Failure;
use super::reader::{Read, Reader};
use super::substance::{EMPTY, has_content, judge_empty};
use crate::secret::Secret;
use crate::telemetry::call::Attempted;
use crate::upstream::{Deadlines, Request, Response, Upstream};

/// An error body is read up to this many bytes; Google's are a few kilobytes.
const ERROR_LIMIT: usize = 1 << 20;
/// A whole answer at most: images come as base64 in it.
const ANSWER_LIMIT: usize = 256 << 20;

/// What one attempt needs.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub(super) upstream: &'a Upstream,
    pub(super) key: &'a Secret,
    pub(super) wire: &'a Wire,
    pub(super) sim_fault: Option<&'a str>,
    /// An empty answer was refused once already; this one is taken.
    pub(super) accept_empty: bool,
    /// Who watches it.
    pub(super) seen: Attempted,
    /// How long to wait for the first byte, if not as long as usual.
    pub(super) first_byte_within: Option<Duration>,
}

/// A stream that has begun: what was read up to its first content, and where the rest comes from.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) events: Vec<GenerateContentResponse>,
    pub(super) reader: Reader,
}

impl Attempt<'_> {
    /// Asks for a whole answer.
    pub(super) async fn whole(mut self) -> Result<GenerateContentResponse, Failure> {
        let answer = self.ask().await;
        judged(std::mem::take(&mut self.seen), answer)
    }

    /// Asks for something else than content, and takes it as it is.
    pub(super) async fn raw(mut self) -> Result<(Option<HeaderValue>, Bytes), Failure> {
        let answer = async {
            let response = self.send().await?;
            let content_type = response.headers.get(header::CONTENT_TYPE).cloned();
            Ok((content_type, response.collect(ANSWER_LIMIT).await?))
        }
        .await;
        judged(std::mem::take(&mut self.seen), answer)
    }

    /// Asks for a stream and reads it up to its first content: the commit point.
    pub(super) async fn stream(mut self) -> Result<Opened, Failure> {
        let opened = self.open().await;
        judged(std::mem::take(&mut self.seen), opened)
    }

    async fn ask(&self) -> Result<GenerateContentResponse, Failure> {
        let body = self.send().await?.collect(ANSWER_LIMIT).await?;
        let answer = match parse_event(&body) {
            Ok(Event::Response(answer)) => answer,
            Ok(Event::Error(outcome)) => return Err(Failure::InBand(Box::new(outcome))),
            Err(_) => return Err(Failure::BadAnswer("not_json")),
        };
        if !has_content(&answer) {
            self.judge(std::slice::from_ref(&answer))?;
        }
        Ok(answer)
    }

    async fn open(&self) -> Result<Opened, Failure> {
        let mut reader = Reader::new(self.send().await?);
        let mut events = Vec::new();
        while let Some(read) = reader.next().await? {
            let Read::Event(event) = read else { return Err(Failure::BadAnswer("not_json")) };
            let event = match *event {
                Event::Response(event) => event,
                Event::Error(outcome) => return Err(Failure::InBand(Box::new(outcome))),
            };
            let committed = has_content(&event);
            events.push(event);
            if committed {
                return Ok(Opened { events, reader });
            }
        }
        self.judge(&events)?;
        Ok(Opened { events, reader })
    }

    /// Judges an answer without content. One that is merely empty is taken the second time (`wire.md` §6.4).
    fn judge(&self, events: &[GenerateContentResponse]) -> Result<(), Failure> {
        match judge_empty(events) {
            Err(Failure::BadAnswer(EMPTY)) if self.accept_empty => Ok(()),
            judged => judged,
        }
    }

    async fn send(&self) -> Result<Response, Failure> {
        let content_type = self.wire.content_type.as_deref().unwrap_or("application/json");
        let mut headers = vec![(header::CONTENT_TYPE.as_str(), content_type)];
        headers.extend(self.sim_fault.map(|fault| ("x-sim-fault", fault)));
        let usual = self.upstream.deadlines();
        let deadlines = self
            .first_byte_within
            .map(|within| Deadlines { first_event: within.max(usual.first_event), ..usual });
        let request = Request {
            headers: &headers,
            deadlines,
            ..Request::new(Method::POST, &self.wire.path, self.key, self.wire.body.clone())
        };
        let response = self.upstream.send(request).await?;
        self.seen.head(response.status.as_u16(), response.timings.head);
        let egress = response.egress;
        let status = response.status;
        if status == StatusCode::OK {
            return Ok(response);
        }
        let content_type = response.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = response.collect(ERROR_LIMIT).await.unwrap_or_default();
        let outcome = classify(status.as_u16(), content_type.as_deref(), &body);
        if let Bench::EgressFor(pause) = outcome.cause.bench() {
            self.upstream.bench_egress(egress, pause);
        }
        Err(Failure::from(outcome))
    }
}

fn judged<T>(seen: Attempted, answer: Result<T, Failure>) -> Result<T, Failure> {
    match &answer {
        Ok(_) => seen.serves(),
        Err(failure) => seen.failed(failure.flop()),
    }
    answer
}
