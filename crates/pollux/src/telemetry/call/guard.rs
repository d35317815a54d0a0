//! What goes on in a call, as guards: it goes on as long as they live.

use std::time::Duration;

use tokio::time::Instant;

use super::{Flop, State, Tried, Watch};
use crate::telemetry::names;
use crate::telemetry::trace::{Kind, SpanIx, attribute};

/// The call waits.
#[derive(Debug)]
#[must_use = "the wait ends when the guard is dropped"]
pub struct Waiting {
    watch: Watch,
    span: Option<SpanIx>,
    since: Instant,
}

/// What the call took is being written down.
#[derive(Debug)]
#[must_use = "it ends when the guard is dropped"]
pub struct Settling {
    watch: Watch,
    span: Option<SpanIx>,
}

/// A request is out. Dropped before anything came of it, it was called off.
#[derive(Debug, Default)]
pub struct Attempted {
    watch: Watch,
    span: Option<SpanIx>,
    /// The wait for the first event.
    opening: Option<SpanIx>,
    since: Option<Instant>,
    /// Its place among the attempts that are written down.
    place: Option<usize>,
}

impl Waiting {
    pub(super) fn new(watch: &Watch, name: &'static str) -> Self {
        Self { watch: watch.clone(), span: open(watch, name), since: Instant::now() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(mut state) = self.watch.state() {
            state.waited += self.since.elapsed();
            state.close(self.span);
        }
    }
}

impl Settling {
    pub(super) fn new(watch: &Watch) -> Self {
        if let Some(mut state) = watch.state()
            && let Some((_, stream)) = state.serving
        {
            state.close(Some(stream));
        }
        Self { watch: watch.clone(), span: open(watch, "settle") }
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        if let Some(mut state) = self.watch.state() {
            state.close(self.span);
        }
    }
}

impl Attempted {
    pub(super) fn new(watch: &Watch, project: &str, key: &str) -> Self {
        let mut attempted = Self { watch: watch.clone(), since: Some(Instant::now()), ..Self::default() };
        let Some(inner) = &watch.0 else { return attempted };
        let mut state = inner.state();
        state.attempts += 1;
        let cause = state.cause.take();
        if let Some(cause) = cause {
            metrics::counter!(names::RETRIES, "cause" => cause).increment(1);
        }
        if inner.watcher.ledger.is_some() {
            attempted.place = Some(state.tried.len());
            let after = inner.begun.at.elapsed();
            let (project, key) = (project.to_owned(), key.to_owned());
            state.tried.push(Tried { after, project, key, ..Tried::default() });
        }
        let number = i64::from(state.attempts);
        let model = inner.begun.model.as_str();
        let Some(tree) = &mut state.tree else { return attempted };
        let span = tree.open(Some(SpanIx::ROOT), format!("generate_content {model}"), Kind::Client);
        if let Some(span) = span {
            tree.note(span, attribute::OPERATION, "generate_content");
            tree.note(span, attribute::PROVIDER, "gcp.gemini");
            tree.note(span, attribute::REQUEST_MODEL, model);
            tree.note(span, attribute::PROJECT, project);
            tree.note(span, attribute::KEY, key);
            tree.note(span, attribute::ATTEMPT, number);
            if let Some(cause) = cause {
                tree.note(span, attribute::RETRY_CAUSE, cause);
            }
            attempted.opening = tree.open(Some(span), "first_event".to_owned(), Kind::Internal);
        }
        attempted.span = span;
        attempted
    }

    /// The head of an answer has come.
    pub fn head(&self, status: u16, after: Duration) {
        metrics::histogram!(names::UPSTREAM_HEAD_SECONDS).record(after);
        if let Some(mut state) = self.watch.state()
            && let Some(tried) = self.tried(&mut state)
        {
            tried.status = status;
        }
        self.note(|tree, span, opening| {
            tree.note(span, attribute::HTTP_STATUS, i64::from(status));
            tree.note(opening, attribute::HEAD_MS, after.as_secs_f64() * 1_000.0);
        });
    }

    /// It failed, and this is why.
    pub fn failed(mut self, why: Flop) {
        let Flop { label, status, reason, counted } = why;
        let place = self.place;
        self.over(|state, span| {
            state.cause = Some(label);
            if let Some(tried) = place.and_then(|place| state.tried.get_mut(place)) {
                tried.outcome = label;
                tried.reason = reason;
                tried.counted = counted;
                tried.status = if status == 0 { tried.status } else { status };
            }
            if let (Some(tree), Some(span)) = (&mut state.tree, span) {
                tree.fail(span, label);
            }
        });
    }

    /// The first event with content is there, or all there will be: this attempt serves the call.
    pub fn serves(mut self) {
        let since = self.since.take();
        let Some(inner) = &self.watch.0 else { return };
        let mut state = inner.state();
        let took = since.map_or(Duration::ZERO, |since| since.elapsed());
        state.google += took;
        if let Some(tried) = self.tried(&mut state) {
            tried.outcome = "ok";
            tried.elapsed = took;
            tried.counted = true;
        }
        if state.first_event.is_none() {
            state.first_event = Some(inner.begun.at.elapsed());
        }
        state.close(self.opening);
        let State { tree: Some(tree), serving, .. } = &mut *state else { return };
        if let Some(span) = self.span
            && let Some(stream) = tree.open(Some(span), "stream".to_owned(), Kind::Internal)
        {
            // The request before it, of the same answer, has ended.
            if let Some((before, _)) = serving.replace((span, stream)) {
                tree.close(before);
            }
        }
    }

    fn note(&self, note: impl FnOnce(&mut super::Tree, SpanIx, SpanIx)) {
        if let (Some(span), Some(opening)) = (self.span, self.opening)
            && let Some(mut state) = self.watch.state()
            && let Some(tree) = &mut state.tree
        {
            note(tree, span, opening);
        }
    }

    fn tried<'a>(&self, state: &'a mut State) -> Option<&'a mut Tried> {
        state.tried.get_mut(self.place?)
    }

    fn over(&mut self, last: impl FnOnce(&mut State, Option<SpanIx>)) {
        let Some(since) = self.since.take() else { return };
        if let Some(mut state) = self.watch.state() {
            state.google += since.elapsed();
            if let Some(tried) = self.tried(&mut state) {
                tried.elapsed = since.elapsed();
                // Called off, unless it is said to have failed: Google may have begun, and counts what it begins.
                tried.outcome = "cancelled";
                tried.counted = true;
            }
            state.close(self.opening);
            last(&mut state, self.span);
            state.close(self.span);
        }
    }
}

impl Drop for Attempted {
    fn drop(&mut self) {
        self.over(|state, span| {
            if let (Some(tree), Some(span)) = (&mut state.tree, span) {
                tree.fail(span, "cancelled");
            }
        });
    }
}

impl State {
    fn close(&mut self, span: Option<SpanIx>) {
        if let (Some(tree), Some(span)) = (&mut self.tree, span) {
            tree.close(span);
        }
    }
}

/// A span of our own below the root.
fn open(watch: &Watch, name: &'static str) -> Option<SpanIx> {
    let mut state = watch.state()?;
    state.tree.as_mut()?.open(Some(SpanIx::ROOT), name.to_owned(), Kind::Internal)
}
