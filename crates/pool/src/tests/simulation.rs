//! Days of virtual time under a seeded clock: a Google with hidden limits and a clock of its own, random faults,
//! calls that wait. A failing seed prints itself and goes into `REGRESSIONS`. `make simulate-pool SEEDS=10000` runs more
//! of them.

use std::collections::BTreeMap;

use super::*;
use crate::backoff::mix;

const PROJECTS: u32 = 5;
const KEYS_EACH: u32 = 2;
const SEEDS: u64 = 120;
/// Seeds that failed once.
const REGRESSIONS: &[u64] = &[1_415, 3_075, 6_595, 8_455];
const CALLS: u32 = 250;

/// The day in Los Angeles at a moment of 2026, by a rule of its own: it must not share the calendar's mistakes.
fn pacific_day(at: Moment) -> i64 {
    let summer = 1_772_964_000_000..1_793_523_600_000; // 2026-03-08T10:00Z to 2026-11-01T09:00Z
    let hours = if summer.contains(&at.0) { 7 } else { 8 };
    (at.0 - hours * HOUR).div_euclid(24 * HOUR)
}

/// What Google really allows a project, and what it has counted.
struct Google {
    limits: Limits,
    /// Whether its minute slides or is a clock minute: nobody knows.
    slides: bool,
    accepted: Vec<(Moment, u64)>,
}

enum Refusal {
    Minute(Measure, u64),
    Day(u64),
}

impl Google {
    fn call(&mut self, tokens: u64, now: Moment) -> Result<(), Refusal> {
        let slides = self.slides;
        let same_minute = |at: Moment| {
            if slides { now.since(at) < 60_000 } else { at.0.div_euclid(60_000) == now.0.div_euclid(60_000) }
        };
        let (count, held) = self.sums(same_minute);
        let today = self.today(now);
        let over = |limit: Option<u64>, used: u64| limit.filter(|limit| used > *limit);
        if let Some(limit) = over(self.limits.rpd, today + 1) {
            return Err(Refusal::Day(limit));
        }
        if let Some(limit) = over(self.limits.rpm, count + 1) {
            return Err(Refusal::Minute(Measure::Requests, limit));
        }
        if let Some(limit) = over(self.limits.tpm, held + tokens) {
            return Err(Refusal::Minute(Measure::InputTokens, limit));
        }
        self.accepted.push((now, tokens));
        Ok(())
    }

    /// Calls and tokens that were accepted at moments `within` says yes to.
    fn sums(&self, within: impl Fn(Moment) -> bool) -> (u64, u64) {
        let calls = self.accepted.iter().filter(|(at, _)| within(*at));
        calls.fold((0, 0), |(count, held), (_, tokens)| (count + 1, held + tokens))
    }

    fn today(&self, now: Moment) -> u64 {
        self.sums(|at| pacific_day(at) == pacific_day(now)).0
    }

    /// Neither reading of the minute that ends now holds more than is allowed.
    fn keeps_both_minutes(&self, now: Moment) -> bool {
        let keeps = |(count, held): (u64, u64)| {
            count <= self.limits.rpm.unwrap_or(u64::MAX) && held <= self.limits.tpm.unwrap_or(u64::MAX)
        };
        keeps(self.sums(|at| now.since(at) < 60_000))
            && keeps(self.sums(|at| at.0.div_euclid(60_000) == now.0.div_euclid(60_000)))
    }
}

struct Run {
    seed: u64,
    draws: u64,
    pool: Pool,
    google: Vec<Google>,
    now: Moment,
    /// When each call in flight ends, and how.
    flying: Vec<(Moment, Reservation, Settled)>,
    /// Refusals by project and kind: a learned limit may be met once per day of belief, not again.
    refused: BTreeMap<(u32, &'static str), u32>,
    faults: bool,
    /// How far Google's clock is ahead of ours, ms.
    skew: i64,
    /// Faults killed a key, or said that a project has no quota.
    crippled: bool,
    /// The pool knows the limits beforehand.
    declared: bool,
}

impl Run {
    fn new(seed: u64) -> Self {
        let strategies = [Strategy::Headroom, Strategy::LeastUsed, Strategy::RoundRobin, Strategy::FillFirst];
        let strategy = strategies[usize::try_from(seed % 4).unwrap()];
        let pool = pool_of(PROJECTS, KEYS_EACH, with(strategy));
        let mut run = Self {
            seed,
            draws: 0,
            pool,
            google: Vec::new(),
            now: NOON,
            flying: Vec::new(),
            refused: BTreeMap::new(),
            faults: seed.is_multiple_of(3),
            skew: 0,
            crippled: false,
            declared: seed.is_multiple_of(2),
        };
        // Start near a midnight at which the clock changes, or an ordinary one.
        let starts = [NOON, Moment(1_772_920_800_000), Moment(1_793_512_800_000)];
        run.now = starts[usize::try_from(run.draw(3)).unwrap()]
            .plus_ms(i64::try_from(run.draw(8 * 3_600_000)).unwrap());
        if seed.is_multiple_of(5) {
            run.skew = i64::try_from(run.draw(180_000)).unwrap() - 90_000;
        }
        for _ in 0..PROJECTS {
            let limits = Limits {
                rpm: Some(2 + run.draw(8)),
                tpm: Some(1_000 + run.draw(4_000)),
                rpd: Some(5 + run.draw(40)),
                tpd: None,
            };
            let slides = run.draw(2) == 0;
            run.google.push(Google { limits, slides, accepted: Vec::new() });
        }
        for (id, google) in (0..).zip(&run.google) {
            if run.declared {
                run.pool.set_limits(Some(ProjectId(id)), MODEL, google.limits, Provenance::Declared);
            }
        }
        run
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.draws += 1;
        mix(self.seed.wrapping_mul(0x1_0000_0001).wrapping_add(self.draws)) % below
    }

