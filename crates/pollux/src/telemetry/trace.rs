//! Traces: one tree of spans for each call, handed to a collector over OTLP/HTTP.
//!
//! Off unless a collector is named, and then nothing is built at all. A call never waits for the collector: its tree goes
//! into a queue of limited length, and what does not fit, or what the collector does not take, is dropped and counted.
//!
//! Names follow OpenTelemetry's conventions for generative AI (`gen_ai.*`, development status).

mod context;
mod exporter;
mod otlp;
mod protobuf;
mod tree;

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::clock::Moment;
use crate::id::Dice;
use crate::secret::Secret;
use crate::telemetry::names;

pub use context::Parent;
pub use exporter::{Exporter, SetupError};
pub use tree::{Kind, SpanIx, Tree};

/// Trees that may wait for the collector.
const BACKLOG: usize = 2_048;

/// The names of attributes.
pub(super) mod attribute {
    pub(in crate::telemetry) const HTTP_METHOD: &str = "http.request.method";
    pub(in crate::telemetry) const HTTP_ROUTE: &str = "http.route";
    pub(in crate::telemetry) const HTTP_STATUS: &str = "http.response.status_code";
    pub(in crate::telemetry) const ERROR_TYPE: &str = "error.type";
    pub(in crate::telemetry) const USER: &str = "user.id";
    pub(in crate::telemetry) const OPERATION: &str = "gen_ai.operation.name";
    pub(in crate::telemetry) const PROVIDER: &str = "gen_ai.provider.name";
    pub(in crate::telemetry) const REQUEST_MODEL: &str = "gen_ai.request.model";
    pub(in crate::telemetry) const RESPONSE_MODEL: &str = "gen_ai.response.model";
    pub(in crate::telemetry) const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
    pub(in crate::telemetry) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
    pub(in crate::telemetry) const CACHED_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
    pub(in crate::telemetry) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
    pub(in crate::telemetry) const THINKING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
    pub(in crate::telemetry) const SURFACE: &str = "pollux.surface";
    pub(in crate::telemetry) const REQUEST_ID: &str = "pollux.request.id";
    pub(in crate::telemetry) const STREAMED: &str = "pollux.streamed";
    pub(in crate::telemetry) const OUTCOME: &str = "pollux.outcome";
    pub(in crate::telemetry) const ATTEMPTS: &str = "pollux.attempts";
    pub(in crate::telemetry) const ATTEMPT: &str = "pollux.attempt.number";
    pub(in crate::telemetry) const RETRY_CAUSE: &str = "pollux.retry.cause";
    pub(in crate::telemetry) const PROJECT: &str = "pollux.project.id";
    pub(in crate::telemetry) const KEY: &str = "pollux.key.id";
    pub(in crate::telemetry) const HEAD_MS: &str = "pollux.head_ms";
    pub(in crate::telemetry) const OVERHEAD_MS: &str = "pollux.overhead_ms";
    pub(in crate::telemetry) const COST: &str = "pollux.cost_microdollars";
}

/// Where traces go, and which.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The collector's base address; `/v1/traces` is added. Without it there are no traces.
    pub endpoint: Option<Uri>,
    /// Headers for it, which may hold a token.
    pub headers: Vec<(String, Secret)>,
    /// What this program is called there.
    pub service: String,
    /// The share of calls that are traced, 0 to 1.
    pub ratio: f64,
    /// Whether a client's `traceparent` decides which trace a call belongs to, and whether it is traced.
    pub trust_clients: bool,
    /// How long spans wait for others to be sent with.
    pub every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: Vec::new(),
            service: String::from("pollux"),
            ratio: 1.0,
            trust_clients: false,
            every: Duration::from_secs(5),
        }
    }
}

/// Makes trees and takes those that are done; or does nothing.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Open>>);

#[derive(Debug)]
struct Open {
    ratio: f64,
    trust_clients: bool,
    dice: Dice,
    queue: mpsc::Sender<Tree>,
}

