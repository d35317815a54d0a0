//! Google's metering, written apart from the pool's: a log per bucket, read anew for every call.
//!
//! A call passes if the minute's requests, the minute's input tokens and the Pacific day's requests all stay within
//! their limits with it; a refused call is not counted (`wire.md` §9.2).

use pool::Moment;
use pool::calendar::PacificDay;

use crate::world::{MINUTE, World};

/// What a minute is. Nobody outside knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// The sixty seconds before the call.
    Sliding,
    /// From :00 to :60.
    Clock,
}

/// One limit of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Requests a minute.
    Rpm,
    /// Input tokens a minute.
    Tpm,
    /// Requests a Pacific day.
    Rpd,
}

/// What Google says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An answer will come.
    Passed,
    /// 400, the key is not valid.
    DeadKey,
    /// 429, with the quotas that are used up, their values, and advice when to come again.
    Exhausted {
        /// Which, and how much each allows.
        quotas: Vec<(Quota, u64)>,
        /// When to come again.
        retry_ms: i64,
    },
}

/// All buckets.
#[derive(Clone, Debug)]
pub struct Google<'a> {
    world: &'a World,
    metering: Metering,
    /// By project and model: when calls passed, and their tokens, in order.
    pub passed: Vec<Vec<(i64, u64)>>,
    day: PacificDay,
    /// By bucket: the day it was last asked in, and where that day begins in `passed`.
    days: Vec<(i32, usize)>,
}

impl<'a> Google<'a> {
    /// Nothing is used yet.
    pub fn new(world: &'a World, metering: Metering) -> Self {
        let buckets = world.projects * world.models.len();
        let day = PacificDay::of(Moment(0));
        let (passed, days) = (vec![Vec::new(); buckets], vec![(day.number, 0); buckets]);
        Self { world, metering, passed, day, days }
    }

    /// The place of a bucket in `passed`.
    pub fn bucket(&self, project: usize, model: usize) -> usize {
        project * self.world.models.len() + model
    }

    /// A call reaches the meter.
    pub fn meter(&mut self, key: usize, model: usize, tokens: u64, now: i64) -> Verdict {
        let Some(key) = self.world.keys.get(key).filter(|key| !key.dead) else { return Verdict::DeadKey };
        let bucket = self.bucket(key.project, model);
        let today = self.today(bucket, now);
        let limits = &self.world.models[model];
        let today = today + self.used_before(key.project, limits.rpd, now);
        let from = self.minute_begins(now);
        let log = &self.passed[bucket];
        let recent = &log[log.partition_point(|(at, _)| *at < from)..];
        let spent: u64 = recent.iter().map(|(_, tokens)| tokens).sum();
        let mut quotas = Vec::new();
        let mut check = |quota, used, limit: Option<u64>| {
            if let Some(limit) = limit.filter(|limit| used > *limit) {
                quotas.push((quota, limit));
            }
        };
        check(Quota::Rpd, today + 1, limits.rpd);
        check(Quota::Rpm, recent.len() as u64 + 1, limits.rpm);
        check(Quota::Tpm, spent + tokens, limits.tpm);
        if quotas.is_empty() {
            self.passed[bucket].push((now, tokens));
            return Verdict::Passed;
        }
        let oldest = recent.first().map_or(now, |(at, _)| *at);
        Verdict::Exhausted { quotas, retry_ms: self.advice(oldest, now) }
    }

    fn minute_begins(&self, now: i64) -> i64 {
        match self.metering {
            Metering::Sliding => now - MINUTE + 1,
            Metering::Clock => now - now.rem_euclid(MINUTE),
        }
    }

    /// Whole seconds, as `RetryInfo` has them; about the minute, also when the day is used up.
    fn advice(&self, oldest: i64, now: i64) -> i64 {
        let opens = match self.metering {
            Metering::Sliding => oldest + MINUTE,
            Metering::Clock => now - now.rem_euclid(MINUTE) + MINUTE,
        };
        (opens - now) / 1_000 * 1_000
    }

    fn today(&mut self, bucket: usize, now: i64) -> u64 {
        if !self.day.contains(Moment(now)) {
            self.day = PacificDay::of(Moment(now));
        }
        let all = self.passed[bucket].len();
        let (day, began) = &mut self.days[bucket];
        if *day != self.day.number {
            (*day, *began) = (self.day.number, all);
        }
        (all - *began) as u64
    }

    fn used_before(&self, project: usize, rpd: Option<u64>, now: i64) -> u64 {
        let rpd = rpd.filter(|_| now < self.world.half_used_until);
        rpd.map_or(0, |rpd| self.world.used_before(project, rpd))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Model;

    /// 2026-11-21T08:00:00Z: midnight in Los Angeles.
    const MIDNIGHT: i64 = 1_795_248_000_000;

    fn world() -> World {
        let model = |rpm, tpm, rpd| Model { name: String::from("m"), rpm, tpm, rpd };
        let models = vec![model(Some(5), None, Some(20)), model(Some(30), Some(15_000), None)];
        World { half_used: vec![1], half_used_until: MIDNIGHT, ..World::of(2, 1, models) }
    }

    #[test]
    fn a_sliding_minute_and_a_clock_minute_differ() {
        let world = world();
        let key = 0;
        for (metering, after_turn) in [(Metering::Sliding, false), (Metering::Clock, true)] {
            let mut google = Google::new(&world, metering);
            let at = MIDNIGHT - 10 * MINUTE + 50_000;
            let passed: Vec<_> =
                (0..6).map(|n| google.meter(key, 0, 10, at + n) == Verdict::Passed).collect();
            assert_eq!(passed, [true, true, true, true, true, false]);
            assert_eq!(google.meter(key, 0, 10, at + 10_000) == Verdict::Passed, after_turn);
            assert_eq!(google.meter(key, 0, 10, at + MINUTE), Verdict::Passed);
        }
    }

    #[test]
    fn the_day_begins_anew_and_some_have_used_half_of_it() {
        let world = world();
        let key = 1;
        let mut google = Google::new(&world, Metering::Sliding);
        let mut passes = |from: i64| {
            (0..30).filter(|n| google.meter(key, 0, 10, from + n * MINUTE) == Verdict::Passed).count()
        };
        assert_eq!(passes(MIDNIGHT - 30 * MINUTE), 10);
        assert_eq!(passes(MIDNIGHT), 20);
    }

    #[test]
    fn every_exhausted_quota_is_named() {
        let world = world();
        let mut google = Google::new(&world, Metering::Sliding);
        assert_eq!(google.meter(0, 1, 14_990, MIDNIGHT), Verdict::Passed);
        let refused = google.meter(0, 1, 11, MIDNIGHT + 1_500);
        let expected = Verdict::Exhausted { quotas: vec![(Quota::Tpm, 15_000)], retry_ms: 58_000 };
        assert_eq!(refused, expected);
    }
}
