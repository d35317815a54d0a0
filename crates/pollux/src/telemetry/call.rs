//! One call as those see it who watch over the gateway: a line in the log, the metrics, and a tree of spans.
//!
//! Whoever serves a call says what happens where it happens, mostly by holding a guard; what comes of it is decided here.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dialect::gemini::response::GenerateContentResponse;
use dialect::gemini::usage::Tokens;
use dialect::model::{Metered, Price};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::names;
use super::trace::{Kind, Parent, SpanIx, Tracer, Tree, attribute};
use crate::clock::{Clock, Moment};

mod guard;
mod ledger;

pub use guard::{Attempted, Settling, Waiting};
pub use ledger::{Ended, Flop, Ledger, Tried};

/// How a call ends that was answered to the end.
pub const ANSWERED: &str = "answered";
/// How a call ends whose answer broke off.
pub const CUT: &str = "cut";
/// How a call ends whose client went away.
pub const CLIENT_GONE: &str = "client_gone";

/// How a call ends that a limit of its user kept.
pub const LIMITED: &str = "limited";

/// How a call ends that was turned away because nothing can be written down. It is not written down.
pub const UNRECORDED: &str = "journal_full";

/// How long an answer waits for being written down. A record that has not been written by then is kept in memory until it
/// can be, and no call is begun meanwhile.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);

/// Watches calls.
#[derive(Clone, Debug)]
pub struct Watcher {
    tracer: Tracer,
    clock: Arc<dyn Clock>,
    ledger: Option<Arc<dyn Ledger>>,
}

/// What is known of a call when it begins.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The request's id.
    pub request: String,
    /// The user's id.
    pub user: String,
    /// The API it came by: `openai.chat`.
    pub surface: &'static str,
    /// The route, for the name of the span.
    pub route: &'static str,
    /// The model as the client wrote it.
    pub asked: String,
    /// The model's id as it goes into the path.
    pub model: String,
    /// The model's id if the catalogue has it, else `other`.
    pub label: String,
    /// Whether the client wants a stream.
    pub streamed: bool,
    /// What its tokens cost, if that is known.
    pub price: Option<Price>,
    /// The client's own span.
    pub parent: Option<Parent>,
    /// The client's address; empty if unknown.
    pub address: String,
    /// What the client calls itself, shortened; empty if it does not say.
    pub agent: String,
    /// Who else wants to see what goes to the client.
    pub witness: Option<Arc<dyn Witness>>,
    /// When the request had been read.
    pub at: Instant,
}

/// Sees every event of an answer, as Gemini says it.
pub trait Witness: fmt::Debug + Send + Sync {
    /// An event that goes to the client.
    fn saw(&self, event: &GenerateContentResponse);
}

/// One call under way; clones are the same call. It ends when somebody says so, or when nobody holds it any more.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<Inner>>);

struct Inner {
    watcher: Watcher,
    begun: Begun,
    came: Moment,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    attempts: u32,
    /// Each of them, if somebody keeps the books.
    tried: Vec<Tried>,
    decision: String,
    /// The status of a refusal.
    status: u16,
    prepared: Duration,
    /// Waits for room and pauses between attempts.
    waited: Duration,
    /// What attempts took, up to the first event.
    google: Duration,
    first_event: Option<Duration>,
    tokens: Option<Tokens>,
    estimated: bool,
    cost: Option<u64>,
    finish_reasons: Vec<String>,
    model_version: Option<String>,
    /// How the last attempt failed.
    cause: Option<&'static str>,
    tree: Option<Tree>,
    /// The attempt that serves, and what it streams.
    serving: Option<(SpanIx, SpanIx)>,
    ended: bool,
    written: Option<oneshot::Receiver<()>>,
}

impl Watcher {
    /// One that hands its traces to `tracer`.
    pub fn new(tracer: Tracer, clock: Arc<dyn Clock>) -> Self {
        Self { tracer, clock, ledger: None }
    }

