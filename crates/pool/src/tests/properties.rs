//! Properties, against plain models that recount everything from a log.

use proptest::prelude::*;
use proptest::strategy::Strategy;

use super::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Call { tokens: u64 },
    Settle { which: usize, tokens: u64, outcome: Ending },
    Blame { key: u32, what: usize },
}

fn steps(longest: i64) -> impl Strategy<Value = Vec<Step>> {
    let ending = prop::sample::select(vec![
        Ending::Success,
        Ending::FailedCounted,
        Ending::FailedNotCounted,
        Ending::Abandoned,
    ]);
    let step = prop_oneof![
        2 => (0..longest).prop_map(Step::Wait),
        5 => (1..900_u64).prop_map(|tokens| Step::Call { tokens }),
        3 => (0..8_usize, 1..900_u64, ending)
            .prop_map(|(which, tokens, outcome)| Step::Settle { which, tokens, outcome }),
        1 => (0..6_u32, 0..10_usize).prop_map(|(key, what)| Step::Blame { key, what }),
    ];
    prop::collection::vec(step, 1..120)
}

fn a_blame(what: usize) -> Blame {
    match what {
        0 => day_quota(None),
        1 => minute_quota(None, Some(20_000)),
        2 => Blame::Throttled { retry_after_ms: None },
        3 => Blame::KeyFor { ms: 900_000, reason: "fresh".into() },
        4 => Blame::KeyModelFor { ms: 6 * HOUR, reason: "404".into() },
        5 => Blame::KeyMisconfigured { reason: "off".into() },
        6 => Blame::ProjectFor { ms: HOUR, reason: "no credit".into() },
        7 => Blame::NotOffered,
        8 => Blame::Overloaded,
        _ => Blame::AccountLimited,
    }
}

fn a_strategy() -> impl Strategy<Value = crate::Strategy> {
    use crate::Strategy::{FillFirst, Headroom, LeastUsed, RoundRobin};
    prop::sample::select(vec![Headroom, LeastUsed, RoundRobin, FillFirst])
}

/// What was sent to one project: when, and how many tokens it holds now.
type Log = Vec<(Moment, u64)>;

const LIMITS: Limits = Limits { rpm: Some(6), tpm: Some(2_000), rpd: Some(15), tpd: None };

/// No reading of the minute, and no Pacific day, holds more than the limit.
fn within_limits(log: &Log) -> Result<(), TestCaseError> {
    for (at, _) in log {
        let sliding = log.iter().filter(|(other, _)| (0..60_000).contains(&other.since(*at)));
        let clock = log.iter().filter(|(other, _)| other.0.div_euclid(60_000) == at.0.div_euclid(60_000));
        let day = calendar::PacificDay::of(*at);
        prop_assert!(sliding.clone().count() <= 6 && clock.clone().count() <= 6);
        prop_assert!(sliding.map(|(_, tokens)| tokens).sum::<u64>() <= 2_000);
        prop_assert!(clock.map(|(_, tokens)| tokens).sum::<u64>() <= 2_000);
        prop_assert!(log.iter().filter(|(other, _)| day.contains(*other)).count() <= 15);
    }
    Ok(())
}

/// Whether a project has room, by its log alone.
fn has_room(log: &Log, tokens: u64, now: Moment) -> bool {
    let minute = log.iter().filter(|(at, _)| now.since(*at) < 60_200);
    let day = calendar::PacificDay::of(now);
    minute.clone().count() < 6
        && minute.map(|(_, tokens)| tokens).sum::<u64>() + tokens <= 2_000
        && log.iter().filter(|(at, _)| day.contains(*at)).count() < 15
}