    fn go(mut self) -> usize {
        for _ in 0..CALLS {
            let wait = if self.draw(40) == 0 { self.draw(7_200_000) } else { self.draw(6_000) };
            self.pass(i64::try_from(wait).unwrap());
            if self.skew != 0 && self.draw(60) == 0 {
                self.set_back();
            }
            self.call();
        }
        self.every_bench_ends();
        self.google.iter().map(|google| google.accepted.len()).sum()
    }

    /// Lets time pass, and calls end in it.
    fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        self.flying.sort_by_key(|(ends, ..)| std::cmp::Reverse(*ends));
        while self.flying.last().is_some_and(|(ends, ..)| *ends <= until) {
            let (ends, taken, settled) = self.flying.pop().unwrap();
            self.pool.settle(taken, settled, ends);
        }
        self.now = until;
    }

    /// Our clock was ahead and is put right.
    fn set_back(&mut self) {
        let by = i64::try_from(self.draw(2_000)).unwrap();
        self.now = self.now.plus_ms(-by);
        self.skew += by;
    }

    fn google_now(&self) -> Moment {
        self.now.plus_ms(self.skew)
    }

    /// So close to midnight that the two clocks may differ about the day.
    fn near_midnight(&self) -> bool {
        let doubt = 120_000; // more than the clocks ever differ
        self.skew != 0 && pacific_day(self.now.plus_ms(-doubt)) != pacific_day(self.now.plus_ms(doubt))
    }