    /// The same, telling of every call that ends.
    #[must_use]
    pub fn with_ledger(self, ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger: Some(ledger), ..self }
    }

    /// A call begins.
    pub fn begin(&self, begun: Begun) -> Watch {
        metrics::gauge!(names::CALLS_OPEN).increment(1.0);
        let mut tree = self.tracer.tree(begun.parent, (self.clock.now(), begun.at));
        if let Some(tree) = &mut tree {
            tree.open(None, format!("POST {}", begun.route), Kind::Server);
            tree.note(SpanIx::ROOT, attribute::HTTP_METHOD, "POST");
            tree.note(SpanIx::ROOT, attribute::HTTP_ROUTE, begun.route);
            tree.note(SpanIx::ROOT, attribute::SURFACE, begun.surface);
            tree.note(SpanIx::ROOT, attribute::REQUEST_ID, begun.request.as_str());
            tree.note(SpanIx::ROOT, attribute::USER, begun.user.as_str());
            tree.note(SpanIx::ROOT, attribute::REQUEST_MODEL, begun.model.as_str());
            tree.note(SpanIx::ROOT, attribute::STREAMED, begun.streamed);
        }
        let prepared = begun.at.elapsed();
        let came = self.clock.now().plus_ms(-i64::try_from(prepared.as_millis()).unwrap_or_default());
        let state = Mutex::new(State { prepared, tree, ..State::default() });
        Watch(Some(Arc::new(Inner { watcher: self.clone(), begun, came, state })))
    }
}

impl Watch {
    /// The call waits for room in the pool, as long as the guard lives.
    pub fn queue(&self) -> Waiting {
        Waiting::new(self, "queue")
    }

    /// The call pauses before another attempt, as long as the guard lives.
    pub fn pause(&self) -> Waiting {
        Waiting::new(self, "pause")
    }

    /// A request goes to Google for it.
    pub fn attempt(&self, project: &str, key: &str) -> Attempted {
        Attempted::new(self, project, key)
    }

    /// What it took is being written down, as long as the guard lives.
    pub fn settle(&self) -> Settling {
        Settling::new(self)
    }

    /// An event that goes to the client.
    pub fn saw(&self, event: &GenerateContentResponse) {
        if let Some(witness) = self.0.as_ref().and_then(|inner| inner.begun.witness.as_ref()) {
            witness.saw(event);
        }
        let reasons =
            event.candidates().iter().filter_map(|candidate| candidate.finish_reason.as_ref()?.as_str());
        let mut reasons = reasons.peekable();
        if reasons.peek().is_some()
            && let Some(mut state) = self.state()
        {
            state.finish_reasons.extend(reasons.map(str::to_owned));
            state.model_version = state.model_version.take().or_else(|| event.model_version.clone());
        }
    }

    /// Google counted so many tokens.
    pub fn counted(&self, tokens: &Tokens) {
        if let Some(inner) = &self.0 {
            let mut state = inner.state();
            let price = inner.begun.price.as_ref();
            state.cost = price.map(|price| price.cost_microdollars(tokens, &Metered::default()));
            state.tokens = Some(*tokens);
        }
    }

    /// Google counted nothing: so much it will have been, as far as we can tell.
    pub fn estimated(&self, tokens: &Tokens) {
        self.counted(tokens);
        if let Some(mut state) = self.state() {
            state.estimated = true;
        }
    }

    /// Why it was this key; asked for only if somebody keeps the books.
    pub fn decided(&self, decision: impl FnOnce() -> String) {
        if let Some(inner) = self.0.as_ref().filter(|inner| inner.watcher.ledger.is_some()) {
            let decision = decision();
            inner.state().decision = decision;
        }
    }

    /// The call has ended like this. What ends later counts for nothing.
    pub fn end(&self, outcome: &'static str) {
        if let Some(inner) = &self.0 {
            inner.end(outcome);
        }
    }

    /// The call was refused for this reason, with this status.
    pub fn refuse(&self, outcome: &'static str, status: u16) {
        if let Some(inner) = &self.0 {
            inner.state().status = status;
            inner.end(outcome);
        }
    }

    /// Waits until the call's end is written down, if somebody keeps the books, but not for long.
    pub async fn written(&self) {
        let written = self.state().and_then(|mut state| state.written.take());
        if let Some(written) = written
            && tokio::time::timeout(WRITTEN_WITHIN, written).await.is_err()
        {
            metrics::counter!(names::JOURNAL_LATE).increment(1);
        }
    }

