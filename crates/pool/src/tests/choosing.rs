//! Who goes first, by strategy.

use std::collections::BTreeMap;

use super::*;

fn calls_per_key(
    pool: &mut Pool,
    calls: u32,
    mut between: impl FnMut(&mut Pool, u32, Moment),
) -> BTreeMap<u32, u32> {
    let mut counts = BTreeMap::new();
    for call in 0..calls {
        let now = NOON.plus_ms(i64::from(call) * 100);
        between(pool, call, now);
        let taken = take(pool, now).unwrap();
        *counts.entry(taken.key.0).or_default() += 1;
        success(pool, taken, now.plus_ms(50));
    }
    counts
}

fn spread(counts: &BTreeMap<u32, u32>) -> u32 {
    counts.values().max().unwrap() - counts.values().min().unwrap()
}

#[test]
fn round_robin_and_least_used_give_every_key_its_turn() {
    for strategy in [Strategy::RoundRobin, Strategy::LeastUsed] {
        let mut pool = pool_of(4, 3, with(strategy));
        let counts = calls_per_key(&mut pool, 1_200, |_, _, _| {});
        assert_eq!(counts.len(), 12, "{strategy:?}");
        assert_eq!(spread(&counts), 0, "{strategy:?} {counts:?}");
    }
}

#[test]
fn round_robin_is_fair_to_keys_of_projects_of_different_size() {
    let mut pool = pool_of(1, 1, with(Strategy::RoundRobin));
    for key in 1..4 {
        pool.put_key(key_spec(key, 1));
    }
    for key in 4..11 {
        pool.put_key(key_spec(key, 2));
    }
    let counts = calls_per_key(&mut pool, 1_000, |_, _, _| {});
    assert_eq!((counts.len(), spread(&counts)), (11, 1), "{counts:?}");
}

#[test]
fn round_robin_stays_fair_to_the_others_while_a_project_comes_and_goes() {
    let mut pool = pool_of(4, 3, with(Strategy::RoundRobin));
    let counts = calls_per_key(&mut pool, 1_200, |pool, call, now| {
        if call % 100 == 7 {
            pool.blame(KeyId(0), MODEL, &minute_quota(None, Some(4_000)), now, u64::from(call));
        }
    });
    let steady: BTreeMap<_, _> =
        counts.iter().filter(|(key, _)| **key > 2).map(|(key, n)| (*key, *n)).collect();
    assert!(spread(&steady) <= 1, "{counts:?}");
    assert!(counts[&0] < counts[&3] && counts[&0] > counts[&3] / 3, "{counts:?}");
}

#[test]
fn round_robin_skips_a_dead_key_and_shares_its_turns() {
    let mut pool = pool_of(3, 2, with(Strategy::RoundRobin));
    pool.blame(KeyId(1), MODEL, &Blame::KeyDead { reason: "leaked".into() }, NOON, 0);
    let counts = calls_per_key(&mut pool, 500, |_, _, _| {});
    assert_eq!((counts.len(), spread(&counts)), (5, 0), "{counts:?}");
}

#[test]
fn weights_give_turns() {
    let mut pool = pool_of(2, 1, with(Strategy::RoundRobin));
    pool.put_project(ProjectSpec { weight: 3, ..project(1) });
    let counts = calls_per_key(&mut pool, 400, |_, _, _| {});
    assert_eq!(counts, BTreeMap::from([(0, 100), (1, 300)]));
}

#[test]
fn a_higher_priority_goes_first_as_long_as_it_has_room() {
    for strategy in [Strategy::Headroom, Strategy::LeastUsed, Strategy::RoundRobin, Strategy::FillFirst] {
        let mut pool = pool_of(3, 1, with(strategy));
        pool.put_project(ProjectSpec { priority: 5, ..project(2) });
        declare(&mut pool, rpm(4));
        let counts = calls_per_key(&mut pool, 6, |_, _, _| {});
        assert_eq!(counts[&2], 4, "{strategy:?}");
    }
}

