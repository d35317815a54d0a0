//! What is known of a connection's life, and when its patience ends. Pure: time is an argument.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::http::doors::Doors;

/// How often in the shortest of its times a connection is looked at.
const LOOKS: u32 = 4;
const SHORTEST_LOOK: Duration = Duration::from_millis(5);

/// A connection as its socket and its requests describe it.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Requests that are not over.
    open: usize,
    /// Of these, how many have handed out a piece of their answer that nobody has taken yet.
    stuck: usize,
    /// Several requests at once: between requests there is traffic that is none.
    multiplexed: bool,
    /// A head began to come, and is not whole.
    head: Option<Instant>,
    /// The socket takes nothing.
    blocked: Option<Instant>,
    /// When a request or an answer last went on.
    moved: Instant,
}

/// What should happen to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Keep,
    /// Nobody uses it: it may be closed in good order.
    Close,
    /// Its client keeps it from ever ending; the word says how.
    Cut(&'static str),
}

impl Pulse {
    /// A connection that was opened just now.
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new(State {
            open: 0,
            stuck: 0,
            multiplexed: false,
            head: Some(now),
            blocked: None,
            moved: now,
        }))
    }

    /// Bytes came.
    pub(super) fn heard(&self, now: Instant) {
        let mut state = self.state();
        if state.open == 0 && !state.multiplexed {
            state.head.get_or_insert(now);
        }
    }

    /// The socket took bytes, or took none.
    pub(super) fn wrote(&self, now: Instant, took: bool) {
        let mut state = self.state();
        if took {
            state.blocked = None;
        } else {
            state.blocked.get_or_insert(now);
        }
    }

    /// A request's head is whole.
    pub(super) fn begin(self: &Arc<Self>, now: Instant, multiplexed: bool) -> Open {
        let mut state = self.state();
        state.open += 1;
        state.head = None;
        state.multiplexed = multiplexed;
        state.moved = now;
        Open { pulse: Arc::clone(self), stuck: false }
    }

    /// What to do about the connection now.
    pub(super) fn verdict(&self, now: Instant, doors: &Doors) -> Verdict {
        let state = self.state();
        let since = |at: Instant| now.saturating_duration_since(at);
        if state.head.is_some_and(|at| since(at) >= doors.header_timeout) {
            return Verdict::Cut("header");
        }
        let blocked = state.blocked.is_some_and(|at| since(at) >= doors.write_timeout);
        // With several answers on one connection, a slow reader of one of them harms nobody but itself.
        let all_stuck = state.open > 0 && state.stuck == state.open;
        if blocked || (all_stuck && since(state.moved) >= doors.write_timeout) {
            return Verdict::Cut("write");
        }
        if state.open == 0 && state.head.is_none() && since(state.moved) >= doors.keep_alive {
            return Verdict::Close;
        }
        Verdict::Keep
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long until a connection is looked at again.
pub(super) fn look_every(doors: &Doors) -> Duration {
    let shortest = doors.header_timeout.min(doors.keep_alive).min(doors.write_timeout);
    (shortest / LOOKS).max(SHORTEST_LOOK)
}

/// A request that is not over, as a guard.
#[derive(Debug)]
pub(super) struct Open {
    pulse: Arc<Pulse>,
    stuck: bool,
}

impl Open {
    /// A piece of the answer was handed out (`stuck`), or was taken.
    pub(super) fn handed(&mut self, now: Instant, stuck: bool) {
        let mut state = self.pulse.state();
        match (self.stuck, stuck) {
            (false, true) => state.stuck += 1,
            (true, false) => state.stuck -= 1,
            (true, true) | (false, false) => {}
        }
        self.stuck = stuck;
        state.moved = now;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.open -= 1;
        state.stuck -= usize::from(self.stuck);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::serving::tests::doors;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_head_that_does_not_end_is_cut_however_it_dribbles() {
        let (start, doors) = (Instant::now(), doors());
        let pulse = Arc::new(Pulse::new(start));
        pulse.heard(start + doors.header_timeout - SECOND);
        let late = start + doors.header_timeout;
        assert_eq!(pulse.verdict(late - SECOND, &doors), Verdict::Keep);
        assert_eq!(pulse.verdict(late, &doors), Verdict::Cut("header"));
        drop(pulse.begin(late, false));
        assert_eq!(pulse.verdict(late + doors.header_timeout, &doors), Verdict::Keep, "nothing has begun");
        pulse.heard(late);
        assert_eq!(pulse.verdict(late + doors.header_timeout, &doors), Verdict::Cut("header"));
    }

    #[tokio::test]
    async fn an_unused_connection_is_closed_and_a_waiting_one_is_not() {
        let (start, doors) = (Instant::now(), doors());
        let pulse = Arc::new(Pulse::new(start));
        let open = pulse.begin(start, false);
        let later = start + doors.keep_alive * 10;
        assert_eq!(pulse.verdict(later, &doors), Verdict::Keep);
        drop(open);
        assert_eq!(pulse.verdict(later, &doors), Verdict::Close);
    }

    #[tokio::test]
    async fn who_takes_nothing_is_cut_and_one_slow_stream_among_others_is_not() {
        let (start, doors) = (Instant::now(), doors());
        let late = start + doors.write_timeout;
        let pulse = Arc::new(Pulse::new(start));
        let mut slow = pulse.begin(start, true);
        slow.handed(start, true);
        let other = pulse.begin(start, true);
        assert_eq!(pulse.verdict(late, &doors), Verdict::Keep);
        drop(other);
        assert_eq!(pulse.verdict(late, &doors), Verdict::Cut("write"));
        slow.handed(late, false);
        assert_eq!(pulse.verdict(late, &doors), Verdict::Keep);
        pulse.wrote(late, false);
        pulse.wrote(late + SECOND, false);
        assert_eq!(pulse.verdict(late + doors.write_timeout, &doors), Verdict::Cut("write"));
        pulse.wrote(late, true);
        assert_eq!(pulse.verdict(late + doors.write_timeout, &doors), Verdict::Keep);
    }
}