    fn state(&self) -> Option<MutexGuard<'_, State>> {
        self.0.as_ref().map(|inner| inner.state())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, outcome: &'static str) {
        let mut state = self.state();
        if std::mem::replace(&mut state.ended, true) {
            return;
        }
        let took = self.begun.at.elapsed();
        metrics::gauge!(names::CALLS_OPEN).decrement(1.0);
        self.measure(&state, outcome, took);
        self.write(&state, outcome, took);
        if let Some(ledger) = self.watcher.ledger.as_ref().filter(|_| outcome != UNRECORDED) {
            let ended = state.told((&self.begun, self.came), outcome, took);
            state.written = Some(ledger.note(ended));
        }
        if let Some(tree) = state.finish(outcome) {
            drop(state);
            self.watcher.tracer.send(tree);
        }
    }

    fn measure(&self, state: &State, outcome: &'static str, took: Duration) {
        let Begun { surface, label, .. } = &self.begun;
        let labels = || [("surface", (*surface).to_owned()), ("model", label.clone())];
        metrics::counter!(names::CALLS, "surface" => *surface, "model" => label.clone(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!(names::CALL_SECONDS, &labels()).record(took);
        if let Some(first_event) = state.first_event {
            metrics::histogram!(names::FIRST_EVENT_SECONDS, &labels()).record(first_event);
        }
        if let Some(overhead) = state.overhead() {
            metrics::histogram!(names::OVERHEAD_SECONDS, "surface" => *surface).record(overhead);
        }
        if let Some(Tokens { input, cached, output, thoughts, total: _ }) = state.tokens {
            for (kind, count) in
                [("input", input), ("cached", cached), ("output", output), ("thinking", thoughts)]
            {
                metrics::counter!(names::TOKENS, "model" => label.clone(), "kind" => kind).increment(count);
            }
        }
        if let Some(cost) = state.cost {
            metrics::counter!(names::COST, "model" => label.clone()).increment(cost);
        }
    }

    /// The one line that the log has for every call.
    fn write(&self, state: &State, outcome: &'static str, took: Duration) {
        let Begun { request, user, surface, model, streamed, .. } = &self.begun;
        let tokens = state.tokens.unwrap_or_default();
        tracing::info!(
            request,
            user,
            surface,
            model,
            streamed,
            outcome,
            attempts = state.attempts,
            input_tokens = tokens.input,
            cached_tokens = tokens.cached,
            output_tokens = tokens.output,
            thinking_tokens = tokens.thoughts,
            cost_microdollars = state.cost,
            queued_ms = ms(state.waited),
            first_event_ms = state.first_event.map(ms),
            ms = ms(took),
            "call ended"
        );
    }
}

impl State {
    /// What the gateway itself added up to the first event.
    fn overhead(&self) -> Option<Duration> {
        Some(self.first_event?.saturating_sub(self.waited).saturating_sub(self.google))
    }

    /// Closes every span and says on the root how it went.
    fn finish(&mut self, outcome: &'static str) -> Option<Tree> {
        let mut tree = self.tree.take()?;
        if let Some((attempt, _)) = self.serving {
            self.note_answer(&mut tree, attempt);
            if outcome != ANSWERED {
                tree.fail(attempt, outcome);
            }
        }
        let root = SpanIx::ROOT;
        tree.note(root, attribute::OUTCOME, outcome);
        tree.note(root, attribute::ATTEMPTS, i64::from(self.attempts));
        if let Some(overhead) = self.overhead() {
            tree.note(root, attribute::OVERHEAD_MS, overhead.as_secs_f64() * 1_000.0);
        }
        if let Some(version) = &self.model_version {
            tree.note(root, attribute::RESPONSE_MODEL, version.as_str());
        }
        if outcome != ANSWERED {
            tree.fail(root, outcome);
        }
        tree.close_all();
        Some(tree)
    }

    fn note_answer(&self, tree: &mut Tree, attempt: SpanIx) {
        if let Some(version) = &self.model_version {
            tree.note(attempt, attribute::RESPONSE_MODEL, version.as_str());
        }
        if !self.finish_reasons.is_empty() {
            tree.note(attempt, attribute::FINISH_REASONS, self.finish_reasons.clone());
        }
        if let Some(Tokens { input, cached, output, thoughts, total: _ }) = self.tokens {
            let counts = [
                (attribute::INPUT_TOKENS, input),
                (attribute::CACHED_TOKENS, cached),
                (attribute::OUTPUT_TOKENS, output),
                (attribute::THINKING_TOKENS, thoughts),
            ];
            for (name, count) in counts {
                tree.note(attempt, name, i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
        if let Some(cost) = self.cost {
            tree.note(attempt, attribute::COST, i64::try_from(cost).unwrap_or(i64::MAX));
        }
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end(CLIENT_GONE);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.0.as_ref().map(|inner| &inner.begun.request);
        formatter.debug_tuple("Watch").field(&request).finish()
    }
}

#[cfg(test)]
mod tests;
