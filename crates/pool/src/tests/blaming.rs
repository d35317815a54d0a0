//! What a failure does, to whom, and for how long.

use super::*;

fn blame(pool: &mut Pool, key: u32, blame: &Blame, now: Moment) -> Vec<Change> {
    pool.blame(KeyId(key), MODEL, blame, now, 7)
}

fn until(pool: &Pool, now: Moment) -> i64 {
    match pool.choose(&ask(), now, 0).opens {
        Opening::At(at, _) | Opening::Day(at) => at.since(now),
        Opening::Now => 0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_minute_bench_follows_the_advice_within_bounds() {
    for (advice, least, most) in [
        (Some(26_000), 26_000, 27_000),
        (Some(0), 1_000, 2_000),
        (Some(-5), 1_000, 2_000),
        (Some(3_600_000), 120_000, 120_000),
        (None, 30_000, 31_000), // half a minute is left of this one
    ] {
        let now = NOON.plus_ms(30_000);
        let mut pool = pool_of(1, 2, Settings::default());
        blame(&mut pool, 0, &minute_quota(None, advice), now);
        let wait = until(&pool, now);
        assert!((least..=most).contains(&wait), "{advice:?}: {wait}");
        assert!(take(&mut pool, now.plus_ms(wait)).is_ok());
        assert_eq!(pool.ready_keys(now), 2, "a quota is not the fault of a key");
    }
}

#[test]
fn a_day_beats_a_minute() {
    let mut pool = pool_of(1, 1, Settings::default());
    let violation =
        |window| Violation { window, measure: Measure::Requests, limit: Some(20), bucket_model: None };
    let both = Blame::Quota {
        violations: vec![violation(Window::Minute), violation(Window::Day)],
        retry_after_ms: Some(1_000),
        free_tier: false,
    };
    blame(&mut pool, 0, &both, NOON);
    assert!(until(&pool, NOON) >= 12 * HOUR);
}

#[test]
fn a_day_quota_just_after_midnight_may_be_yesterdays() {
    let midnight = calendar::next_midnight(NOON);
    for (after, limit, long) in
        [(500, Some(20), false), (500, None, false), (600_000, Some(20), true), (500, Some(1), true)]
    {
        let mut pool = pool_of(1, 1, Settings::default());
        let now = midnight.plus_ms(after);
        let taken = take(&mut pool, now).unwrap();
        blame(&mut pool, 0, &day_quota(limit), now);
        pool.abandon(taken, now);
        assert_eq!(until(&pool, now) > HOUR, long, "{after} {limit:?}");
    }
}

#[test]
fn limits_are_learned_with_their_date_and_forgotten_after_a_week() {
    let mut pool = pool_of(1, 1, Settings::default());
    let changes = blame(&mut pool, 0, &minute_quota(Some(2), Some(1_000)), NOON);
    let model = MODEL.to_owned();
    let learned = What::Learned { project: ProjectId(0), model, gauge: Gauge::Rpm, value: 2 };
    assert!(changes.contains(&Change { at: NOON, what: learned }));
    let later = NOON.plus_ms(10_000);
    let view = pool.snapshot(later).models[0].buckets[0].rpm;
    assert_eq!((view.limit, view.provenance), (Some(2), Some(Provenance::Learned { at: NOON })));
    assert!(
        take(&mut pool, later).is_ok() && take(&mut pool, later).is_ok() && take(&mut pool, later).is_err()
    );
    let week = NOON.plus_ms(7 * 24 * HOUR);
    assert!((0..3).all(|_| take(&mut pool, week).is_ok()));
}

#[test]
fn a_success_beyond_a_learned_limit_ends_it() {
    let mut pool = pool_of(1, 1, Settings::default());
    let sent: Vec<_> = (0..5).map(|_| take(&mut pool, NOON).unwrap()).collect();
    for reservation in sent {
        success(&mut pool, reservation, NOON);
    }
    // Another gateway met a limit of 5 that has since been raised; our own count stands at 5.
    blame(&mut pool, 0, &minute_quota(Some(5), Some(1_000)), NOON);
    let now = NOON.plus_ms(60_200);
    let sent: Vec<_> = (0..5).map(|_| take(&mut pool, now).unwrap()).collect();
    assert!(take(&mut pool, now).is_err());
    for reservation in sent {
        let changes = success(&mut pool, reservation, now);
        let unlearned = changes.iter().any(|change| matches!(change.what, What::Unlearned { .. }));
        assert!(!unlearned, "five are within the limit");
    }
    pool.set_limits(None, MODEL, rpm(50), Provenance::Learned { at: now });
    pool.set_limits(Some(ProjectId(0)), MODEL, rpm(6), Provenance::Learned { at: now });
    // A clock that was set back between the two would look the same within the first five seconds.
    let sent = take(&mut pool, now.plus_ms(5_001)).unwrap();
    pool.set_limits(Some(ProjectId(0)), MODEL, rpm(5), Provenance::Learned { at: now });
    let changes = success(&mut pool, sent, now.plus_ms(5_002));
    assert!(
        matches!(changes[..], [Change { what: What::Unlearned { gauge: Gauge::Rpm, .. }, .. }]),
        "{changes:?}"
    );
    assert!(take(&mut pool, now.plus_ms(5_003)).is_ok());
}

#[test]
fn a_bucket_name_covers_the_ids_that_were_learned() {
    let mut pool = pool_of(1, 1, Settings::default());
    let preview = Ask { model: "gemini-3.1-pro-preview", ..ask() };
    let plain = Ask { model: "gemini-3.1-pro", ..ask() };
    let early = pool.take(&preview, NOON, 0).1.unwrap();
    let _lost = pool.take(&plain, NOON, 0).1.unwrap();
    let blame = Blame::Quota {
        violations: vec![Violation {
            window: Window::Minute,
            measure: Measure::Requests,
            limit: Some(3),
            bucket_model: Some("models/gemini-3.1-pro".into()),
        }],
        retry_after_ms: Some(1_000),
        free_tier: false,
    };
    let changes = pool.blame(KeyId(0), preview.model, &blame, NOON, 0);
    assert!(matches!(changes[0].what, What::Alias { .. }), "{changes:?}");
    for ask in [&preview, &plain] {
        assert!(matches!(pool.choose(ask, NOON, 0).opens, Opening::At(_, Why::Minute)));
    }
    // Both names count together: two of three are taken, and the early call settles where it counts now.
    let later = NOON.plus_ms(2_000);
    let third = pool.take(&plain, later, 0).1.unwrap();
    assert!(pool.take(&preview, later, 0).1.is_err());
    pool.settle(early, Settled { input_tokens: None, outcome: Ending::FailedNotCounted }, later);
    assert!(pool.take(&preview, later, 0).1.is_ok());
    pool.abandon(third, later);
    assert_eq!(pool.snapshot(later).models.len(), 1);
}

#[test]
fn a_suspect_key_gets_one_more_chance() {
    let mut pool = pool_of(1, 2, with(Strategy::FillFirst));
    let suspect = Blame::KeySuspect { reason: "API_KEY_INVALID".into() };
    blame(&mut pool, 0, &suspect, NOON);
    assert_eq!(
        blame(&mut pool, 0, &suspect, NOON.plus_ms(5)),
        [],
        "calls that were out together fail together"
    );
    assert!(matches!(pool.key_state(KeyId(0), NOON), KeyState::Benched(_)));
    assert_eq!((pool.ready_keys(NOON), take(&mut pool, NOON).unwrap().key), (1, KeyId(1)));
    let later = NOON.plus_ms(60_000);
    let probe = take(&mut pool, later).unwrap();
    assert!(probe.is_probe() && probe.key == KeyId(0));
    assert_eq!(take(&mut pool, later).unwrap().key, KeyId(1), "one probe at a time");
    blame(&mut pool, 0, &suspect, later);
    assert!(matches!(pool.key_state(KeyId(0), later), KeyState::Dead { .. }));
    pool.clear(&Scope::Key(KeyId(0)), later);
    assert_eq!(pool.key_state(KeyId(0), later), KeyState::Ready);
}

#[test]
fn a_long_bench_is_lifted_by_the_success_of_its_probe() {
    let mut pool = pool_of(1, 1, Settings::default());
    blame(&mut pool, 0, &Blame::KeyMisconfigured { reason: "SERVICE_DISABLED".into() }, NOON);
    assert_eq!(until(&pool, NOON), HOUR);
    let now = NOON.plus_ms(HOUR);
    let probe = take(&mut pool, now).unwrap();
    assert_eq!(pool.choose(&ask(), now, 0).opens, Opening::At(now.plus_ms(2_000), Why::Probe));
    pool.settle(probe, Settled { input_tokens: None, outcome: Ending::FailedCounted }, now);
    let probe = take(&mut pool, now).unwrap();
    let changes = success(&mut pool, probe, now);
    assert_eq!(changes, [Change { at: now, what: What::Cleared { scope: Scope::Key(KeyId(0)) } }]);
    assert!(!take(&mut pool, now).unwrap().is_probe());
}

#[test]
fn a_probe_counts_for_every_model_of_the_key() {
    let mut pool = pool_of(1, 1, Settings::default());
    let other = Ask { model: "other", ..ask() };
    let _open = pool.take(&other, NOON, 0);
    blame(&mut pool, 0, &Blame::ProjectFor { ms: HOUR, reason: "no credit".into() }, NOON);
    let now = NOON.plus_ms(HOUR);
    let probe = take(&mut pool, now).unwrap();
    assert!(matches!(pool.choose(&other, now, 0).opens, Opening::At(_, Why::Probe)));
    success(&mut pool, probe, now);
    assert_eq!(pool.choose(&other, now, 0).opens, Opening::Now);
}

#[test]
fn throttling_doubles_and_success_resets_it() {
    let mut pool = pool_of(2, 1, with(Strategy::FillFirst));
    pool.blame(KeyId(1), MODEL, &day_quota(None), NOON, 0);
    let throttled = Blame::Throttled { retry_after_ms: None };
    let (mut now, mut waits) = (NOON, Vec::new());
    for _ in 0..8 {
        blame(&mut pool, 0, &throttled, now);
        blame(&mut pool, 0, &throttled, now.plus_ms(1)); // was out at the same time
        let KeyState::Ready = pool.key_state(KeyId(0), now) else { panic!("not the key's fault") };
        let bench = pool.snapshot(now.plus_ms(1)).models[0].buckets[0].bench.clone().unwrap();
        waits.push(bench.until.since(now) / 5_000 * 5);
        now = bench.until;
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
    let taken = take(&mut pool, now).unwrap();
    success(&mut pool, taken, now);
    blame(&mut pool, 0, &throttled, now);
    assert!(until(&pool, now) <= 6_001);
}

#[test]
fn soft_reasons_never_empty_the_pool_for_long() {
    let mut pool = pool_of(2, 1, Settings::default());
    let soft = Blame::KeyModelFor { ms: 6 * HOUR, reason: "not found".into() };
    blame(&mut pool, 0, &soft, NOON);
    assert_eq!(take(&mut pool, NOON).unwrap().project, ProjectId(1), "the other is not touched");
    blame(&mut pool, 1, &soft, NOON.plus_ms(2_000));
    assert_eq!(until(&pool, NOON.plus_ms(3_000)), 7_000);
    let now = NOON.plus_ms(10_000);
    let (decision, taken) = pool.take(&ask(), now, 0);
    assert!(decision.shortlist[0].last_resort);
    let taken = taken.unwrap();
    assert_eq!(taken.project, ProjectId(0));
    assert!(take(&mut pool, now).is_err(), "one at a time");
    success(&mut pool, taken, now);
    assert!(!pool.take(&ask(), now, 0).0.shortlist[0].last_resort);
}

#[test]
fn quota_reasons_do_empty_the_pool() {
    let mut pool = pool_of(1, 1, Settings::default());
    blame(&mut pool, 0, &minute_quota(None, Some(60_000)), NOON);
    assert!(take(&mut pool, NOON.plus_ms(30_000)).is_err());
}

#[test]
fn projects_that_fail_alike_make_an_incident_of_the_model() {
    let mut pool = pool_of(5, 1, Settings::default());
    let throttled = Blame::Throttled { retry_after_ms: None };
    blame(&mut pool, 0, &throttled, NOON);
    blame(&mut pool, 1, &throttled, NOON);
    let changes = blame(&mut pool, 2, &throttled, NOON.plus_ms(100));
    assert!(changes.iter().any(|change| matches!(change.what, What::Incident { .. })), "{changes:?}");
    assert_eq!(blame(&mut pool, 3, &throttled, NOON.plus_ms(200)), []);
    let view = pool.snapshot(NOON.plus_ms(200)).models[0].clone();
    assert!(view.buckets.iter().all(|bucket| bucket.bench.is_none()), "nobody else is blamed");
    assert!(pool.take(&Ask { model: "other", ..ask() }, NOON.plus_ms(200), 0).1.is_ok());
    let ends = NOON.plus_ms(5_100);
    assert_eq!(pool.choose(&ask(), NOON.plus_ms(200), 0).opens, Opening::At(ends, Why::Model));
    let probe = take(&mut pool, ends).unwrap();
    assert!(probe.is_probe());
    assert!(matches!(take(&mut pool, ends), Err(Opening::At(_, Why::Probe))));
    blame(&mut pool, 4, &throttled, ends);
    pool.settle(probe, Settled { input_tokens: None, outcome: Ending::FailedNotCounted }, ends);
    assert_eq!(until(&pool, ends), 10_000, "the second bench is longer");
    let probe = take(&mut pool, ends.plus_ms(10_000)).unwrap();
    success(&mut pool, probe, ends.plus_ms(10_500));
    assert_eq!(until(&pool, ends.plus_ms(10_500)), 0);
}

#[test]
fn one_overloaded_answer_benches_nobody_and_three_projects_alike_rest_the_model() {
    let mut pool = pool_of(4, 1, Settings::default());
    for project in 0..2 {
        blame(&mut pool, project, &Blame::Overloaded, NOON);
        assert_eq!(until(&pool, NOON), 0);
    }
    blame(&mut pool, 2, &Blame::Overloaded, NOON);
    assert!(matches!(pool.choose(&ask(), NOON, 0).opens, Opening::At(_, Why::Model)));
    assert_eq!(pool.ready_keys(NOON), 4, "no key suffers");
}

#[test]
fn a_suspended_project_takes_its_keys_along() {
    let mut pool = pool_of(2, 3, Settings::default());
    blame(&mut pool, 1, &Blame::ProjectDead { reason: "CONSUMER_SUSPENDED".into() }, NOON);
    assert_eq!(pool.ready_keys(NOON), 3);
    assert!(matches!(pool.key_state(KeyId(0), NOON), KeyState::Dead { .. }));
    pool.clear(&Scope::Project(ProjectId(0)), NOON);
    assert_eq!(pool.ready_keys(NOON), 6);
}
