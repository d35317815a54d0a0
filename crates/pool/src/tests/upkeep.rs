//! Keys and projects come and go; state outlives a restart.

use proptest::prelude::{prop, prop_assert_eq, proptest};

use super::*;

#[test]
fn putting_a_key_again_keeps_what_is_known_of_it() {
    let mut pool = pool_of(1, 2, with(Strategy::FillFirst));
    pool.blame(KeyId(0), MODEL, &Blame::KeyDead { reason: "leaked".into() }, NOON, 0);
    pool.put_key(key_spec(0, 0));
    pool.put_project(ProjectSpec { weight: 4, ..project(0) });
    assert!(matches!(pool.key_state(KeyId(0), NOON), KeyState::Dead { .. }));
    pool.put_key(KeySpec { enabled: false, ..key_spec(1, 0) });
    assert_eq!(take(&mut pool, NOON), Err(Opening::NoKey));
    pool.put_key(key_spec(1, 0));
    assert_eq!(take(&mut pool, NOON).unwrap().key, KeyId(1));
}

#[test]
fn a_key_may_move_to_another_project() {
    let mut pool = pool_of(2, 2, Settings::default());
    declare(&mut pool, rpm(1));
    let early = take(&mut pool, NOON).unwrap();
    let moved = early.key;
    pool.put_key(key_spec(moved.0, 5));
    assert_eq!(pool.snapshot(NOON).projects.iter().map(|project| project.keys.len()).sum::<usize>(), 4);
    success(&mut pool, early, NOON);
    let rest: Vec<_> = (0..2).map(|_| take(&mut pool, NOON).unwrap().project.0).collect();
    assert!(rest.contains(&5), "{rest:?}");
    assert!(take(&mut pool, NOON).is_err(), "three projects, one call each");
}

#[test]
fn removing_a_key_keeps_the_counts_of_its_neighbours() {
    let mut pool = pool_of(1, 3, with(Strategy::LeastUsed));
    for _ in 0..6 {
        let taken = take(&mut pool, NOON).unwrap();
        success(&mut pool, taken, NOON);
    }
    pool.remove_key(KeyId(0));
    pool.put_key(key_spec(7, 0));
    let keys: Vec<_> = (0..4).map(|_| take(&mut pool, NOON).unwrap().key.0).collect();
    assert_eq!(keys[..2], [7, 7], "{keys:?}");
    assert_eq!(pool.key_state(KeyId(0), NOON), KeyState::Unknown);
}

#[test]
fn removing_a_project_removes_its_keys() {
    let mut pool = pool_of(2, 2, Settings::default());
    let taken = take(&mut pool, NOON).unwrap();
    let gone = taken.project;
    pool.remove_project(gone);
    success(&mut pool, taken, NOON);
    assert_eq!(pool.ready_keys(NOON), 2);
    assert!((0..5).all(|_| take(&mut pool, NOON).unwrap().project != gone));
    assert_eq!(pool.blame(KeyId(gone.0 * 2), MODEL, &Blame::NotOffered, NOON, 0), []);
}

#[test]
fn stored_changes_bring_a_pool_back() {
    let mut pool = pool_of(6, 1, Settings::default());
    let mut changes = Vec::new();
    for (key, blame) in [
        (0, day_quota(Some(20))),
        (1, Blame::KeyDead { reason: "leaked".into() }),
        (2, Blame::KeyModelFor { ms: HOUR, reason: "404".into() }),
        (3, Blame::AccountLimited),
        (4, Blame::NotOffered),
    ] {
        changes.extend(pool.blame(KeyId(key), MODEL, &blame, NOON, 3));
    }
    let mut again = pool_of(6, 1, Settings::default());
    for change in &changes {
        again.restore(change, NOON);
    }
    let (before, after) = (pool.snapshot(NOON), again.snapshot(NOON));
    assert_eq!(before.projects, after.projects);
    assert_eq!(before.models[0].buckets, after.models[0].buckets);
    assert_eq!(after.ready_keys, 4);
}