#[test]
fn fill_first_stays_with_one_project_until_it_is_full() {
    let mut pool = pool_of(3, 2, with(Strategy::FillFirst));
    declare(&mut pool, rpm(5));
    let projects: Vec<u32> =
        (0..15).map(|call| take(&mut pool, NOON.plus_ms(call)).unwrap().project.0).collect();
    assert_eq!(projects, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
}

#[test]
fn headroom_takes_the_largest_share_left_of_the_tightest_limit() {
    let mut pool = pool_of(3, 1, with(Strategy::Headroom));
    let own = |rpm, rpd| Limits { rpm: Some(rpm), rpd: Some(rpd), ..Limits::default() };
    for (id, limits) in [(0, own(10, 1_000)), (1, own(100, 1_000)), (2, own(1_000, 20))] {
        pool.set_limits(Some(ProjectId(id)), MODEL, limits, Provenance::Declared);
    }
    let decision = pool.choose(&ask(), NOON, 1);
    let order: Vec<_> = decision.shortlist.iter().map(|candidate| candidate.project.0).collect();
    assert_eq!(order, [1, 2, 0]);
    let shares: Vec<_> = decision.shortlist.iter().map(|candidate| candidate.headroom).collect();
    assert_eq!(shares, [0.99, 0.95, 0.9]);
}

#[test]
fn headroom_spreads_a_burst_over_unknown_projects() {
    let mut pool = pool_of(8, 1, with(Strategy::Headroom));
    let mut counts = BTreeMap::<u32, u32>::new();
    for call in 0..80 {
        *counts.entry(take(&mut pool, NOON.plus_ms(call)).unwrap().project.0).or_default() += 1;
    }
    assert_eq!(spread(&counts), 0, "{counts:?}");
}

#[test]
fn the_shortlist_is_bounded_and_the_seed_breaks_ties() {
    let pool = pool_of(500, 1, with(Strategy::Headroom));
    let firsts: std::collections::BTreeSet<_> =
        (0..50).map(|seed| pool.choose(&ask(), NOON, seed).shortlist[0].project).collect();
    assert!(firsts.len() > 5);
    let decision = pool.choose(&ask(), NOON, 0);
    assert_eq!(decision.shortlist.len(), SHORTLIST);
    assert!(decision.considered <= 32, "{}", decision.considered);
}

#[test]
fn affinity_is_soft_and_an_owner_is_not() {
    let mut pool = pool_of(3, 1, with(Strategy::FillFirst));
    declare(&mut pool, rpm(1));
    let prefer = Ask { prefer: Some(ProjectId(2)), ..ask() };
    let (decision, first) = pool.take(&prefer, NOON, 0);
    assert_eq!((decision.chosen_by, first.unwrap().project), (ChosenBy::Affinity, ProjectId(2)));
    let (decision, second) = pool.take(&prefer, NOON, 0);
    assert_eq!(
        (decision.chosen_by, second.unwrap().project),
        (ChosenBy::Strategy(Strategy::FillFirst), ProjectId(0))
    );
    let owner = Ask { require: Some(ProjectId(2)), ..ask() };
    let decision = pool.choose(&owner, NOON, 0);
    assert_eq!(decision.opens, Opening::At(NOON.plus_ms(60_200), Why::Minute));
    assert_eq!(decision.chosen_by, ChosenBy::Owner);
}

#[test]
fn private_calls_go_to_paid_projects_only() {
    let mut pool = pool_of(40, 1, with(Strategy::Headroom));
    let private = Ask { paid_only: true, ..ask() };
    assert_eq!(pool.choose(&private, NOON, 0).opens, Opening::NoKey);
    pool.put_project(ProjectSpec { tier: Tier::Unknown, ..project(8) });
    assert_eq!(pool.choose(&private, NOON, 0).opens, Opening::NoKey);
    pool.put_project(ProjectSpec { tier: Tier::Paid, priority: -9, ..project(7) });
    assert_eq!(pool.take(&private, NOON, 0).1.unwrap().project, ProjectId(7));
    // Google says that it is on the free tier after all.
    pool.blame(KeyId(7), MODEL, &minute_quota(None, None), NOON, 0);
    assert_eq!(pool.choose(&private, NOON, 0).opens, Opening::NoKey);
}

#[test]
fn a_stale_shortlist_takes_the_next_that_has_room() {
    let mut pool = pool_of(2, 1, with(Strategy::FillFirst));
    declare(&mut pool, rpm(1));
    let stale = pool.choose(&ask(), NOON, 0);
    assert_eq!(pool.reserve(&stale.shortlist, &ask(), NOON).unwrap().project, ProjectId(0));
    assert_eq!(pool.reserve(&stale.shortlist, &ask(), NOON).unwrap().project, ProjectId(1));
    let closed = Opening::At(NOON.plus_ms(60_200), Why::Minute);
    assert_eq!(pool.reserve(&stale.shortlist, &ask(), NOON), Err(closed));
    pool.put_key(key_spec(9, 9));
    assert_eq!(pool.reserve(&stale.shortlist, &ask(), NOON), Err(Opening::Now));
}
