//! Tables and properties of accounts.

use proptest::prelude::*;

use super::*;

const NOON: Moment = Moment(1_795_377_600_000);
const ONE: Sum = Sum { requests: 1, tokens: 100, cost: 50 };

fn at(now: Moment) -> When {
    Zone::UTC.when(now)
}

fn capped(limit: Limit, cap: u64) -> Caps {
    Caps::NONE.with(limit, Some(cap))
}

fn day_later(days: i64) -> Moment {
    NOON.plus_ms(days * 86_400_000)
}

#[test]
fn each_limit_keeps_what_is_beyond_it_and_says_when_it_opens() {
    let day_end = at(NOON).spans.day.end;
    let month_end = at(NOON).spans.month.end;
    let minute_end = NOON.plus_ms(60_000);
    for (limit, cap, opens) in [
        (Limit::Rpm, 3, Opens::At(minute_end)),
        (Limit::Tpm, 399, Opens::At(minute_end)),
        (Limit::Rpd, 3, Opens::At(day_end)),
        (Limit::Concurrency, 3, Opens::WhenCallsEnd),
        (Limit::TokensDay, 300, Opens::At(day_end)),
        (Limit::TokensMonth, 399, Opens::At(month_end)),
        (Limit::TokensTotal, 300, Opens::Never),
        (Limit::CostDay, 150, Opens::At(day_end)),
        (Limit::CostMonth, 199, Opens::At(month_end)),
        (Limit::CostTotal, 150, Opens::Never),
    ] {
        let mut account = Account::default();
        let caps = capped(limit, cap);
        let held: Vec<Held> = (0..3).map(|_| account.take(&caps, ONE, &at(NOON)).unwrap()).collect();
        if limit != Limit::Concurrency {
            for held in &held {
                account.settle(held, Some(ONE));
            }
        }
        let refused = account.take(&caps, ONE, &at(NOON)).unwrap_err();
        let used = if matches!(limit, Limit::Concurrency) { 3 } else { 3 * limit.of(ONE) };
        assert_eq!(refused, Refused { limit, cap, used, need: limit.of(ONE), opens });
        if let Opens::At(opens) = opens {
            assert!(account.take(&caps, ONE, &at(opens.plus_ms(-1))).is_err(), "{limit:?}");
            assert!(account.take(&caps, ONE, &at(opens)).is_ok(), "{limit:?}");
        }
    }
}

#[test]
fn what_calls_under_way_hold_is_not_told_as_spent() {
    let mut account = Account::default();
    let caps = capped(Limit::CostTotal, 100);
    let first = account.take(&caps, ONE, &at(NOON)).unwrap();
    let second = account.take(&caps, ONE, &at(NOON)).unwrap();
    assert_eq!(account.take(&caps, ONE, &at(NOON)).unwrap_err().opens, Opens::WhenCallsEnd);
    account.settle(&first, Some(Sum { cost: 10, ..ONE }));
    assert_eq!(account.take(&caps, ONE, &at(NOON)).unwrap_err().opens, Opens::WhenCallsEnd);
    account.settle(&second, Some(Sum { cost: 40, ..ONE }));
    assert!(account.take(&caps, ONE, &at(NOON)).is_ok());
}

#[test]
fn nobody_knows_what_it_took_means_all_that_was_reserved() {
    let mut account = Account::default();
    let caps = capped(Limit::TokensTotal, 150).with(Limit::Concurrency, Some(1));
    let held = account.take(&caps, ONE, &at(NOON)).unwrap();
    account.settle(&held, None);
    let refused = account.take(&caps, ONE, &at(NOON)).unwrap_err();
    assert_eq!((refused.limit, refused.opens), (Limit::TokensTotal, Opens::Never));
}

#[test]
fn the_limit_that_opens_last_is_the_one_to_name() {
    let mut account = Account::default();
    let caps = capped(Limit::Rpm, 1).with(Limit::TokensDay, Some(150)).with(Limit::Concurrency, Some(1));
    let held = account.take(&caps, ONE, &at(NOON)).unwrap();
    assert_eq!(account.take(&caps, ONE, &at(NOON)).unwrap_err().limit, Limit::Rpm, "the budget is only held");
    account.settle(&held, Some(ONE));
    assert_eq!(account.take(&caps, ONE, &at(NOON)).unwrap_err().limit, Limit::TokensDay);
    let large = Sum { tokens: 151, ..ONE };
    let refused = account.take(&caps, large, &at(NOON)).unwrap_err();
    assert_eq!((refused.limit, refused.opens, refused.need), (Limit::TokensDay, Opens::TooLarge, 151));
}

