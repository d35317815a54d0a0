//! One model's waiting calls, in the order of their turns.

use std::collections::{BTreeSet, HashMap};

use super::{Ticket, UserIx, Waiting};

/// One request on the users' clocks, at weight 1.
pub(super) const REQUEST: u64 = 1 << 20;
/// How many users are read to find out who is ahead of a new call.
const AHEAD: usize = 128;

/// Users with their clocks; who waits is in `turns`, too.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    turns: BTreeSet<(u64, Ticket, UserIx)>,
    lines: HashMap<UserIx, Line>,
    /// Users who wait for nothing but had more than their share, by clock.
    resting: BTreeSet<(u64, UserIx)>,
    /// The clock of the user served last; never runs backwards.
    clock: u64,
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
    pub(super) fn waiting(&self) -> Waiting {
        Waiting { calls: self.calls, users: self.turns.len() }
    }

    /// The first call of every user, in the order of their turns.
    pub(super) fn heads(&self) -> impl Iterator<Item = Ticket> {
        self.turns.iter().map(|(_, ticket, _)| *ticket)
    }

    pub(super) fn enter(&mut self, user: UserIx, ticket: Ticket, step: u64) {
        let least = self.clock;
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
        let first = self.turns.first().map_or(self.clock, |(clock, ..)| *clock);
        self.clock = self.clock.max(first);
        self.change(user, |line| {
            line.tickets.remove(&ticket);
            line.clock = line.clock.saturating_add(step);
        });
        self.left();
        while let Some((clock, rested)) = self.resting.first().copied()
            && (clock <= self.clock || self.resting.len() > remembered)
        {
            self.resting.remove(&(clock, rested));
            self.lines.remove(&rested);
        }
    }

    /// Moves a waiting user's clock back.
    pub(super) fn refund(&mut self, user: UserIx, step: u64) {
        self.change(user, |line| line.clock = line.clock.saturating_sub(step));
    }

    /// How many waiting calls come before a new one of this user; `None` if that takes too long to tell.
    pub(super) fn ahead_of(&self, user: UserIx, step: u64) -> Option<u64> {
        let line = self.lines.get(&user);
        let own = line.map_or(0, |line| line.tickets.len() as u64);
        let turn = line.map_or(0, |line| line.clock).max(self.clock).saturating_add(own.saturating_mul(step));
        let mut ahead = own;
        for (seen, (clock, _, other)) in
            self.turns.iter().take_while(|(clock, ..)| *clock <= turn).enumerate()
        {
            if seen >= AHEAD {
                return None;
            }
            if *other != user {
                ahead += self.lines.get(other).map_or(0, |line| {
                    (line.tickets.len() as u64).min(1 + turn.saturating_sub(*clock) / line.step.max(1))
                });
            }
        }
        Some(ahead)
    }

    fn left(&mut self) {
        self.calls = self.calls.saturating_sub(1);
        if self.calls == 0 {
            // Nobody waits: nobody is owed anything.
            *self = Self { clock: self.clock, ..Self::default() };
        }
    }

    /// Changes a user's line and keeps the sets true to it.
    fn change(&mut self, user: UserIx, act: impl FnOnce(&mut Line)) {
        let line = self.lines.entry(user).or_default();
        match line.tickets.first() {
            Some(first) => self.turns.remove(&(line.clock, *first, user)),
            None => self.resting.remove(&(line.clock, user)),
        };
        act(line);
        match line.tickets.first() {
            Some(first) => {
                self.turns.insert((line.clock, *first, user));
            }
            None if line.clock > self.clock => {
                self.resting.insert((line.clock, user));
            }
            None => {
                self.lines.remove(&user);
            }
        }
    }
}
