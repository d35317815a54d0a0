//! One model's waiting calls, in the order of their turns.
//!
//! Every user has a clock, moved by each grant; the lane's clock is that of the waiting user furthest behind. As long as
//! all who wait can be served in time, the oldest call goes first: that loses the fewest to impatience. If not all can,
//! the user furthest behind goes first. Who was away comes back a few turns behind the lane's clock: what it saved up.

use std::collections::{BTreeSet, HashMap};

use super::{Ticket, UserIx, Waiting};

/// One request on the users' clocks, at weight 1.
pub(super) const REQUEST: u64 = 1 << 20;
/// The lane's clock begins here, so that there is something to be behind of.
const BEGIN: u64 = 1 << 52;
/// How many users are read to find out who is ahead of a new call.
const AHEAD: usize = 128;

/// Users with their clocks.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// How far behind the lane's clock a user may come back.
    savings: u64,
    clock: u64,
    /// Not all who wait can be served in time.
    crowded: bool,
    lines: HashMap<UserIx, Line>,
    /// Who waits, by clock, with the first call.
    by_clock: BTreeSet<(u64, Ticket, UserIx)>,
    /// The first calls of those.
    by_age: BTreeSet<Ticket>,
    /// Who waits for nothing but has a clock worth remembering.
    resting: BTreeSet<(u64, UserIx)>,
    calls: usize,
}

#[derive(Clone, Debug, Default)]
struct Line {
    tickets: BTreeSet<Ticket>,
    clock: u64,
    /// What its last call was charged.
    step: u64,
}

/// How far a charge moves the clock of a user of this weight.
pub(super) fn step(charge: u64, weight: u32) -> u64 {
    (charge / u64::from(weight.max(1))).max(1)
}

impl Lane {
    /// An empty lane; users may save up so many turns.
    pub(super) fn new(savings: u32) -> Self {
        Self {
            savings: u64::from(savings) * REQUEST,
            clock: BEGIN,
            crowded: false,
            lines: HashMap::new(),
            by_clock: BTreeSet::new(),
            by_age: BTreeSet::new(),
            resting: BTreeSet::new(),
            calls: 0,
        }
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting { calls: self.calls, users: self.by_clock.len() }
    }

    /// The first call of every user, in the order of their turns.
    pub(super) fn heads(&self) -> impl Iterator<Item = Ticket> {
        let (by_clock, by_age) = if self.crowded { (usize::MAX, 0) } else { (0, usize::MAX) };
        let shares = self.by_clock.iter().map(|(_, ticket, _)| *ticket).take(by_clock);
        shares.chain(self.by_age.iter().copied().take(by_age))
    }

    /// Whether so many openings, if that is known, are too few for all who wait and one more. A crowd is over only when a
    /// quarter of it is gone, or shares would be forgotten again and again.
    pub(super) fn is_crowded(&self, slots: Option<u64>) -> bool {
        let calls = self.calls as u64;
        slots.is_none_or(|slots| calls >= slots || (self.crowded && calls >= slots - slots / 4))
    }

    /// Says whether all can be served in time.
    pub(super) fn set_crowded(&mut self, crowded: bool) {
        self.crowded = crowded;
    }

    pub(super) fn enter(&mut self, user: UserIx, ticket: Ticket, step: u64) {
        let least = self.least();
        self.change(user, |line| {
            line.step = step;
            if line.tickets.is_empty() {
                line.clock = line.clock.max(least);
            }
            line.tickets.insert(ticket);
        });
        self.calls += 1;
    }

    pub(super) fn leave(&mut self, user: UserIx, ticket: Ticket) {
        self.change(user, |line| {
            line.tickets.remove(&ticket);
        });
        self.left();
    }

    /// Takes a call out and moves its user's clock. At most `remembered` users without calls keep their clocks.
    pub(super) fn serve(&mut self, user: UserIx, ticket: Ticket, step: u64, remembered: usize) {
        self.change(user, |line| {
            line.tickets.remove(&ticket);
            line.clock = line.clock.saturating_add(step);
        });
        self.left();
        while let Some((clock, rested)) = self.resting.first().copied()
            && (clock <= self.least() || self.resting.len() > remembered)
        {
            self.resting.remove(&(clock, rested));
            self.lines.remove(&rested);
        }
    }

    /// Moves a waiting user's clock back.
    pub(super) fn refund(&mut self, user: UserIx, step: u64) {
        self.change(user, |line| line.clock = line.clock.saturating_sub(step));
    }

    /// How many waiting calls have the right to go before a new one of this user; `None` if that takes too long to
    /// tell.
    pub(super) fn ahead_of(&self, user: UserIx, step: u64) -> Option<u64> {
        let line = self.lines.get(&user);
        let own = line.map_or(0, |line| line.tickets.len() as u64);
        let clock = line.map_or(0, |line| line.clock).max(self.least());
        let turn = clock.saturating_add(own.saturating_mul(step));
        let mut ahead = own;
        for (seen, (clock, _, other)) in self.by_clock.range(..=(turn, Ticket::LAST, user)).enumerate() {
            if seen >= AHEAD {
                return None;
            }
            if let Some(line) = self.lines.get(other).filter(|_| *other != user) {
                ahead += (line.tickets.len() as u64).min(1 + (turn - clock) / line.step.max(1));
            }
        }
        Some(ahead)
    }

    /// Where the clock of who was away begins.
    fn least(&self) -> u64 {
        self.clock.saturating_sub(self.savings)
    }

    fn left(&mut self) {
        self.calls = self.calls.saturating_sub(1);
        if self.calls == 0 {
            // Nobody waits: nobody is owed anything.
            let savings = self.savings;
            *self = Self { savings, ..Self::new(0) };
        }
    }

    /// Changes a user's line and keeps the sets true to it.
    fn change(&mut self, user: UserIx, act: impl FnOnce(&mut Line)) {
        let mut line = self.lines.remove(&user).unwrap_or_default();
        match line.tickets.first() {
            Some(first) => {
                self.by_clock.remove(&(line.clock, *first, user));
                self.by_age.remove(first);
            }
            None => {
                self.resting.remove(&(line.clock, user));
            }
        }
        act(&mut line);
        match line.tickets.first() {
            Some(first) => {
                self.by_clock.insert((line.clock, *first, user));
                self.by_age.insert(*first);
            }
            None => {
                self.resting.insert((line.clock, user));
            }
        }
        self.lines.insert(user, line);
        if let Some((least, ..)) = self.by_clock.first() {
            self.clock = self.clock.max(*least);
        }
    }
}
