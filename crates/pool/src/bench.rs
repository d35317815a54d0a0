//! A bench: shut out for a while, with a reason, and always with an end.
//!
//! A long bench is not lifted at once: after its end one probe call may go, and only its success lifts the
//! bench. A probe that never comes back frees its place after a while.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::gate::{Gate, LOOK_AGAIN_MS, Why};
use crate::settings::Settings;

/// What kind of reason a bench has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// A minute quota is used up.
    Minute,
    /// A day quota is used up.
    Day,
    /// No quota at all (`limit: 0`).
    NotOffered,
    /// Will not pass sooner: not set up, no credit, limited account.
    Hard,
    /// May pass sooner. Never empties the pool for long.
    Soft,
    /// The key looks dead; the same failure once more confirms it.
    Suspect,
}

impl Grade {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Minute, Self::Day, Self::NotOffered, Self::Hard, Self::Soft, Self::Suspect];

    /// A short name for logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
            Self::NotOffered => "not_offered",
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Suspect => "suspect",
        }
    }

    pub(crate) const fn why(self) -> Why {
        match self {
            Self::Minute => Why::Minute,
            Self::Day => Why::Day,
            Self::NotOffered => Why::NotOffered,
            Self::Hard | Self::Suspect => Why::Bench,
            Self::Soft => Why::Soft,
        }
    }
}

/// Why, since when, and until when something is benched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bench {
    pub(crate) grade: Grade,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) since: Moment,
    pub(crate) until: Moment,
    /// Released through one probe call.
    pub(crate) probe: bool,
    /// Until when the probe that is out keeps others waiting.
    pub(crate) out_until: Moment,
    /// Its last part, which holds only as long as the pool is not empty otherwise: it is there to spread returns.
    pub(crate) spread_ms: u32,
    /// When a call last went although the bench was running (a soft bench in an otherwise empty pool).
    pub(crate) tried: Moment,
}

impl Bench {
    pub(crate) fn new(
        grade: Grade,
        reason: Cow<'static, str>,
        (since, until): (Moment, Moment),
        settings: &Settings,
    ) -> Self {
        let probe = grade == Grade::Suspect || until.since(since) >= i64::from(settings.probe_from_ms);
        Self { grade, reason, since, until, probe, out_until: Moment(i64::MIN), spread_ms: 0, tried: since }
    }

    fn spread_from(&self) -> Moment {
        self.until.plus_ms(-i64::from(self.spread_ms))
    }

    /// When it lets a call through. `relax`: the pool is empty otherwise, so soft reasons hold less long.
    pub(crate) fn gate(&self, settings: &Settings, now: Moment, relax: bool) -> Gate {
        let mut until = self.until;
        if relax && self.grade == Grade::Soft {
            until = until.min(self.tried.plus_ms(i64::from(settings.soft_patience_ms)));
        }
        if relax {
            until = until.min(self.spread_from());
        }
        if now < until {
            Gate::until(until, self.grade.why())
        } else if now >= self.spread_from() && self.probe && now < self.out_until {
            Gate::until(self.out_until.min(now.plus_ms(LOOK_AGAIN_MS)), Why::Probe)
        } else {
            Gate::OPEN
        }
    }

    /// Notes that a call goes through now; true if it is a probe.
    pub(crate) fn pass(&mut self, now: Moment, out_until: Moment) -> bool {
        if now < self.spread_from() {
            self.tried = now;
            return false;
        }
        if self.probe {
            self.out_until = out_until;
        }
        self.probe
    }

    /// The probe came back without a verdict: the next may go.
    pub(crate) fn recall(&mut self, out_until: Moment) {
        if self.out_until == out_until {
            self.out_until = Moment(i64::MIN);
        }
    }

    /// Whether the success of a call sent at `sent` disproves the bench.
    pub(crate) fn refuted_by(&self, sent: Moment) -> bool {
        sent >= self.spread_from()
            || (self.grade == Grade::Soft && sent >= self.tried && self.tried > self.since)
    }

    /// Still shutting something out, or waiting for its probe.
    pub(crate) fn stands(&self, now: Moment) -> bool {
        now < self.until || self.probe
    }
}