#[test]
fn what_costs_nothing_is_refused_once_a_budget_is_used_up() {
    let mut account = Account::default();
    let caps = capped(Limit::CostDay, 50);
    let held = account.take(&caps, ONE, &at(NOON)).unwrap();
    account.settle(&held, Some(ONE));
    assert!(account.take(&caps, Sum { cost: 0, ..ONE }, &at(NOON)).is_err());
    assert!(Account::default().take(&capped(Limit::CostDay, 0), Sum { cost: 0, ..ONE }, &at(NOON)).is_err());
}

#[test]
fn a_call_is_charged_to_the_day_it_began_in() {
    let mut account = Account::default();
    let caps = capped(Limit::TokensDay, 100).with(Limit::TokensMonth, Some(200));
    let held = account.take(&caps, ONE, &at(NOON)).unwrap();
    let today = account.take(&caps, ONE, &at(day_later(1))).unwrap();
    account.settle(&held, Some(Sum { tokens: 120, ..ONE }));
    account.settle(&today, Some(Sum { tokens: 30, ..ONE }));
    assert_eq!(account.used(Limit::TokensDay, &at(day_later(1))), 30);
    assert_eq!(account.used(Limit::TokensMonth, &at(day_later(1))), 150);
    assert_eq!(account.used(Limit::TokensDay, &at(day_later(2))), 0);
}

#[test]
fn a_clock_set_back_over_midnight_does_not_give_the_day_twice() {
    let mut account = Account::default();
    let caps = capped(Limit::Rpd, 1);
    let midnight = at(NOON).spans.day.end;
    account.take(&caps, ONE, &at(midnight)).unwrap();
    assert!(account.take(&caps, ONE, &at(midnight.plus_ms(-3_600_000))).is_err(), "an hour back");
    assert!(account.take(&caps, ONE, &at(midnight.plus_ms(1))).is_err());
    // A clock that was a year ahead does not shut the user out for a year.
    let mut account = Account::default();
    account.take(&caps, ONE, &at(day_later(365))).unwrap();
    assert!(account.take(&caps, ONE, &at(NOON)).is_ok());
}

#[test]
fn what_was_written_down_counts() {
    let mut account = Account::default();
    let base = Base {
        day: Sum { requests: 2, ..ONE },
        month: Sum { tokens: 700, ..ONE },
        total: Sum { cost: 900, ..ONE },
    };
    account.open(&base, &at(NOON));
    account.open(&base, &at(NOON));
    let used = |limit| account.used(limit, &at(NOON));
    assert_eq!((used(Limit::Rpd), used(Limit::TokensMonth), used(Limit::CostTotal)), (2, 700, 900));
    assert_eq!(account.used(Limit::Rpd, &at(day_later(1))), 0);
    assert_eq!(account.used(Limit::CostTotal, &at(day_later(60))), 900);
}

#[test]
fn a_user_sees_how_it_stands() {
    let mut account = Account::default();
    let caps = capped(Limit::Rpm, 10).with(Limit::TokensDay, Some(1_000)).with(Limit::CostTotal, Some(40));
    let standing = account.standing(&caps, &at(NOON));
    assert_eq!(standing[0], Standing { limit: Limit::Rpm, cap: 10, used: 0, resets: Some(NOON) });
    account.take(&caps.with(Limit::CostTotal, None), ONE, &at(NOON)).unwrap();
    let later = NOON.plus_ms(20_000);
    account.take(&caps.with(Limit::CostTotal, None), ONE, &at(later)).unwrap();
    let standing = account.standing(&caps, &at(later));
    let resets = Some(later.plus_ms(60_000));
    assert_eq!(standing[0], Standing { limit: Limit::Rpm, cap: 10, used: 2, resets });
    let resets = Some(at(NOON).spans.day.end);
    assert_eq!(standing[1], Standing { limit: Limit::TokensDay, cap: 1_000, used: 200, resets });
    assert_eq!((standing[2].remaining(), standing[2].resets), (0, None));
}

#[test]
fn caps_are_written_by_name() {
    let caps = capped(Limit::Rpm, 10).with(Limit::CostMonth, Some(5_000_000));
    let written: std::collections::BTreeMap<&str, u64> = caps.into();
    assert_eq!(written.into_iter().collect::<Vec<_>>(), [("rpm", 10), ("usd_month", 5_000_000)]);
    assert!(Caps::try_from(std::collections::BTreeMap::from([("rpw".to_owned(), 1)])).is_err());
    let names: std::collections::BTreeSet<&str> = Limit::ALL.map(Limit::name).into_iter().collect();
    assert_eq!(names.len(), Limit::ALL.len());
    assert!(Limit::ALL.into_iter().enumerate().all(|(place, limit)| limit as usize == place));
}