/// A tracer, and what carries its trees to the collector; somebody has to run it.
///
/// # Errors
/// When a header cannot be sent.
pub fn open(settings: &Settings, dice: Dice) -> Result<(Tracer, Option<Exporter>), SetupError> {
    let Some(endpoint) = &settings.endpoint else { return Ok((Tracer::default(), None)) };
    let (queue, waiting) = mpsc::channel(BACKLOG);
    let exporter = Exporter::new(settings, endpoint, waiting)?;
    let open = Open { ratio: settings.ratio, trust_clients: settings.trust_clients, dice, queue };
    Ok((Tracer(Some(Arc::new(open))), Some(exporter)))
}

impl Tracer {
    /// The tree of a call that began then; none if it is not traced.
    pub(super) fn tree(&self, parent: Option<Parent>, began: (Moment, Instant)) -> Option<Tree> {
        let open = self.0.as_ref()?;
        let (parent, link) = if open.trust_clients { (parent, None) } else { (None, parent) };
        let fresh = open.dice.seed();
        let trace = parent.map_or(fresh | 1, |parent| parent.trace);
        let sampled = parent.map_or_else(|| is_sampled(trace, open.ratio), |parent| parent.sampled);
        sampled.then(|| Tree::new((trace, open.dice.roll()), parent, link, began))
    }

    /// Takes a tree that is done.
    pub(super) fn send(&self, tree: Tree) {
        if let Some(open) = &self.0
            && open.queue.try_send(tree).is_err()
        {
            metrics::counter!(names::TRACES_LOST, "reason" => "backlog").increment(1);
        }
    }
}

/// As OpenTelemetry's ratio sampler: by the lower half of the trace's id, so that everybody decides alike.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a share of all ids")]
fn is_sampled(trace: u128, ratio: f64) -> bool {
    ((trace as u64) >> 1) as f64 <= ratio * (1_u64 << 63) as f64 && ratio > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracer(ratio: f64, trust_clients: bool) -> (Tracer, mpsc::Receiver<Tree>) {
        let (queue, waiting) = mpsc::channel(2);
        (Tracer(Some(Arc::new(Open { ratio, trust_clients, dice: Dice::seeded(7), queue }))), waiting)
    }

    fn began() -> (Moment, Instant) {
        (Moment(0), Instant::now())
    }

    #[test]
    fn a_ratio_takes_about_its_share() {
        let dice = Dice::seeded(7);
        let taken = |ratio| (0..2_000).filter(|_| is_sampled(dice.seed(), ratio)).count();
        assert_eq!((taken(0.0), taken(1.0)), (0, 2_000));
        assert!((300..700).contains(&taken(0.25)));
    }

    #[test]
    fn a_trusted_client_decides_and_another_is_only_linked() {
        let parent = |sampled| Some(Parent { trace: 7, span: 9, sampled });
        let (trusting, _queue) = tracer(1.0, true);
        assert!(trusting.tree(parent(false), began()).is_none());
        let tree = trusting.tree(parent(true), began()).unwrap();
        assert_eq!((tree.trace(), tree.link()), (7, None));
        let (wary, _queue) = tracer(1.0, false);
        let tree = wary.tree(parent(false), began()).unwrap();
        assert_ne!(tree.trace(), 7);
        assert_eq!(tree.link(), parent(false));
        assert!(Tracer::default().tree(parent(true), began()).is_none());
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let recorded = super::super::Metrics::default();
        metrics::with_local_recorder(&recorded, || {
            let (tracer, _queue) = tracer(1.0, false);
            for _ in 0..5 {
                tracer.send(tracer.tree(None, began()).unwrap());
            }
        });
        let text = recorded.page().render(super::super::Exposition::Prometheus);
        assert!(text.contains("pollux_traces_lost_total{reason=\"backlog\"} 3\n"), "{text}");
    }
}
