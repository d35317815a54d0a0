//! Several pools and what they hear of each other.

use super::*;
use crate::fleet::{Answer, Closed, Ledger, Taken};

fn small() -> Ask<'static> {
    Ask { model: MODEL, cost: Cost { requests: 1, tokens: 10 }, ..Ask::default() }
}

fn limited(rpm: u64, rpd: u64) -> Pool {
    let mut pool = pool_of(1, 1, Settings::default());
    let limits = Limits { rpm: Some(rpm), rpd: Some(rpd), ..Limits::default() };
    pool.set_limits(Some(ProjectId(0)), MODEL, limits, Provenance::Declared);
    pool
}

#[test]
fn what_the_others_used_up_is_closed_until_they_say() {
    let mut pool = limited(10, 100);
    let minute = Taken { requests: 10, tokens: 100 };
    let closed = Some(Closed { wait_ms: Some(7_000), tokens: 0 });
    pool.hear(ProjectId(0), MODEL, &Answer { closed, minute, day: minute }, NOON);
    assert_eq!(pool.take(&small(), NOON, 0).1, Err(Opening::At(NOON.plus_ms(7_000), Why::Minute)));
    assert!(pool.take(&small(), NOON.plus_ms(7_000), 0).1.is_ok());
}

#[test]
fn only_calls_as_large_wait_for_tokens_of_the_others() {
    let mut pool = limited(10, 100);
    let closed = Some(Closed { wait_ms: Some(7_000), tokens: 11 });
    pool.hear(ProjectId(0), MODEL, &Answer { closed, ..Answer::default() }, NOON);
    assert!(pool.take(&small(), NOON, 0).1.is_ok());
    let large = Ask { cost: Cost { requests: 1, tokens: 11 }, ..small() };
    assert!(pool.take(&large, NOON, 0).1.is_err());
}

#[test]
fn the_day_of_the_others_counts_and_is_not_written_down_twice() {
    let mut pool = limited(10, 8);
    let _mine = pool.take(&small(), NOON, 0).1.unwrap();
    let day = Taken { requests: 6, tokens: 60 };
    pool.hear(ProjectId(0), MODEL, &Answer { day, ..Answer::default() }, NOON);
    assert_eq!(pool.used(ProjectId(0), MODEL, Gauge::Rpd, NOON), 6);
    assert_eq!(pool.day_counts()[0].2.requests, 1, "what the store adds up is this pool's own");
    let _seventh = pool.take(&small(), NOON, 0).1.unwrap();
    let _eighth = pool.take(&small(), NOON, 0).1.unwrap();
    assert!(matches!(pool.take(&small(), NOON, 0).1, Err(Opening::Day(_))));
}

/// Three pools that hear nothing of each other pass no limit together.
#[test]
fn pools_by_themselves_keep_to_their_shares() {
    let mut together = 0;
    for _ in 0..3 {
        let mut pool = limited(10, 100);
        pool.set_settings(Settings { replicas: 3, ..Settings::default() });
        while pool.take(&small(), NOON, 0).1.is_ok() {
            together += 1;
        }
    }
    assert_eq!(together, 9);
}

#[test]
fn of_a_day_the_rest_is_divided() {
    let mut pool = limited(1_000, 100);
    let day = Taken { requests: 70, tokens: 700 };
    pool.hear(ProjectId(0), MODEL, &Answer { day, ..Answer::default() }, NOON);
    pool.set_settings(Settings { replicas: 3, ..Settings::default() });
    let taken = std::iter::from_fn(|| pool.take(&small(), NOON, 0).1.ok()).count();
    assert_eq!(taken, 10);
}

/// A claim carries what the ledger needs, whichever replica makes it.
#[test]
fn two_pools_and_a_ledger_pass_no_limit() {
    let (mut pools, mut ledger, mut granted) = ([limited(10, 100), limited(10, 100)], Ledger::default(), 0);
    for turn in 0..40 {
        let pool = &mut pools[turn % 2];
        let Ok(reservation) = pool.take(&small(), NOON, 0).1 else { continue };
        let claim = pool.claim(&reservation, NOON).unwrap();
        let (mark, answer) = ledger.take(&claim, NOON);
        if mark.is_some() {
            granted += 1;
            pool.hear(ProjectId(0), MODEL, &answer, NOON);
        } else {
            pool.settle(reservation, Settled { input_tokens: None, outcome: Ending::FailedNotCounted }, NOON);
            pool.hear(ProjectId(0), MODEL, &answer, NOON);
        }
    }
    assert_eq!(granted, 10);
}