/// The later of two benches stays; a probe that is wanted stays wanted.
pub(crate) fn lay(slot: &mut Option<Box<Bench>>, mut bench: Bench, now: Moment) -> bool {
    if let Some(old) = slot.as_deref() {
        if old.until > bench.until && old.until > now {
            return false;
        }
        bench.probe |= old.probe && old.grade == bench.grade;
    }
    *slot = Some(Box::new(bench));
    true
}

/// The gate of a bench that may not be there.
pub(crate) fn gate(slot: Option<&Bench>, settings: &Settings, now: Moment, relax: bool) -> Gate {
    slot.map_or(Gate::OPEN, |bench| bench.gate(settings, now, relax))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench(grade: Grade, ms: i64) -> Bench {
        Bench::new(grade, Cow::Borrowed("test"), (Moment(0), Moment(ms)), &Settings::default())
    }

    #[test]
    fn a_short_bench_ends_by_the_clock() {
        let (settings, short) = (Settings::default(), bench(Grade::Minute, 30_000));
        assert_eq!(short.gate(&settings, Moment(29_999), false), Gate::until(Moment(30_000), Why::Minute));
        assert!(short.gate(&settings, Moment(30_000), false).is_open(Moment(30_000)));
        assert!(!short.stands(Moment(30_000)));
    }

    #[test]
    fn a_long_bench_lets_one_probe_through_at_a_time() {
        let (settings, mut long) = (Settings::default(), bench(Grade::Hard, 3_600_000));
        let now = Moment(3_600_000);
        assert!(long.gate(&settings, now, false).is_open(now));
        assert!(long.pass(now, Moment(3_720_000)));
        // The probe may come back any time.
        let soon = now.plus_ms(LOOK_AGAIN_MS);
        assert_eq!(long.gate(&settings, now, false), Gate::until(soon, Why::Probe));
        long.recall(Moment(3_720_000));
        assert!(long.gate(&settings, now, false).is_open(now));
        assert!(long.refuted_by(now) && !long.refuted_by(Moment(3_599_999)));
    }

    #[test]
    fn what_only_spreads_returns_gives_way_to_one_probe_in_an_empty_pool() {
        let (settings, mut day) = (Settings::default(), bench(Grade::Day, 3_600_000));
        day.spread_ms = 100_000;
        let now = Moment(3_500_000);
        assert_eq!(day.gate(&settings, now, false), Gate::until(Moment(3_600_000), Why::Day));
        assert_eq!(day.gate(&settings, Moment(3_499_999), true), Gate::until(now, Why::Day));
        assert!(day.gate(&settings, now, true).is_open(now));
        assert!(day.pass(now, Moment(3_620_000)));
        assert!(!day.gate(&settings, now, true).is_open(now));
        assert!(day.refuted_by(now));
    }

    #[test]
    fn a_probe_that_never_returns_frees_its_place() {
        let (settings, mut long) = (Settings::default(), bench(Grade::Day, 700_000));
        long.pass(Moment(700_000), Moment(820_000));
        assert!(!long.gate(&settings, Moment(819_999), false).is_open(Moment(819_999)));
        assert!(long.gate(&settings, Moment(820_000), false).is_open(Moment(820_000)));
    }

    #[test]
    fn only_soft_reasons_give_way_in_an_empty_pool() {
        let settings = Settings::default();
        for (grade, opens) in [(Grade::Soft, 10_000), (Grade::Hard, 300_000), (Grade::Minute, 300_000)] {
            assert_eq!(
                bench(grade, 300_000).gate(&settings, Moment(1), true).until,
                Moment(opens),
                "{grade:?}"
            );
        }
        let mut soft = bench(Grade::Soft, 300_000);
        soft.pass(Moment(10_000), Moment(0));
        assert_eq!(soft.gate(&settings, Moment(10_001), true).until, Moment(20_000));
        assert!(soft.refuted_by(Moment(10_000)));
    }

    #[test]
    fn the_later_bench_stays() {
        let mut slot = None;
        assert!(lay(&mut slot, bench(Grade::Day, 900_000), Moment(0)));
        assert!(!lay(&mut slot, bench(Grade::Minute, 30_000), Moment(0)));
        assert_eq!(slot.as_deref().map(|bench| bench.grade), Some(Grade::Day));
        assert!(lay(&mut slot, bench(Grade::Minute, 1_000_000), Moment(950_000)));
    }
}
