//! When nobody has room: what the decision says.

use super::*;

#[test]
fn an_empty_pool_has_no_key() {
    let mut pool = Pool::new(Settings::default());
    assert_eq!(take(&mut pool, NOON), Err(Opening::NoKey));
    pool.put_project(project(0));
    assert_eq!(take(&mut pool, NOON), Err(Opening::NoKey));
    pool.put_key(KeySpec { enabled: false, ..key_spec(0, 0) });
    assert_eq!(take(&mut pool, NOON), Err(Opening::NoKey));
    pool.put_key(key_spec(0, 0));
    assert!(take(&mut pool, NOON).is_ok());
}

#[test]
fn projects_that_were_tried_are_left_out() {
    let pool = pool_of(2, 1, Settings::default());
    let tried = [ProjectId(0)];
    let decision = pool.choose(&Ask { exclude: &tried, ..ask() }, NOON, 0);
    assert_eq!(decision.shortlist[0].project, ProjectId(1));
    assert_eq!(decision.excluded, [(ProjectId(0), Exclusion { why: Why::Tried, until: None })]);
    let both = [ProjectId(0), ProjectId(1)];
    assert_eq!(pool.choose(&Ask { exclude: &both, ..ask() }, NOON, 0).opens, Opening::Tried);
}

#[test]
fn day_quotas_last_until_midnight_whatever_google_advises() {
    let mut pool = pool_of(2, 2, Settings::default());
    let midnight = calendar::next_midnight(NOON);
    pool.blame(KeyId(0), MODEL, &day_quota(Some(20)), NOON, 1);
    let first = take(&mut pool, NOON).unwrap();
    assert_eq!(first.project, ProjectId(1));
    pool.blame(KeyId(2), MODEL, &day_quota(Some(20)), NOON, 2);
    let Err(Opening::Day(opens)) = take(&mut pool, NOON) else { panic!("a day quota") };
    assert!((0..=120_000).contains(&opens.since(midnight)), "{opens:?}");
    assert!(matches!(take(&mut pool, opens.plus_ms(-1)), Err(Opening::Day(_))));
    assert!(take(&mut pool, opens).is_ok());
}

#[test]
fn our_own_count_closes_a_day_and_midnight_opens_it() {
    // An ordinary day, the one of 23 hours and the one of 25: 12:00 UTC and the midnight that ends it.
    let spring = (Moment(1_772_971_200_000), 19 * HOUR);
    let autumn = (Moment(1_793_534_400_000), 20 * HOUR);
    for (now, to_midnight) in [(NOON, 12 * HOUR), spring, autumn] {
        let mut pool = pool_of(1, 1, Settings::default());
        declare(&mut pool, Limits { rpd: Some(3), ..Limits::default() });
        for _ in 0..3 {
            drop(take(&mut pool, now).unwrap());
        }
        let midnight = now.plus_ms(to_midnight);
        assert_eq!(take(&mut pool, now), Err(Opening::Day(midnight)));
        assert_eq!(take(&mut pool, midnight.plus_ms(-1)), Err(Opening::Day(midnight)));
        for _ in 0..3 {
            drop(take(&mut pool, midnight).unwrap());
        }
        assert_eq!(take(&mut pool, midnight), Err(Opening::Day(midnight.plus_ms(24 * HOUR))));
    }
}

#[test]
fn a_model_that_no_project_offers_says_so() {
    let mut pool = pool_of(30, 1, Settings::default());
    let none = Blame::Quota {
        violations: vec![Violation {
            window: Window::Minute,
            measure: Measure::InputTokens,
            limit: Some(0),
            bucket_model: None,
        }],
        retry_after_ms: Some(5_000),
        free_tier: true,
    };
    for key in 0..30 {
        assert!(take(&mut pool, NOON).is_ok());
        pool.blame(KeyId(key), MODEL, &none, NOON, 0);
    }
    assert_eq!(take(&mut pool, NOON), Err(Opening::NotOffered));
    assert!(pool.choose(&ask(), NOON, 0).considered <= 16);
    // Other models of these projects are not touched, and after a day one probe per project may go.
    assert!(pool.take(&Ask { model: "other", ..ask() }, NOON, 0).1.is_ok());
    assert!(take(&mut pool, NOON.plus_ms(24 * HOUR)).unwrap().is_probe());
}