    /// One call, that waits up to ten minutes for its opening as a queue would.
    fn call(&mut self) {
        let tokens = 1 + self.draw(900);
        let ask = Ask { cost: Cost { requests: 1, tokens }, ..ask() };
        let deadline = self.now.plus_ms(600_000);
        for _ in 0..100 {
            let seed = self.draw(u64::MAX);
            match self.pool.take(&ask, self.now, seed).1 {
                Ok(taken) => return self.send(taken, tokens),
                Err(Opening::At(at, _) | Opening::Day(at)) => {
                    assert!(at > self.now, "an opening in the past");
                    self.nobody_has_room(tokens);
                    if at > deadline {
                        return;
                    }
                    self.pass(at.since(self.now));
                }
                Err(Opening::TooLarge { .. } | Opening::NotOffered) => return,
                Err(Opening::NoKey) if self.crippled => return,
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("waits for ever");
    }

    /// Without faults the pool may refuse only what Google would refuse by one of its two readings.
    fn nobody_has_room(&self, tokens: u64) {
        if self.faults || !self.declared || self.skew != 0 {
            return;
        }
        for google in &self.google {
            let limits = google.limits;
            let (count, held) = google.sums(|at| self.now.since(at) < 60_200);
            let room = google.today(self.now) < limits.rpd.unwrap()
                && count < limits.rpm.unwrap()
                && held + tokens <= limits.tpm.unwrap();
            assert!(!room, "idle while a bucket has room");
        }
    }

    fn send(&mut self, taken: Reservation, tokens: u64) {
        let project = taken.project.0;
        let ends = self.now.plus_ms(1 + i64::try_from(self.draw(20_000)).unwrap());
        if self.faults && self.draw(8) == 0 {
            return self.fail(taken, ends);
        }
        let now = self.google_now();
        let google = self.google.get_mut(project as usize).unwrap();
        let (outcome, refusal) = match google.call(tokens, now) {
            Ok(()) => (Ending::Success, None),
            Err(refusal) => (Ending::FailedNotCounted, Some(refusal)),
        };
        assert!(!self.declared || google.keeps_both_minutes(now), "a minute holds more than is allowed");
        if let Some(refusal) = refusal {
            self.refuse(&taken, &refusal);
        }
        self.flying.push((ends, taken, Settled { input_tokens: Some(tokens), outcome }));
    }

    fn refuse(&mut self, taken: &Reservation, refusal: &Refusal) {
        // With another midnight Google counts calls in another day than we do, and only its refusal tells.
        let doubt = matches!(refusal, Refusal::Day(_)) && self.skew != 0;
        assert!(doubt || !self.declared, "above a declared limit");
        let (window, measure, limit, name) = match refusal {
            Refusal::Minute(Measure::Requests, limit) => (Window::Minute, Measure::Requests, *limit, "rpm"),
            Refusal::Minute(measure, limit) => (Window::Minute, *measure, *limit, "tpm"),
            Refusal::Day(limit) => (Window::Day, Measure::Requests, *limit, "rpd"),
        };
        let met = self.refused.entry((taken.project.0, name)).or_default();
        *met += u32::from(!doubt);
        assert!(*met <= 1, "above a learned limit: {name} of {:?}", taken.project);
        let violation = Violation { window, measure, limit: Some(limit), bucket_model: None };
        let advice = (self.draw(2) == 0).then_some(20_000);
        let blame = Blame::Quota { violations: vec![violation], retry_after_ms: advice, free_tier: true };
        let seed = self.draw(u64::MAX);
        self.pool.blame(taken.key, MODEL, &blame, self.now, seed);
        if window == Window::Day {
            let view = self.pool.snapshot(self.now).models[0].buckets[taken.project.0 as usize].clone();
            let bench = view.bench.unwrap();
            let opens = bench.until;
            // A soft bench that the call went past may last longer than a doubtful day.
            let other = bench.grade == Grade::Soft && self.near_midnight();
            let soon = self.near_midnight() && opens.since(self.now) <= 120_000;
            let midnight = pacific_day(opens.plus_ms(-120_001)) == pacific_day(self.now)
                && pacific_day(opens) == pacific_day(self.now) + 1;
            assert!(soon || midnight || other, "a day bench ends at midnight, not at {opens:?}");
        }
    }

    fn fail(&mut self, taken: Reservation, ends: Moment) {
        let blame = match self.draw(12) {
            0 => Blame::Throttled { retry_after_ms: None },
            1 => Blame::KeyFor { ms: 900_000, reason: "fresh".into() },
            2 => Blame::KeyModelFor { ms: 6 * HOUR, reason: "404".into() },
            3 => Blame::KeyMisconfigured { reason: "off".into() },
            4 => Blame::ProjectFor { ms: HOUR, reason: "no credit".into() },
            5 => Blame::Overloaded,
            6 => Blame::KeySuspect { reason: "invalid".into() },
            7 => return drop(taken), // lost without a word
            8 if self.draw(4) == 0 => Blame::KeyDead { reason: "leaked".into() },
            9 => Blame::NotOffered,
            10 => minute_quota(Some(0), None),
            _ => return self.pool.abandon(taken, ends),
        };
        self.crippled |= matches!(blame, Blame::KeyDead { .. } | Blame::KeySuspect { .. });
        let seed = self.draw(u64::MAX);
        self.pool.blame(taken.key, MODEL, &blame, self.now, seed);
        self.flying.push((ends, taken, Settled { input_tokens: None, outcome: Ending::FailedNotCounted }));
    }

    /// A day and an hour later, calls that succeed bring everything but dead keys back.
    fn every_bench_ends(&mut self) {
        self.pass(25 * HOUR);
        let dead = |state: &KeyState| matches!(state, KeyState::Dead { .. });
        for _ in 0..40 {
            for project in 0..PROJECTS {
                let owner = Ask { require: Some(ProjectId(project)), ..ask() };
                if let Ok(taken) = self.pool.take(&owner, self.now, 0).1 {
                    success(&mut self.pool, taken, self.now.plus_ms(10));
                }
            }
            self.pass(61_000);
        }
        let snapshot = self.pool.snapshot(self.now);
        for project in &snapshot.projects {
            assert_eq!(project.state, KeyState::Ready);
            for key in &project.keys {
                assert!(key.state == KeyState::Ready || dead(&key.state), "{key:?}");
            }
        }
        for bucket in &snapshot.models[0].buckets {
            // Dead keys keep their other benches: nobody will probe them.
            let lost = matches!(bucket.opens, Some((Moment::NEVER, Why::NoKey)));
            let key_benched =
                bucket.key_benches.iter().any(|(id, _)| !dead(&self.pool.key_state(*id, self.now)));
            let spent = lost || bucket.rpd.limit.is_some_and(|limit| bucket.rpd.used >= limit);
            assert!(spent || (bucket.bench.is_none() && !key_benched), "{bucket:?}");
        }
    }
}

/// How many seeds to run: `POOL_SEEDS`, or the usual number.
#[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
fn seeds() -> u64 {
    std::env::var("POOL_SEEDS").map_or(SEEDS, |text| text.parse().expect("POOL_SEEDS is a number"))
}

#[test]
fn virtual_days_keep_every_promise() {
    let seeds = seeds();
    let (mut answers, mut failed) = (0, Vec::new());
    for seed in REGRESSIONS.iter().copied().chain(0..seeds) {
        match std::panic::catch_unwind(|| Run::new(seed).go()) {
            Ok(more) => answers += more,
            Err(_) => failed.push(seed),
        }
        if seed % 1_000 == 999 {
            println!("{} seeds, {answers} answers, failed: {failed:?}", seed + 1);
        }
    }
    assert!(failed.is_empty(), "the simulation failed with these seeds: {failed:?}");
    assert!(answers as u64 > 80 * seeds, "the simulation hardly ran: {answers} answers");
}
