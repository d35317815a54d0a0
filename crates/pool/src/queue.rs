//! Calls that found no room wait here, fairly over users.
//!
//! Every model is a lane. Its users take turns by weight: each call that goes moves the user's clock by its charge divided by
//! the weight, and the clock furthest behind goes first. Clocks outlive the moments in which a user, or everybody, waits for
//! nothing, and fade within minutes. A call whose patience is nearly over goes before all, as long as few are lost. Inside
//! a user the first to come always goes first.
//!
//! Whoever holds the queue asks [`Queue::turns`] whose turn it is, takes room for that call from the pool, and says
//! [`Queue::serve`]. A call too large for the room there is may be passed by a smaller one, but not for ever.
//!
//! Cost: joining, serving and leaving are O(log n); the look at who is ahead reads at most 128 users.
//!
//! Invariant: a ticket is granted, expired or gone once; the bounds hold at every moment.

mod fading;
mod lane;
mod outlook;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use thiserror::Error;

use crate::Moment;
use crate::choose::Cost;

use lane::Lane;
pub use outlook::Outlook;

/// How many of the next turns [`Queue::turns`] shows at most, and as many again of those that others may pass.
const LOOKAHEAD: usize = 16;
/// How many users are read for that.
const READ: usize = 256;

/// A user's handle, for as long as the queue lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserIx(pub u64);

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

impl Ticket {
    const LAST: Self = Self(u64::MAX);
}

/// How long the queue may grow, and what a turn costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// Calls that may wait in all.
    pub total: usize,
    /// Calls that may wait per user.
    pub per_user: usize,
    /// How many turns a user may save up while it does not wait, by which it goes first afterwards. New lanes heed
    /// it.
    pub savings: u32,
    /// How often a call that is too large for the room there is may be passed.
    pub overtakes: u32,
    /// So many input tokens are charged like one more request; `None` charges requests only.
    pub tokens_per_request: Option<u64>,
}

/// A call that wants to wait.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// Whose it is.
    pub user: UserIx,
    /// Its lane.
    pub model: &'a str,
    /// What it will take.
    pub cost: Cost,
    /// When its patience ends.
    pub deadline: Moment,
    /// What the pool can give until then.
    pub outlook: Outlook,
}

/// Why a call may not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// As many calls wait as may.
    Total,
    /// As many calls of this user wait as may.
    User,
    /// Its turn would come after its patience ends.
    Patience,
}

/// A call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the queue has no place: {why:?}")]
pub struct Full {
    /// Why.
    pub why: Overflow,
    /// When trying again may help, at the earliest.
    pub retry_at: Moment,
}

/// What waits, for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Calls.
    pub calls: usize,
    /// Users with at least one.
    pub users: usize,
}

/// The queue. A caller holds it behind the pool's lock.
#[derive(Clone, Debug)]
pub struct Queue {
    settings: QueueSettings,
    names: HashMap<String, usize>,
    /// As many as models that ever waited.
    lanes: Vec<Lane>,
    entries: HashMap<Ticket, Entry>,
    deadlines: BTreeSet<(Moment, Ticket)>,
    by_user: HashMap<UserIx, usize>,
    /// Only those that are not 1.
    weights: HashMap<UserIx, u32>,
    issued: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    user: UserIx,
    lane: usize,
    charge: u64,
    deadline: Moment,
    passed: u32,
    /// Others may pass it for ever.
    yields: bool,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { total: 1_024, per_user: 128, savings: 64, overtakes: 32, tokens_per_request: None }
    }
}

