//! What a call was, once it has ended, for whoever keeps the books.

use std::fmt::Debug;
use std::time::Duration;

use dialect::gemini::usage::Tokens;
use tokio::sync::oneshot;

use super::{ANSWERED, Begun, CLIENT_GONE, CUT, State};
use crate::clock::Moment;

/// Keeps the books. Never waits: it is told of calls that end when a guard is dropped, too.
pub trait Ledger: Debug + Send + Sync {
    /// A call has ended. The answer resolves when that is written down, or will never be.
    fn note(&self, ended: Ended) -> oneshot::Receiver<()>;
}

/// A call that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What was known when it began.
    pub begun: Begun,
    /// When it came, by the clock on the wall.
    pub began: Moment,
    /// From its coming to its end.
    pub took: Duration,
    /// Reading and translating.
    pub prepared: Duration,
    /// Waiting for room, and pauses between attempts.
    pub waited: Duration,
    /// Attempts, up to the first event.
    pub google: Duration,
    /// From its coming to the first event with content.
    pub first_event: Option<Duration>,
    /// Each request to Google.
    pub attempts: Vec<Tried>,
    /// Why it was this key: compact JSON, or empty.
    pub decision: String,
    /// `answered`, `cut`, `client_gone`, or why it was refused.
    pub outcome: &'static str,
    /// The HTTP status that the client got.
    pub status: u16,
    /// What it used, as far as anybody knows.
    pub tokens: Option<Tokens>,
    /// Whether that is an estimate of ours.
    pub estimated: bool,
    /// What that costs, in millionths of a dollar.
    pub cost: Option<u64>,
    /// The model that answered, as it called itself.
    pub model_version: Option<String>,
}

/// One request to Google.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// From the coming of the call to this request.
    pub after: Duration,
    /// The project's id.
    pub project: String,
    /// The key's id.
    pub key: String,
    /// `ok`, `cancelled`, or a short name of the failure; empty while it is out.
    pub outcome: &'static str,
    /// Google's HTTP status; 0 if there was none.
    pub status: u16,
    /// To its first event or its failure.
    pub elapsed: Duration,
    /// Google's own words, without keys.
    pub reason: String,
    /// Whether Google will have counted it against the day.
    pub counted: bool,
}

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub struct Flop {
    /// A short name.
    pub label: &'static str,
    /// Google's HTTP status; 0 if there was none.
    pub status: u16,
    /// Google's own words, without keys.
    pub reason: String,
    /// Whether Google will have counted it against the day.
    pub counted: bool,
}

impl State {
    /// What there is to tell of the call, now that it has ended.
    pub(super) fn told(
        &mut self,
        (begun, came): (&Begun, Moment),
        outcome: &'static str,
        took: Duration,
    ) -> Ended {
        let status = match outcome {
            ANSWERED | CUT => 200,
            // What nginx writes down for a client that closed its connection.
            CLIENT_GONE => 499,
            _ => self.status,
        };
        Ended {
            begun: begun.clone(),
            began: came,
            took,
            prepared: self.prepared,
            waited: self.waited,
            google: self.google,
            first_event: self.first_event,
            attempts: std::mem::take(&mut self.tried),
            decision: std::mem::take(&mut self.decision),
            outcome,
            status,
            tokens: self.tokens,
            estimated: self.estimated,
            cost: self.cost,
            model_version: self.model_version.clone(),
        }
    }
}
