//! Waiting for room, fairly: the `pool` crate's queue, and the calls that stand in it.
//!
//! Whoever makes room (a settled call, a new key, a moment that has come) gives turns; a turn that finds room wakes its
//! call with the lease in hand. Nobody overtakes but a call that was served before and failed.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pool::queue::{Outlook, Queue, QueueSettings, Ticket, UserIx, Wait};
use pool::{Cost, Moment, Opening, ProjectId, Why};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::lease::Lease;
use super::ring::{Ring, Wish};
use crate::telemetry::names;

#[cfg(test)]
mod tests;

/// How soon a waiting call looks again when the room there seems to be was not for it.
const LOOK_AGAIN_MS: i64 = 50;

/// The calls that wait for room.
#[derive(Debug)]
pub(super) struct Line {
    state: Mutex<State>,
    /// As many as wait, so that nobody locks to find that nobody waits.
    length: AtomicUsize,
    /// Somebody waited or was refused: from then on it is remembered who was served.
    remembers: AtomicBool,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    calls: HashMap<Ticket, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    wish: OwnWish,
    wake: oneshot::Sender<Lease>,
}

/// A wish that outlives the one who has it.
#[derive(Debug)]
struct OwnWish {
    user: String,
    model: String,
    tokens: u64,
    avoid: Vec<ProjectId>,
    prefer: Option<String>,
    require: Option<String>,
    paid_only: bool,
    weight: u32,
    turns: u32,
}

/// A place in the line. Dropping it leaves the line, and gives back a lease that came too late.
struct Place<'a> {
    ring: &'a Arc<Ring>,
    ticket: Ticket,
    lease: oneshot::Receiver<Lease>,
}

impl Line {
    pub(super) fn new(settings: QueueSettings) -> Self {
        let state = State { queue: Queue::new(settings), calls: HashMap::new() };
        Self { state: Mutex::new(state), length: AtomicUsize::new(0), remembers: AtomicBool::new(false) }
    }

    fn is_waiting(&self, model: &str) -> bool {
        self.length.load(Ordering::Acquire) > 0 && self.state().queue.is_waiting(model)
    }

    /// A call went without waiting.
    fn went(&self, wish: &Wish<'_>, now: Moment) {
        if self.remembers.load(Ordering::Acquire) {
            let (user, mut state) = (user_index(wish.user), self.state());
            state.queue.set_weight(user, wish.turns);
            state.queue.went(user, wish.model, cost(wish), now);
        }
    }

