//! What the pool can promise to those who wait, and how it explores what it does not know.

use super::*;
use crate::queue::Outlook;

fn outlook(pool: &Pool, now: Moment, ms: i64) -> Outlook {
    pool.outlook(&ask(), (now, now.plus_ms(ms)), 1_000)
}

fn fill(pool: &mut Pool, now: Moment) -> usize {
    (0..500).take_while(|seed| pool.take(&ask(), now, *seed).1.is_ok()).count()
}

#[test]
fn the_outlook_counts_what_opens_until_then() {
    let mut pool = pool_of(3, 1, Settings { minute_margin_ms: 0, ..Settings::default() });
    pool.open_model(MODEL, NOON);
    declare(&mut pool, Limits { rpd: Some(12), ..rpm(5) });
    assert_eq!(outlook(&pool, NOON, 10_000).slots, Some(15));
    assert_eq!(fill(&mut pool, NOON), 15);
    let by = NOON.plus_ms(10_000);
    assert_eq!(outlook(&pool, NOON, 10_000), Outlook { opens: NOON.plus_ms(60_000), slots: Some(0), by });
    assert_eq!(outlook(&pool, NOON, 59_999).slots, Some(0));
    // An upper bound: two minutes may begin until then, but of the day only seven each are left.
    assert_eq!(outlook(&pool, NOON, 60_000).slots, Some(21));
}

#[test]
fn the_outlook_of_a_pool_without_keys_or_limits_claims_nothing() {
    let mut pool = pool_of(2, 1, Settings::default());
    assert_eq!(outlook(&pool, NOON, 10_000).slots, None);
    pool.open_model(MODEL, NOON);
    assert_eq!(outlook(&pool, NOON, 10_000).slots, Some(1_000));
    let mut empty = Pool::new(Settings::default());
    empty.open_model(MODEL, NOON);
    assert_eq!(outlook(&empty, NOON, 10_000).opens, Moment::NEVER);
}

#[test]
fn beyond_what_a_sibling_was_taught_one_call_at_a_time_explores() {
    let mut pool = pool_of(2, 1, Settings::default());
    pool.open_model(MODEL, NOON);
    pool.set_limits(Some(ProjectId(0)), MODEL, rpm(5), Provenance::Learned { at: NOON });
    // Five on the one that is known, five on the other; what comes then waits for an answer, but not for long.
    assert_eq!(fill(&mut pool, NOON), 10);
    let Opening::At(opens, Why::Busy) = pool.choose(&ask(), NOON, 0).opens else { panic!("it is not busy") };
    assert!(opens > NOON && opens <= NOON.plus_ms(5_000));
    assert_eq!(fill(&mut pool, opens), 1);
}

#[test]
fn an_answer_lets_the_next_call_explore_and_paid_projects_are_not_held_back() {
    let mut pool = pool_of(2, 1, Settings::default());
    pool.open_model(MODEL, NOON);
    pool.set_limits(Some(ProjectId(0)), MODEL, rpm(1), Provenance::Learned { at: NOON });
    let mut served = 0;
    for seed in 0..20 {
        let Ok(reservation) = pool.take(&ask(), NOON, seed).1 else { break };
        success(&mut pool, reservation, NOON);
        served += 1;
    }
    assert_eq!(served, 20);

    let mut paid = pool_of(2, 1, Settings::default());
    for id in 0..2 {
        paid.put_project(ProjectSpec { tier: Tier::Paid, ..project(id) });
    }
    paid.open_model(MODEL, NOON);
    paid.set_limits(Some(ProjectId(0)), MODEL, rpm(5), Provenance::Learned { at: NOON });
    assert_eq!(fill(&mut paid, NOON), 500);
}
