//! Long decode: an answer that goes on over several requests (`wire.md` §6.6, `gemini-2026-11.md` §1.5).
//!
//! A hop repeats the request with the token that the last one ended with, on the same key. The client sees one answer.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use dialect::gemini::content::Content;
use dialect::gemini::response::{Candidate, FinishReason, GenerateContentResponse};
use serde_json::Value;

use super::attempt::{Attempt, Opened};
use super::call::Call;
use super::failure::Failure;
use super::substance::has_content;
use crate::keyring::Lease;
use crate::upstream::Upstream;

/// Requests one answer may take.
const MOST_HOPS: u32 = 16;
/// Reconnects without progress (`gemini-2026-11.md` §1.5.5).
const MOST_STALLS: u32 = 3;

type Opening = Pin<Box<dyn Future<Output = Result<Opened, Failure>> + Send>>;

/// The hops of one answer.
pub(super) struct Hops {
    /// The call, if its model goes on over several requests.
    call: Option<Arc<Call>>,
    upstream: Arc<Upstream>,
    taken: u32,
    stalls: u32,
    /// The token of the last event, if it had one.
    token: Option<String>,
    /// The last finish reason asked for another hop.
    asked: bool,
    last_used: Option<String>,
    opening: Option<Opening>,
}

/// How it goes on.
#[derive(Debug)]
pub(super) enum NextHop {
    /// Not at all.
    None,
    /// With these events.
    Opened(Box<Opened>),
    /// It should have, but the request failed.
    Failed,
}

impl Hops {
    pub(super) fn new(call: &Call, upstream: Arc<Upstream>) -> Self {
        let call = call.capabilities.long_decode.then(|| Arc::new(call.clone()));
        Self {
            call,
            upstream,
            taken: 0,
            stalls: 0,
            token: None,
            asked: false,
            last_used: None,
            opening: None,
        }
    }

    /// Takes note of tokens, and hides the finish reason that only asks for another hop.
    pub(super) fn see(&mut self, event: &mut GenerateContentResponse) {
        if self.call.is_none() {
            return;
        }
        if has_content(event) {
            self.token = None;
            self.stalls = 0;
        }
        for candidate in event.candidates.iter_mut().flatten() {
            if let Some(token) = candidate.continuation_token.take() {
                self.token = Some(token);
            }
            let goes_on = candidate.finish() == Some(FinishReason::Continuation) && self.may_go_on();
            if goes_on {
                candidate.finish_reason = None;
                self.asked = true;
            }
        }
    }

    fn may_go_on(&self) -> bool {
        self.taken < MOST_HOPS && self.token.is_some() && self.token != self.last_used
    }

    /// Did the last event carry a checkpoint from which a broken connection can go on?
    pub(super) fn can_resume(&self) -> bool {
        self.call.is_some() && self.may_go_on() && self.stalls < MOST_STALLS
    }

    /// How it goes on after the body ended. Safe to cancel: a request under way is kept.
    pub(super) async fn next(&mut self, lease: Option<&Lease>, finished: bool) -> NextHop {
        if self.opening.is_none() {
            let wanted = self.asked || (!finished && self.can_resume());
            match lease.filter(|_| wanted).and_then(|lease| self.open(lease)) {
                Some(opening) => self.opening = Some(opening),
                None if self.asked => return self.fail(),
                None => return NextHop::None,
            }
        }
        let Some(opening) = &mut self.opening else { return NextHop::None };
        let opened = opening.await;
        self.opening = None;
        self.asked = false;
        opened.map_or_else(|_| self.fail(), |opened| NextHop::Opened(Box::new(opened)))
    }

    fn fail(&mut self) -> NextHop {
        self.asked = false;
        self.call = None;
        NextHop::Failed
    }

    /// Starts the next request: the same body plus the token, on the same key.
    fn open(&mut self, lease: &Lease) -> Option<Opening> {
        let mut call = Call::clone(self.call.as_ref()?);
        call.request.continuation_token.clone_from(&self.token);
        let wire = call.wire().ok()?;
        let key = lease.follow_on()?;
        self.last_used = self.token.take();
        self.taken += 1;
        self.stalls += u32::from(!self.asked);
        let upstream = Arc::clone(&self.upstream);
        let seen = call.watch.attempt(lease.project_name(), lease.key_name());
        Some(Box::pin(async move {
            let attempt = Attempt {
                upstream: &upstream,
                key: &key,
                wire: &wire,
                sim_fault: None,
                accept_empty: true,
                seen,
                first_byte_within: None,
            };
            attempt.stream().await
        }))
    }

    /// The event that ends an answer whose next hop could not be made: it is as long as it could get.
    pub(super) fn ran_out() -> GenerateContentResponse {
        let candidate = Candidate {
            content: Some(Content::model(Vec::new())),
            finish_reason: Some(Value::from("MAX_TOKENS")),
            ..Candidate::default()
        };
        GenerateContentResponse { candidates: Some(vec![candidate]), ..GenerateContentResponse::default() }
    }
}

impl fmt::Debug for Hops {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Hops")
            .field("taken", &self.taken)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}