/// What happens to an account.
#[derive(Clone, Debug)]
enum Event {
    Take(Sum),
    /// Ends one of those under way, with so many hundredths of what was reserved.
    End(usize, u64),
    Drop(usize),
    Wait(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let sum = (1..300_u64, 0..200_u64).prop_map(|(tokens, cost)| Sum { requests: 1, tokens, cost });
    prop_oneof![
        4 => sum.prop_map(Event::Take),
        2 => (0..50_usize, 0..=100_u64).prop_map(|(which, share)| Event::End(which, share)),
        1 => (0..50_usize).prop_map(Event::Drop),
        1 => (0..40_000_000_i64).prop_map(Event::Wait),
        2 => (0..30_000_i64).prop_map(Event::Wait),
    ]
}

fn caps() -> impl Strategy<Value = Caps> {
    let cap = prop::option::of(1..2_000_u64);
    prop::collection::vec(cap, Limit::ALL.len()).prop_map(|caps| {
        Limit::ALL.into_iter().zip(caps).fold(Caps::NONE, |all, (limit, cap)| all.with(limit, cap))
    })
}

proptest! {
    /// Whatever comes, and in whatever order, no limit is passed as long as calls take no more than they reserved; and
    /// when all have ended, what is used is what they took.
    #[test]
    fn no_limit_is_ever_passed(caps in caps(), events in prop::collection::vec(event(), 1..200)) {
        let (mut account, mut now, mut open) = (Account::default(), NOON, Vec::new());
        let mut total = Sum::default();
        for event in events {
            match event {
                Event::Take(need) => {
                    let before: Vec<u64> = Limit::ALL.iter().map(|limit| account.used(*limit, &at(now))).collect();
                    match account.take(&caps, need, &at(now)) {
                        Ok(held) => open.push((held, need)),
                        Err(refused) => {
                            prop_assert!(refused.used + refused.need > refused.cap);
                            let after: Vec<u64> = Limit::ALL.iter().map(|limit| account.used(*limit, &at(now))).collect();
                            prop_assert_eq!(before, after);
                        }
                    }
                }
                Event::End(which, share) if !open.is_empty() => {
                    let (held, need): (Held, Sum) = open.swap_remove(which % open.len());
                    let actual = Sum { requests: 1, tokens: need.tokens * share / 100, cost: need.cost * share / 100 };
                    account.settle(&held, Some(actual));
                    total = Sum { requests: total.requests + 1, tokens: total.tokens + actual.tokens, cost: total.cost + actual.cost };
                }
                Event::Drop(which) if !open.is_empty() => {
                    let (held, need) = open.swap_remove(which % open.len());
                    account.settle(&held, None);
                    total = Sum { requests: total.requests + 1, tokens: total.tokens + need.tokens, cost: total.cost + need.cost };
                }
                Event::Wait(ms) => now = now.plus_ms(ms),
                Event::End(..) | Event::Drop(_) => {}
            }
            for (limit, cap) in caps.iter() {
                prop_assert!(account.used(limit, &at(now)) <= cap, "{:?}", limit);
            }
        }
        for (held, _) in open.drain(..) {
            account.settle(&held, Some(Sum::default()));
        }
        prop_assert_eq!(account.used(Limit::Concurrency, &at(now)), 0);
        prop_assert_eq!(account.used(Limit::TokensTotal, &at(now)), total.tokens);
        prop_assert_eq!(account.used(Limit::CostTotal, &at(now)), total.cost);
    }

    /// A refusal that says when is right: at that moment the call passes this limit, unless others take the room.
    #[test]
    fn what_opens_then_opens_then(limit in 0..Limit::ALL.len(), cap in 100..600_u64, waits in prop::collection::vec(0..20_000_i64, 1..20)) {
        let limit = Limit::ALL[limit];
        let caps = capped(limit, if limit.of(ONE) == 1 { cap / 100 } else { cap });
        let (mut account, mut now) = (Account::default(), NOON);
        for wait in waits {
            now = now.plus_ms(wait);
            match account.take(&caps, ONE, &at(now)) {
                Ok(held) => account.settle(&held, Some(ONE)),
                Err(Refused { opens: Opens::At(opens), .. }) => {
                    prop_assert!(opens > now);
                    let mut then = account.clone();
                    prop_assert!(then.take(&caps, ONE, &at(opens)).is_ok(), "{:?}", limit);
                    let mut before = account.clone();
                    prop_assert!(before.take(&caps, ONE, &at(opens.plus_ms(-1))).is_err(), "{:?}", limit);
                }
                Err(refused) => prop_assert_eq!(refused.opens, Opens::Never),
            }
        }
    }
}