    /// A call was refused, for no room comes in time.
    fn refused(&self, wish: &Wish<'_>, now: Moment) {
        self.remembers.store(true, Ordering::Release);
        self.state().queue.refused(wish.model, now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the count in step; with the lock held.
    fn count(&self, state: &State) {
        let length = state.calls.len();
        self.length.store(length, Ordering::Release);
        metrics::gauge!(names::QUEUE_LENGTH).set(f64::from(u32::try_from(length).unwrap_or(u32::MAX)));
    }
}

impl Ring {
    /// A lease now, or as soon as it is this call's turn, but not after `deadline`.
    pub(super) async fn lease_by(
        this: &Arc<Self>,
        wish: &Wish<'_>,
        deadline: Moment,
    ) -> Result<Lease, Opening> {
        let opening = if !wish.again && this.line.is_waiting(wish.model) {
            this.opening(wish)
        } else {
            match Self::lease(this, wish) {
                Ok(lease) => {
                    if !wish.again {
                        this.line.went(wish, this.now());
                    }
                    return Ok(lease);
                }
                Err(opening) => opening,
            }
        };
        let (Opening::At(opens, _), now) = (opening, this.now()) else {
            // Only those who wait keep it closed.
            let Opening::Now = opening else { return Err(opening) };
            return Self::wait(this, wish, this.now(), deadline).await;
        };
        if opens.max(now) >= deadline {
            this.line.refused(wish, now);
            return Err(opening);
        }
        Self::wait(this, wish, opens, deadline).await
    }

    async fn wait(
        this: &Arc<Self>,
        wish: &Wish<'_>,
        opens: Moment,
        deadline: Moment,
    ) -> Result<Lease, Opening> {
        let mut place = this.join(wish, opens, deadline)?;
        metrics::counter!(names::QUEUED).increment(1);
        let _waiting = Waited(Instant::now());
        let mut opens = opens;
        if opens <= this.now() {
            this.give_turns(wish.model);
        }
        loop {
            let now = this.now();
            let look_again = opens.0.max(now.0 + LOOK_AGAIN_MS).min(deadline.0);
            let pause = Duration::from_millis(u64::try_from(look_again - now.0).unwrap_or(0));
            if let Ok(Ok(lease)) = timeout(pause, &mut place.lease).await {
                return Ok(lease);
            }
            this.give_turns(wish.model);
            if let Ok(lease) = place.lease.try_recv() {
                return Ok(lease);
            }
            let opening = this.opening(wish);
            match opening {
                Opening::At(at, _) if this.now() < deadline => opens = at,
                Opening::Now if this.now() < deadline => opens = this.now(),
                Opening::Now => return Err(Opening::At(this.now(), Why::Busy)),
                _ => return Err(opening),
            }
        }
    }

    fn join(
        self: &Arc<Self>,
        wish: &Wish<'_>,
        opens: Moment,
        deadline: Moment,
    ) -> Result<Place<'_>, Opening> {
        self.line.remembers.store(true, Ordering::Release);
        let outlook = Outlook { opens, ..self.outlook(wish, deadline) };
        let cost = cost(wish);
        let wait = Wait { user: user_index(wish.user), model: wish.model, cost, deadline, outlook };
        let (wake, lease) = oneshot::channel();
        let mut state = self.line.state();
        state.queue.set_weight(wait.user, wish.turns);
        let joined = state.queue.join(&wait, self.now());
        let ticket = joined.map_err(|full| Opening::At(full.retry_at.max(opens), Why::Busy))?;
        if wish.is_choosy() {
            state.queue.let_pass(ticket);
        }
        state.calls.insert(ticket, Waiting { wish: OwnWish::of(wish), wake });
        self.line.count(&state);
        Ok(Place { ring: self, ticket, lease })
    }

    /// Lets those go who find room after the projects or their limits changed.
    pub(super) fn give_all_turns(self: &Arc<Self>) {
        let models: BTreeSet<String> = {
            let state = self.line.state();
            state.calls.values().map(|call| call.wish.model.clone()).collect()
        };
        for model in models {
            self.give_turns(&model);
        }
    }

    /// Lets those go whose turn it is and who find room.
    pub(super) fn give_turns(self: &Arc<Self>, model: &str) {
        if !self.line.is_waiting(model) {
            return;
        }
        let mut undelivered = Vec::new();
        let mut state = self.line.state();
        for expired in state.queue.expire(self.now()) {
            state.calls.remove(&expired);
        }
        while let Some((ticket, lease)) = self.next_turn(&state, model) {
            state.queue.serve(ticket, self.now());
            let wake = state.calls.remove(&ticket).map(|call| call.wake);
            undelivered.extend(wake.and_then(|wake| wake.send(lease).err()));
        }
        self.line.count(&state);
        drop(state);
        // Giving back asks for turns again, so it must not happen under the lock.
        undelivered.into_iter().for_each(Lease::give_back);
    }

    /// The first whose turn it is and who finds room.
    fn next_turn(self: &Arc<Self>, state: &State, model: &str) -> Option<(Ticket, Lease)> {
        state.queue.turns(model, self.now()).find_map(|ticket| {
            let wish = state.calls.get(&ticket)?.wish.as_wish();
            Some((ticket, Self::lease(self, &wish).ok()?))
        })
    }
}

impl OwnWish {
    fn of(wish: &Wish<'_>) -> Self {
        let Wish { user, model, tokens, avoid, prefer, require, again: _, paid_only, weight, turns } = *wish;
        Self {
            user: user.to_owned(),
            model: model.to_owned(),
            tokens,
            avoid: avoid.to_vec(),
            prefer: prefer.map(str::to_owned),
            require: require.map(str::to_owned),
            paid_only,
            weight,
            turns,
        }
    }

    fn as_wish(&self) -> Wish<'_> {
        let Self { user, model, tokens, avoid, prefer, require, paid_only, weight, turns } = self;
        let (prefer, require) = (prefer.as_deref(), require.as_deref());
        let (tokens, paid_only, weight, turns) = (*tokens, *paid_only, *weight, *turns);
        Wish { user, model, tokens, avoid, prefer, require, again: false, paid_only, weight, turns }
    }
}

/// How long a call waited, whatever came of it.
struct Waited(Instant);

impl Drop for Waited {
    fn drop(&mut self) {
        metrics::histogram!(names::QUEUE_WAIT_SECONDS).record(self.0.elapsed());
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.ring.line.state();
        state.queue.leave(self.ticket);
        state.calls.remove(&self.ticket);
        self.ring.line.count(&state);
        drop(state);
        if let Ok(lease) = self.lease.try_recv() {
            lease.give_back();
        }
    }
}

fn cost(wish: &Wish<'_>) -> Cost {
    Cost { requests: 1, tokens: wish.tokens }
}

/// Users are told apart by a hash: two that share one would share a turn, no more.
fn user_index(user: &str) -> UserIx {
    let mut hasher = DefaultHasher::new();
    user.hash(&mut hasher);
    UserIx(hasher.finish())
}