proptest! {
    /// Conservation: nothing is ever above a limit, nothing is refused that had room, and what the pool counts
    /// is what the log holds.
    #[test]
    fn never_above_a_limit_and_never_idle(strategy in a_strategy(), steps in steps(40_000)) {
        let mut pool = pool_of(3, 2, with(strategy));
        declare(&mut pool, LIMITS);
        let mut logs = vec![Log::new(); 3];
        let mut open: Vec<(Reservation, usize)> = Vec::new();
        let mut now = NOON.plus_ms(11 * HOUR + 1_800_000); // midnight is near
        for step in steps {
            match step {
                Step::Wait(ms) => now = now.plus_ms(ms),
                Step::Call { tokens } => {
                    let ask = Ask { cost: Cost { requests: 1, tokens }, ..ask() };
                    let room = logs.iter().any(|log| has_room(log, tokens, now));
                    let taken = pool.take(&ask, now, 5).1;
                    prop_assert_eq!(taken.is_ok(), room, "{:?}", taken);
                    if let Ok(taken) = taken {
                        let log = &mut logs[taken.project.0 as usize];
                        log.push((now, tokens));
                        open.push((taken, log.len() - 1));
                    }
                }
                Step::Settle { which, tokens, outcome } if which < open.len() => {
                    let (taken, entry) = open.remove(which);
                    let (log, reserved) = (&mut logs[taken.project.0 as usize], taken.cost.tokens);
                    // Google never counts more than was estimated here, so limits must hold to the token.
                    let actual = tokens.min(reserved);
                    match outcome {
                        Ending::Success | Ending::FailedCounted => log[entry].1 = actual,
                        Ending::FailedNotCounted => log[entry] = (Moment(0), 0),
                        Ending::Abandoned => {}
                    }
                    pool.settle(taken, Settled { input_tokens: Some(actual), outcome }, now);
                }
                Step::Settle { .. } | Step::Blame { .. } => {}
            }
        }
        for (log, view) in logs.iter().zip(pool.snapshot(now).models.first().map_or(&[][..], |model| &model.buckets)) {
            let live = log.iter().filter(|(at, _)| now.since(*at) < 60_200);
            prop_assert_eq!(view.tpm.used, live.map(|(_, tokens)| tokens).sum::<u64>());
            within_limits(&log.iter().copied().filter(|(at, _)| *at != Moment(0)).collect())?;
        }
        prop_assert_eq!(pool.snapshot(now).models[0].buckets.iter().map(|view| view.in_flight as usize).sum::<usize>(), open.len());
    }

    /// The opening is true: at that moment the call passes, and at none before. Every bench ends.
    #[test]
    fn the_opening_is_the_earliest(
        strategy in a_strategy(), steps in steps(400_000), tokens in 1..2_000_u64, samples in prop::collection::vec(0.0..1.0_f64, 6)
    ) {
        let mut pool = pool_of(3, 2, with(strategy));
        declare(&mut pool, LIMITS);
        let (mut now, mut open) = (NOON, Vec::new());
        for (index, step) in steps.into_iter().enumerate() {
            match step {
                Step::Wait(ms) => now = now.plus_ms(ms),
                Step::Call { tokens } => {
                    let ask = Ask { cost: Cost { requests: 1, tokens }, ..ask() };
                    open.extend(pool.take(&ask, now, index as u64).1);
                }
                Step::Settle { which, tokens, outcome } if which < open.len() => {
                    let taken = open.remove(which);
                    pool.settle(taken, Settled { input_tokens: Some(tokens), outcome }, now);
                }
                Step::Settle { .. } => {}
                Step::Blame { key, what } => {
                    pool.blame(KeyId(key), MODEL, &a_blame(what), now, index as u64);
                }
            }
        }
        let ask = Ask { cost: Cost { requests: 1, tokens }, ..ask() };
        // Who waits for a probe looks again and again: one that never returns is forgotten after two minutes.
        while let Opening::At(opens, Why::Probe) = pool.choose(&ask, now, 0).opens {
            prop_assert!(opens > now && opens.since(now) <= 2_000, "a probe may return any time");
            now = opens;
        }
        let mut at = now;
        match pool.choose(&ask, now, 0).opens {
            Opening::Now => {}
            Opening::NotOffered => at = now.plus_ms(48 * HOUR),
            Opening::At(opens, _) | Opening::Day(opens) => {
                prop_assert!(opens > now && opens.since(now) <= 26 * HOUR, "every bench ends");
                for sample in samples {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a sample")]
                    let between = now.plus_ms((sample * opens.since(now) as f64) as i64).min(opens.plus_ms(-1));
                    prop_assert_ne!(pool.choose(&ask, between, 0).opens, Opening::Now, "{:?} of {:?}", between, opens);
                }
                prop_assert_ne!(pool.choose(&ask, opens.plus_ms(-1), 0).opens, Opening::Now);
                at = opens;
            }
            other => prop_assert!(false, "{:?}", other),
        }
        // Where a bench has ended, a probe may still be out; another key may open before one looks for it again.
        while let Opening::At(opens, why) = pool.choose(&ask, at, 0).opens {
            prop_assert!(opens > at && opens.since(at) <= 2_000, "{why:?}: a probe may return any time");
            at = opens;
        }
        prop_assert_eq!(pool.choose(&ask, at, 0).opens, Opening::Now);
        prop_assert!(pool.take(&ask, at, 0).1.is_ok());
    }

    /// Always-ready keys are never more than one call apart, whatever the sizes of their projects.
    #[test]
    fn round_robin_is_fair(sizes in prop::collection::vec(1..6_u32, 1..40), calls in 1..400_u32) {
        let mut pool = Pool::new(with(crate::Strategy::RoundRobin));
        let mut keys = 0;
        for (id, size) in sizes.iter().enumerate() {
            for _ in 0..*size {
                pool.put_key(key_spec(keys, u32::try_from(id).unwrap()));
                keys += 1;
            }
        }
        let mut counts = vec![0_u32; keys as usize];
        for call in 0..calls {
            let taken = take(&mut pool, NOON.plus_ms(i64::from(call))).unwrap();
            counts[taken.key.0 as usize] += 1;
        }
        prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{:?}", counts);
    }

    /// The ordered sets of a large pool find what a full scan finds.
    #[test]
    fn a_large_pool_is_never_idle_either(seed: u64, filled in prop::collection::vec((0..300_u32, 1..1_900_u64), 0..400)) {
        let mut pool = pool_of(300, 1, with(crate::Strategy::Headroom));
        declare(&mut pool, Limits { tpm: Some(2_000), ..Limits::default() });
        let mut used = vec![0; 300];
        for (project, tokens) in filled {
            let ask = Ask { cost: Cost { requests: 1, tokens }, require: Some(ProjectId(project)), ..ask() };
            if pool.take(&ask, NOON, seed).1.is_ok() {
                used[project as usize] += tokens;
            }
        }
        for tokens in [1, 500, 1_500, 1_999, 2_000] {
            let ask = Ask { cost: Cost { requests: 1, tokens }, ..ask() };
            let room = used.iter().any(|used| used + tokens <= 2_000);
            prop_assert_eq!(pool.choose(&ask, NOON, seed).opens == Opening::Now, room);
        }
    }
}