#[test]
fn a_days_count_comes_back_on_its_day_only() {
    let mut pool = pool_of(1, 1, Settings::default());
    declare(&mut pool, Limits { rpd: Some(20), ..Limits::default() });
    let day = calendar::PacificDay::of(NOON).number;
    pool.restore_day(ProjectId(0), MODEL, DayCount { day: day - 1, requests: 20, tokens: 0 }, NOON);
    assert!(take(&mut pool, NOON).is_ok());
    pool.restore_day(ProjectId(0), MODEL, DayCount { day, requests: 20, tokens: 0 }, NOON);
    assert!(matches!(take(&mut pool, NOON), Err(Opening::Day(_))));
}

#[test]
fn the_snapshot_feeds_the_forecast() {
    let mut pool = pool_of(3, 1, Settings::default());
    declare(&mut pool, Limits { rpd: Some(20), ..Limits::default() });
    for call in 0..6 {
        drop(take(&mut pool, NOON.plus_ms(call)).unwrap());
    }
    pool.blame(KeyId(0), MODEL, &day_quota(None), NOON, 0);
    let snapshot = pool.snapshot(NOON.plus_ms(10));
    let burn = snapshot.models[0].burn;
    assert_eq!((burn.capacity, burn.left, burn.used, burn.last_minute), (60, 36, 6, 6));
    let rate = forecast::Rate { requests: 6, over_ms: 60_000 };
    let outlook = burn.forecast(rate, snapshot.at, snapshot.day_ends);
    assert!(
        matches!(outlook, forecast::Forecast::Dry { at, .. } if at == snapshot.at.plus_ms(360_000)),
        "{outlook:?}"
    );
}

#[test]
fn changing_the_strategy_keeps_all_counts() {
    let mut pool = pool_of(2, 1, with(Strategy::RoundRobin));
    declare(&mut pool, rpm(2));
    for _ in 0..3 {
        drop(take(&mut pool, NOON).unwrap());
    }
    pool.set_settings(with(Strategy::Headroom));
    assert!(take(&mut pool, NOON).is_ok());
    assert!(take(&mut pool, NOON).is_err());
}

#[test]
fn estimates_are_calibrated_per_model() {
    let mut pool = pool_of(1, 1, Settings::default());
    for _ in 0..10 {
        pool.see_estimate(MODEL, 100, 150, NOON);
    }
    assert_eq!((pool.calibrated(MODEL, 100), pool.calibrated("other", 100)), (150, 100));
}

proptest! {
    /// The count of ready keys is kept between two questions; whatever changes it is noticed all the same.
    #[test]
    fn the_count_of_ready_keys_is_never_stale(steps in prop::collection::vec((0..8_u8, 0..6_u32, 0..90_000_i64), 1..60)) {
        let mut pool = pool_of(3, 2, Settings::default());
        let mut now = NOON;
        for (action, id, wait) in steps {
            match action {
                0 => pool.put_key(KeySpec { enabled: wait % 2 == 0, ..key_spec(id, id % 3) }),
                1 => pool.put_project(ProjectSpec { enabled: wait % 3 > 0, ..project(id % 3) }),
                2 => pool.remove_key(KeyId(id)),
                3 => {
                    let unset = Blame::KeyFor { ms: wait, reason: "new".into() };
                    pool.blame(KeyId(id), MODEL, &unset, now, 1);
                }
                4 => {
                    let poor = Blame::ProjectFor { ms: 20 * wait, reason: "no credit".into() };
                    pool.blame(KeyId(id), MODEL, &poor, now, 1);
                }
                5 => {
                    pool.blame(KeyId(id), MODEL, &Blame::KeyDead { reason: "leaked".into() }, now, 1);
                }
                6 => {
                    if let Ok(taken) = take(&mut pool, now) {
                        success(&mut pool, taken, now);
                    }
                }
                _ => now = now.plus_ms(20 * wait),
            }
            let ready = (0..6).filter(|id| pool.key_state(KeyId(*id), now) == KeyState::Ready).count();
            prop_assert_eq!(pool.ready_keys(now), ready);
        }
    }
}
