//! Days of virtual time under a seeded clock: a Google with hidden limits, random faults, calls that wait. A
//! failing seed prints itself: run it alone with `Run::new(seed).go()`.

use std::collections::BTreeMap;

use super::*;
use crate::backoff::mix;

const PROJECTS: u32 = 5;
const KEYS_EACH: u32 = 2;
const SEEDS: u64 = 120;
const CALLS: u32 = 250;

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
        let same_minute = |at: Moment| {
            if self.slides {
                now.since(at) < 60_000
            } else {
                at.0.div_euclid(60_000) == now.0.div_euclid(60_000)
            }
        };
        let minute = || self.accepted.iter().filter(|(at, _)| same_minute(*at));
        let day = calendar::PacificDay::of(now);
        let today = self.accepted.iter().filter(|(at, _)| day.contains(*at)).count() as u64;
        let over = |limit: Option<u64>, used: u64| limit.filter(|limit| used > *limit);
        if let Some(limit) = over(self.limits.rpd, today + 1) {
            return Err(Refusal::Day(limit));
        }
        if let Some(limit) = over(self.limits.rpm, minute().count() as u64 + 1) {
            return Err(Refusal::Minute(Measure::Requests, limit));
        }
        if let Some(limit) = over(self.limits.tpm, minute().map(|(_, tokens)| tokens).sum::<u64>() + tokens) {
            return Err(Refusal::Minute(Measure::InputTokens, limit));
        }
        self.accepted.push((now, tokens));
        Ok(())
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
            declared: seed.is_multiple_of(2),
        };
        // Start near a midnight at which the clock changes, or an ordinary one.
        let starts = [NOON, Moment(1_772_920_800_000), Moment(1_793_512_800_000)];
        run.now = starts[usize::try_from(run.draw(3)).unwrap()]
            .plus_ms(i64::try_from(run.draw(8 * 3_600_000)).unwrap());
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
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("waits for ever");
    }

    /// Without faults the pool may refuse only what Google would refuse by one of its two readings.
    fn nobody_has_room(&self, tokens: u64) {
        if self.faults || !self.declared {
            return;
        }
        for google in &self.google {
            let limits = google.limits;
            let day = calendar::PacificDay::of(self.now);
            let minute = || google.accepted.iter().filter(|(at, _)| self.now.since(*at) < 60_200);
            let today = google.accepted.iter().filter(|(at, _)| day.contains(*at)).count() as u64;
            let room = today < limits.rpd.unwrap()
                && (minute().count() as u64) < limits.rpm.unwrap()
                && minute().map(|(_, tokens)| tokens).sum::<u64>() + tokens <= limits.tpm.unwrap();
            assert!(!room, "idle while a bucket has room");
        }
    }

    fn send(&mut self, taken: Reservation, tokens: u64) {
        let project = taken.project.0;
        let ends = self.now.plus_ms(1 + i64::try_from(self.draw(20_000)).unwrap());
        if self.faults && self.draw(8) == 0 {
            return self.fail(taken, ends);
        }
        let google = self.google.get_mut(project as usize).unwrap();
        let (outcome, refusal) = match google.call(tokens, self.now) {
            Ok(()) => (Ending::Success, None),
            Err(refusal) => (Ending::FailedNotCounted, Some(refusal)),
        };
        if let Some(refusal) = refusal {
            self.refuse(&taken, &refusal);
        }
        self.flying.push((ends, taken, Settled { input_tokens: Some(tokens), outcome }));
    }

    fn refuse(&mut self, taken: &Reservation, refusal: &Refusal) {
        assert!(!self.declared, "above a declared limit");
        let (window, measure, limit, name) = match refusal {
            Refusal::Minute(Measure::Requests, limit) => (Window::Minute, Measure::Requests, *limit, "rpm"),
            Refusal::Minute(measure, limit) => (Window::Minute, *measure, *limit, "tpm"),
            Refusal::Day(limit) => (Window::Day, Measure::Requests, *limit, "rpd"),
        };
        let met = self.refused.entry((taken.project.0, name)).or_default();
        *met += 1;
        assert!(*met <= 1, "above a learned limit: {name} of {:?}", taken.project);
        let violation = Violation { window, measure, limit: Some(limit), bucket_model: None };
        let advice = (self.draw(2) == 0).then_some(20_000);
        let blame = Blame::Quota { violations: vec![violation], retry_after_ms: advice, free_tier: true };
        let seed = self.draw(u64::MAX);
        self.pool.blame(taken.key, MODEL, &blame, self.now, seed);
        if window == Window::Day {
            let view = self.pool.snapshot(self.now).models[0].buckets[taken.project.0 as usize].clone();
            let opens = view.bench.unwrap().until;
            let after = opens.since(calendar::next_midnight(self.now));
            assert!((0..=120_000).contains(&after), "a day bench ends at midnight, not {after} ms after");
        }
    }

    fn fail(&mut self, taken: Reservation, ends: Moment) {
        let blame = match self.draw(9) {
            0 => Blame::Throttled { retry_after_ms: None },
            1 => Blame::KeyFor { ms: 900_000, reason: "fresh".into() },
            2 => Blame::KeyModelFor { ms: 6 * HOUR, reason: "404".into() },
            3 => Blame::KeyMisconfigured { reason: "off".into() },
            4 => Blame::ProjectFor { ms: HOUR, reason: "no credit".into() },
            5 => Blame::Overloaded,
            6 => Blame::KeySuspect { reason: "invalid".into() },
            7 => return drop(taken), // lost without a word
            _ => return self.pool.abandon(taken, ends),
        };
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

#[test]
fn virtual_days_keep_every_promise() {
    let mut answers = 0;
    for seed in 0..SEEDS {
        let run = std::panic::catch_unwind(|| Run::new(seed).go());
        answers += run.unwrap_or_else(|_| panic!("the simulation failed with seed {seed}"));
    }
    assert!(answers > 10_000, "the simulation hardly ran: {answers} answers");
}
