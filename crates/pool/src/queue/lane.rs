//! One model's waiting calls, in the order of their turns.
//!
//! Every user has a clock, moved by each call that went, waited for or not, and fading with time: it says who was served
//! how much of late. Who is furthest behind goes first, except that a call whose patience is nearly over goes before all,
//! for that loses the fewest. If many are lost all the same there is too little for all; then nobody is lost for want of
//! order, and the clocks alone decide.
//!
//! Who was away comes back with a few turns saved up, no more.

use std::collections::{BTreeSet, HashMap};

use super::fading::{Fading, shifted};
use super::{Ticket, UserIx, Waiting};
use crate::Moment;

/// One request on the users' clocks, at weight 1.
pub(super) const REQUEST: u64 = 1 << 20;
/// How many users are read to find out who is ahead of a new call.
const AHEAD: usize = 128;
/// A call whose patience ends so soon is urgent.
const URGENT_MS: i64 = 8_000;
/// Room is scarce if of late more than one call in so many was lost to impatience.
const SCARCE: u64 = 5;

/// Users with their clocks.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// How far behind the lane's clock a user may come back.
    savings: u64,
    fading: Fading,
    /// Where the waiting user furthest behind is, or was when somebody last waited.
    clock: u64,
    /// Calls that went, and calls that were lost.
    went: u64,
    lost: u64,
    lines: HashMap<UserIx, Line>,
    /// Who waits, by clock, with the first call and the end of its patience.
    by_clock: BTreeSet<(u64, Ticket, UserIx, Moment)>,
    /// The first calls of those, by the end of their patience.
    by_deadline: BTreeSet<(Moment, Ticket)>,
    /// Who waits for nothing but has a clock worth remembering.
    resting: BTreeSet<(u64, UserIx)>,
    calls: usize,
    /// How many of those hold nobody up.
    pub(super) yielding: u64,
}

#[derive(Clone, Debug, Default)]
struct Line {
    /// With the end of their patience.
    tickets: BTreeSet<(Ticket, Moment)>,
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
            fading: Fading::default(),
            clock: 0,
            went: 0,
            lost: 0,
            lines: HashMap::new(),
            by_clock: BTreeSet::new(),
            by_deadline: BTreeSet::new(),
            resting: BTreeSet::new(),
            calls: 0,
            yielding: 0,
        }
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting { calls: self.calls, users: self.by_clock.len() }
    }

    /// The first call of every user, in the order of their turns.
    pub(super) fn heads(&self, now: Moment) -> impl Iterator<Item = Ticket> {
        let urgent_until = if self.is_scarce() { Moment(i64::MIN) } else { now.plus_ms(URGENT_MS) };
        let urgent = self.by_deadline.range(..(urgent_until, Ticket(0))).map(|(_, ticket)| *ticket);
        let in_turn = self.by_clock.iter().filter(move |(.., deadline)| *deadline >= urgent_until);
        urgent.chain(in_turn.map(|(_, ticket, ..)| *ticket))
    }

    /// Time goes on, and what was is worth less.
    pub(super) fn turn_to(&mut self, now: Moment) {
        let bits = self.fading.turn_to(now);
        if bits == 0 {
            return;
        }
        for sum in [&mut self.clock, &mut self.went, &mut self.lost] {
            *sum = shifted(*sum, bits);
        }
        for line in self.lines.values_mut() {
            line.clock = shifted(line.clock, bits);
            line.step = shifted(line.step, bits);
        }
        let by_clock = std::mem::take(&mut self.by_clock);
        let faded = by_clock
            .into_iter()
            .map(|(clock, first, user, until)| (shifted(clock, bits), first, user, until));
        self.by_clock.extend(faded);
        let resting = std::mem::take(&mut self.resting);
        self.resting.extend(resting.into_iter().map(|(clock, user)| (shifted(clock, bits), user)));
    }

    pub(super) fn enter(&mut self, user: UserIx, (ticket, deadline): (Ticket, Moment), step: u64) {
        let (least, step) = (self.least(), self.fading.weigh(step));
        self.change(user, |line| {
            line.step = step;
            if line.tickets.is_empty() {
                line.clock = line.clock.max(least);
            }
            line.tickets.insert((ticket, deadline));
        });
        self.calls += 1;
    }

    pub(super) fn leave(&mut self, user: UserIx, ticket: (Ticket, Moment)) {
        self.change(user, |line| {
            line.tickets.remove(&ticket);
        });
        self.calls = self.calls.saturating_sub(1);
    }

    /// A call was refused for want of room in time, or gave up waiting.
    pub(super) fn lose(&mut self) {
        self.lost = self.lost.saturating_add(self.fading.weigh(REQUEST));
    }

    /// A call went, so its user's clock moves. At most `remembered` users without calls keep their clocks.
    pub(super) fn charge(&mut self, user: UserIx, step: u64, remembered: usize) {
        self.went = self.went.saturating_add(self.fading.weigh(REQUEST));
        let (least, step) = (self.least(), self.fading.weigh(step));
        self.change(user, |line| line.clock = line.clock.max(least).saturating_add(step));
        while let Some((clock, rested)) = self.resting.first().copied()
            && (clock <= self.least() || self.resting.len() > remembered)
        {
            self.resting.remove(&(clock, rested));
            self.lines.remove(&rested);
        }
    }

    /// Moves a waiting user's clock back.
    pub(super) fn refund(&mut self, user: UserIx, step: u64) {
        let step = self.fading.weigh(step);
        self.change(user, |line| line.clock = line.clock.saturating_sub(step));
    }

    /// How many waiting calls have the right to go before a new one of this user; `None` if that takes too long to
    /// tell.
    pub(super) fn ahead_of(&self, user: UserIx, step: u64) -> Option<u64> {
        let line = self.lines.get(&user);
        let own = line.map_or(0, |line| line.tickets.len() as u64);
        let clock = line.map_or(0, |line| line.clock).max(self.least());
        let turn = clock.saturating_add(own.saturating_mul(self.fading.weigh(step)));
        let mut ahead = own;
        for (seen, (clock, _, other, _)) in
            self.by_clock.range(..=(turn, Ticket::LAST, user, Moment::NEVER)).enumerate()
        {
            if seen >= AHEAD {
                return None;
            }
            if let Some(line) = self.lines.get(other).filter(|_| *other != user) {
                ahead += (line.tickets.len() as u64).min(1 + (turn - clock) / line.step.max(1));
            }
        }
        Some(ahead)
    }

    /// Users whose clocks are kept, waiting or not.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.lines.len()
    }

    fn is_scarce(&self) -> bool {
        self.lost.saturating_mul(SCARCE) > self.lost.saturating_add(self.went)
    }

    /// Where the clock of who was away begins.
    fn least(&self) -> u64 {
        self.clock.saturating_sub(self.fading.weigh(self.savings))
    }

    /// Changes a user's line and keeps the sets true to it.
    fn change(&mut self, user: UserIx, act: impl FnOnce(&mut Line)) {
        let mut line = self.lines.remove(&user).unwrap_or_default();
        match line.tickets.first() {
            Some((first, deadline)) => {
                self.by_clock.remove(&(line.clock, *first, user, *deadline));
                self.by_deadline.remove(&(*deadline, *first));
            }
            None => {
                self.resting.remove(&(line.clock, user));
            }
        }
        act(&mut line);
        match line.tickets.first() {
            Some((first, deadline)) => {
                self.by_clock.insert((line.clock, *first, user, *deadline));
                self.by_deadline.insert((*deadline, *first));
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