impl Queue {
    /// An empty queue.
    pub fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            names: HashMap::new(),
            lanes: Vec::new(),
            entries: HashMap::new(),
            deadlines: BTreeSet::new(),
            by_user: HashMap::new(),
            weights: HashMap::new(),
            issued: 0,
        }
    }

    /// Changes the settings. Who waits already may stay.
    pub fn set_settings(&mut self, settings: QueueSettings) {
        self.settings = settings;
    }

    /// A user's share of turns; 0 counts as 1. Holds from the user's next turn on.
    pub fn set_weight(&mut self, user: UserIx, weight: u32) {
        if weight > 1 {
            self.weights.insert(user, weight);
        } else {
            self.weights.remove(&user);
        }
    }

    /// Takes a place, unless there is none or the call's turn would come too late.
    pub fn join(&mut self, wait: &Wait<'_>, now: Moment) -> Result<Ticket, Full> {
        let ticket = Ticket(self.issued);
        self.enter(ticket, wait, now)?;
        self.issued += 1;
        Ok(ticket)
    }

    /// Others may pass this call for ever: it waits for room that they can do without, and must not hold them up.
    pub fn let_pass(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entries.get_mut(&ticket).filter(|entry| !entry.yields) {
            entry.yields = true;
            if let Some(lane) = self.lanes.get_mut(entry.lane) {
                lane.yielding += 1;
            }
        }
    }

    /// Gives back a turn that came to nothing (Google said 429): the call is the first of its user again and is not
    /// charged twice. A ticket that is waiting already stays as it is.
    pub fn rejoin(&mut self, ticket: Ticket, wait: &Wait<'_>, now: Moment) -> Result<(), Full> {
        if self.entries.contains_key(&ticket) || ticket.0 >= self.issued {
            return Ok(());
        }
        self.enter(ticket, wait, now)?;
        let weight = self.weight(wait.user);
        if let Some(entry) = self.entries.get(&ticket).copied()
            && let Some(lane) = self.lanes.get_mut(entry.lane)
        {
            lane.turn_to(now);
            lane.refund(entry.user, lane::step(entry.charge, weight));
        }
        Ok(())
    }

    /// Whose turn it is, if anybody waits. Call [`Queue::expire`] first: who has no patience left is passed over.
    pub fn next(&self, model: &str, now: Moment) -> Option<Ticket> {
        self.turns(model, now).next()
    }

    /// The next turns in order, one per user, as far as the first may be passed by the later ones. Who has no
    /// patience left is passed over.
    pub fn turns(&self, model: &str, now: Moment) -> impl Iterator<Item = Ticket> {
        let mut blocked = false;
        let (mut firm, mut yielding) = (0, 0);
        let heads = self.lane(model).into_iter().flat_map(move |lane| lane.heads(now)).take(READ);
        heads
            .filter_map(|ticket| Some((ticket, self.entries.get(&ticket)?)))
            .filter(move |(_, entry)| {
                let seen = if entry.yields { &mut yielding } else { &mut firm };
                *seen += 1;
                *seen <= LOOKAHEAD
            })
            .map_while(move |(ticket, entry)| {
                let shown = !blocked;
                blocked |= entry.deadline > now && entry.passed >= self.settings.overtakes;
                shown.then_some((ticket, entry.deadline > now))
            })
            .filter_map(|(ticket, patient)| patient.then_some(ticket))
    }

    /// The call goes: its user is charged. `false` if it was not waiting any more, or its patience is over.
    pub fn serve(&mut self, ticket: Ticket, now: Moment) -> bool {
        let Some(entry) = self.entries.get(&ticket).copied().filter(|entry| entry.deadline > now) else {
            return false;
        };
        let step = lane::step(entry.charge, self.weight(entry.user));
        if let Some(lane) = self.lanes.get_mut(entry.lane) {
            lane.turn_to(now);
            let passed = lane.heads(now).take(READ).take_while(|head| *head != ticket);
            for head in passed {
                if let Some(entry) = self.entries.get_mut(&head).filter(|entry| !entry.yields) {
                    entry.passed = entry.passed.saturating_add(1);
                }
            }
            lane.leave(entry.user, (ticket, entry.deadline));
            lane.charge(entry.user, step, self.settings.total);
        }
        self.forget(ticket, entry);
        true
    }

    /// A call went without waiting: its user is charged as well, if anybody ever waited for the model.
    pub fn went(&mut self, user: UserIx, model: &str, cost: Cost, now: Moment) {
        let step = lane::step(self.charge(cost), self.weight(user));
        if let Some(lane) = self.names.get(model).and_then(|index| self.lanes.get_mut(*index)) {
            lane.turn_to(now);
            lane.charge(user, step, self.settings.total);
        }
    }

    /// A call was refused before it could ask for a place, because no room comes in time.
    pub fn refused(&mut self, model: &str, now: Moment) {
        let index = self.open(model);
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.turn_to(now);
            lane.lose();
        }
    }

    /// The call does not wait any longer. `false` if it did not wait.
    pub fn leave(&mut self, ticket: Ticket) -> bool {
        let Some(entry) = self.entries.get(&ticket).copied() else { return false };
        if let Some(lane) = self.lanes.get_mut(entry.lane) {
            lane.leave(entry.user, (ticket, entry.deadline));
        }
        self.forget(ticket, entry);
        true
    }

    /// Those whose patience is over, once.
    pub fn expire(&mut self, now: Moment) -> Vec<Ticket> {
        let mut expired = Vec::new();
        while let Some((deadline, ticket)) = self.deadlines.first().copied()
            && deadline <= now
        {
            let lane = self.entries.get(&ticket).map(|entry| entry.lane);
            if let Some(lane) = lane.and_then(|lane| self.lanes.get_mut(lane)) {
                lane.turn_to(now);
                lane.lose();
            }
            self.leave(ticket);
            expired.push(ticket);
        }
        expired
    }

    /// When the next patience ends.
    pub fn next_expiry(&self) -> Option<Moment> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Whether a call of the model waits: then a new one must wait, too.
    pub fn is_waiting(&self, model: &str) -> bool {
        self.lane(model).is_some_and(|lane| lane.waiting().calls > 0)
    }

    /// What waits for a model.
    pub fn waiting(&self, model: &str) -> Waiting {
        self.lane(model).map(Lane::waiting).unwrap_or_default()
    }

    /// What waits in all.
    pub fn waiting_in_all(&self) -> Waiting {
        Waiting { calls: self.entries.len(), users: self.by_user.len() }
    }

    // === inside ===

    fn lane(&self, model: &str) -> Option<&Lane> {
        self.lanes.get(*self.names.get(model)?)
    }

    fn open(&mut self, model: &str) -> usize {
        if let Some(index) = self.names.get(model) {
            return *index;
        }
        self.lanes.push(Lane::new(self.settings.savings));
        let index = self.lanes.len() - 1;
        self.names.insert(model.to_owned(), index);
        index
    }

    fn weight(&self, user: UserIx) -> u32 {
        self.weights.get(&user).copied().unwrap_or(1)
    }

    fn charge(&self, cost: Cost) -> u64 {
        let tokens = self
            .settings
            .tokens_per_request
            .map_or(0, |per| cost.tokens.saturating_mul(lane::REQUEST) / per.max(1));
        u64::from(cost.requests.max(1)).saturating_mul(lane::REQUEST).saturating_add(tokens)
    }

    fn enter(&mut self, ticket: Ticket, wait: &Wait<'_>, now: Moment) -> Result<(), Full> {
        let charge = self.charge(wait.cost);
        let step = lane::step(charge, self.weight(wait.user));
        let lane = self.open(wait.model);
        let allowed = self.check(wait, (lane, step), now);
        let Wait { user, deadline, .. } = *wait;
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.turn_to(now);
            match allowed {
                Ok(()) => lane.enter(user, (ticket, deadline), step),
                Err(Full { why: Overflow::Total | Overflow::Patience, .. }) => lane.lose(),
                Err(Full { why: Overflow::User, .. }) => {}
            }
        }
        allowed?;
        self.entries.insert(ticket, Entry { user, lane, charge, deadline, passed: 0, yields: false });
        self.deadlines.insert((deadline, ticket));
        *self.by_user.entry(user).or_default() += 1;
        Ok(())
    }

    fn check(&self, wait: &Wait<'_>, (lane, step): (usize, u64), now: Moment) -> Result<(), Full> {
        let Some(lane) = self.lanes.get(lane) else { return Ok(()) };
        let mine = self.by_user.get(&wait.user).copied().unwrap_or(0);
        let refuse = |why, ahead: usize| {
            let retry_at = wait.outlook.turn_of(u64::try_from(ahead).unwrap_or(u64::MAX), now);
            Err(Full { why, retry_at })
        };
        if self.entries.len() >= self.settings.total {
            return refuse(Overflow::Total, lane.waiting().calls);
        }
        if mine >= self.settings.per_user {
            return refuse(Overflow::User, mine);
        }
        if wait.deadline <= now || wait.outlook.opens >= wait.deadline {
            return refuse(Overflow::Patience, 0);
        }
        match lane.ahead_of(wait.user, step).map(|ahead| ahead.saturating_sub(lane.yielding)) {
            Some(ahead) if wait.outlook.is_hopeless(ahead) => {
                refuse(Overflow::Patience, usize::try_from(ahead).unwrap_or(usize::MAX))
            }
            _ => Ok(()),
        }
    }

    fn forget(&mut self, ticket: Ticket, entry: Entry) {
        self.entries.remove(&ticket);
        if let Some(lane) = self.lanes.get_mut(entry.lane).filter(|_| entry.yields) {
            lane.yielding = lane.yielding.saturating_sub(1);
        }
        self.deadlines.remove(&(entry.deadline, ticket));
        if let Some(count) = self.by_user.get_mut(&entry.user) {
            *count -= 1;
            if *count == 0 {
                self.by_user.remove(&entry.user);
            }
        }
    }
}
