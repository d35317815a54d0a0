//! A census says what a snapshot says, in numbers.

use super::*;

fn counted(pool: &Pool, now: Moment, step: usize) -> Census {
    let mut census = Census::default();
    let end = pool.projects_to_count();
    for start in (0..end).step_by(step) {
        pool.count(start..(start + step).min(end), &mut census, now);
    }
    census
}

fn states<'a>(states: impl Iterator<Item = &'a KeyState>) -> States {
    let mut sum = States::default();
    for state in states {
        match state {
            KeyState::Ready => sum.ready += 1,
            KeyState::Benched(_) => sum.benched += 1,
            KeyState::Dead { .. } => sum.dead += 1,
            KeyState::Disabled => sum.disabled += 1,
            KeyState::Unknown => panic!("every key is known"),
        }
    }
    sum
}

#[test]
fn a_census_agrees_with_a_snapshot_however_it_is_cut() {
    let mut pool = pool_of(7, 2, with(Strategy::Headroom));
    declare(&mut pool, Limits { rpm: Some(10), rpd: Some(20), ..Limits::default() });
    for _ in 0..25 {
        let reservation = take(&mut pool, NOON).unwrap();
        success(&mut pool, reservation, NOON);
    }
    pool.put_key(KeySpec { enabled: false, ..key_spec(0, 0) });
    pool.put_project(ProjectSpec { enabled: false, ..project(1) });
    pool.blame(KeyId(4), MODEL, &Blame::KeyFor { ms: HOUR, reason: "test".into() }, NOON, 0);
    let snapshot = pool.snapshot(NOON);
    for step in [1, 3, 100] {
        let census = counted(&pool, NOON, step);
        let keys: Vec<KeyState> = snapshot
            .projects
            .iter()
            .flat_map(|project| &project.keys)
            .map(|key| pool.key_state(key.id, NOON))
            .collect();
        assert_eq!(census.keys, states(keys.iter()));
        assert_eq!(census.projects, states(snapshot.projects.iter().map(|project| &project.state)));
        assert_eq!(census.keys.ready, snapshot.ready_keys as u64);
        let [model] = &census.models[..] else { panic!("one model: {census:?}") };
        let view = &snapshot.models[0];
        assert_eq!((model.burn, model.with_room), (view.burn, view.ready_projects as u64));
        let least = view.buckets.iter().map(|bucket| 20 - u32::try_from(bucket.rpd.used).unwrap()).min();
        assert_eq!(model.day_headroom, least.map(|left| f64::from(left) / 20.0));
        let standing: u64 = census.key_benches.each().map(|(_, count)| count).sum();
        assert_eq!(standing, 1, "{census:?}");
    }
}

#[test]
fn an_empty_pool_counts_to_nothing() {
    assert_eq!(counted(&Pool::new(Settings::default()), NOON, 10), Census::default());
}