#[test]
fn a_call_larger_than_every_limit_is_told() {
    let mut pool = pool_of(2, 1, Settings::default());
    declare(&mut pool, Limits { tpm: Some(250_000), ..Limits::default() });
    let large = Ask { cost: Cost { requests: 1, tokens: 250_001 }, ..ask() };
    assert_eq!(pool.choose(&large, NOON, 0).opens, Opening::TooLarge { limit: 250_000 });
    let fits = Ask { cost: Cost { requests: 1, tokens: 250_000 }, ..ask() };
    assert!(pool.take(&fits, NOON, 0).1.is_ok());
}

#[test]
fn tokens_are_corrected_when_a_call_settles() {
    let mut pool = pool_of(1, 1, Settings::default());
    declare(&mut pool, Limits { tpm: Some(1_000), ..Limits::default() });
    let big = Ask { cost: Cost { requests: 1, tokens: 900 }, ..ask() };
    let taken = pool.take(&big, NOON, 0).1.unwrap();
    assert!(matches!(pool.choose(&big, NOON, 0).opens, Opening::At(_, Why::Minute)));
    pool.settle(taken, Settled { input_tokens: Some(100), outcome: Ending::Success }, NOON.plus_ms(1));
    let taken = pool.take(&big, NOON.plus_ms(1), 0).1.unwrap();
    pool.settle(taken, Settled { input_tokens: None, outcome: Ending::FailedNotCounted }, NOON.plus_ms(2));
    let taken = pool.take(&big, NOON.plus_ms(2), 0).1.unwrap();
    pool.abandon(taken, NOON.plus_ms(3));
    assert!(pool.take(&big, NOON.plus_ms(3), 0).1.is_err());
}

#[test]
fn a_lost_call_leaves_flight_by_itself() {
    let mut pool = pool_of(1, 1, Settings { concurrency: Some(2), ..Settings::default() });
    drop((take(&mut pool, NOON).unwrap(), take(&mut pool, NOON.plus_ms(5)).unwrap()));
    let opens = NOON.plus_ms(5 + 900_000);
    // One of them may end any time.
    let soon = NOON.plus_ms(6 + 2_000);
    assert_eq!(take(&mut pool, NOON.plus_ms(6)), Err(Opening::At(soon, Why::Busy)));
    assert_eq!(take(&mut pool, opens.plus_ms(-1)), Err(Opening::At(opens, Why::Busy)));
    let kept = take(&mut pool, opens).unwrap();
    let other = take(&mut pool, opens).unwrap();
    assert!(take(&mut pool, opens).is_err());
    success(&mut pool, kept, opens);
    assert!(take(&mut pool, opens).is_ok());
    pool.abandon(other, opens);
}

#[test]
fn the_reasons_name_who_is_left_out() {
    let mut pool = pool_of(5, 1, Settings::default());
    declare(&mut pool, rpm(100));
    pool.blame(KeyId(0), MODEL, &minute_quota(Some(5), Some(30_000)), NOON, 0);
    pool.blame(KeyId(1), MODEL, &day_quota(None), NOON, 0);
    pool.blame(KeyId(2), MODEL, &Blame::NotOffered, NOON, 0);
    pool.blame(KeyId(3), MODEL, &Blame::KeyMisconfigured { reason: "SERVICE_DISABLED".into() }, NOON, 0);
    let decision = pool.choose(&ask(), NOON, 0);
    let mut reasons: Vec<_> = decision.excluded.iter().map(|(id, exclusion)| (id.0, exclusion.why)).collect();
    reasons.sort_by_key(|(id, _)| *id);
    assert_eq!(reasons, [(0, Why::Minute), (1, Why::Day), (2, Why::NotOffered), (3, Why::Bench)]);
    assert_eq!(decision.opens, Opening::Now);
}
