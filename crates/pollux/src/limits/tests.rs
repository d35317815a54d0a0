//! Admissions over an account in memory.

use std::time::Duration;

use pool::account::Opens;

use super::*;
use crate::clock::ManualClock;
use crate::shared::Memory;
use crate::store::usage::{Counts, Record, Sequenced};
use crate::store::{SqlStore, SqliteSettings, Usage};

const NOW: Moment = Moment(1_795_377_600_000);

struct House {
    clock: Arc<ManualClock>,
    limits: Arc<Limits>,
}

impl House {
    fn new(zone: &str) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let shared = Arc::new(Memory::new(crate::shared::Settings::default()));
        let limits = Arc::new(Limits::new(shared, clock.clone(), zone.parse().unwrap()));
        Self { clock, limits }
    }

    async fn admit(&self, caps: &Caps) -> Result<Admission, Denial> {
        let most = Tokens { input: 100, output: 900, ..Tokens::default() };
        self.limits.admit(&"ann".into(), caps, &most, tariff()).await
    }

    async fn used(&self, limit: Limit) -> u64 {
        let used = self.limits.used(&"ann".into(), &Caps::NONE).await;
        used.into_iter().find(|used| used.limit == limit).unwrap().used
    }
}

/// A dollar for a million tokens of the prompt, ten for a million of the answer.
fn tariff() -> Tariff {
    let price = serde_json::json!({ "input": 1_000_000, "output": 10_000_000 });
    Tariff::new(Some(serde_json::from_value(price).unwrap()))
}

fn cap(limit: Limit, cap: u64) -> Caps {
    Caps::NONE.with(limit, Some(cap))
}

#[tokio::test]
async fn the_most_is_reserved_and_what_was_used_is_paid() {
    let house = House::new("UTC");
    let admission = house.admit(&cap(Limit::CostDay, 9_100)).await.unwrap();
    assert_eq!((house.used(Limit::CostDay).await, house.used(Limit::TokensDay).await), (9_100, 1_000));
    assert_eq!(admission.standing()[0].remaining(), 0);
    let denial = house.admit(&cap(Limit::CostDay, 9_100)).await.unwrap_err();
    assert_eq!((denial.refused.limit, denial.refused.opens), (Limit::CostDay, Opens::WhenCallsEnd));
    admission.settle(Some(&Tokens { input: 90, output: 10, ..Tokens::default() }));
    assert_eq!((house.used(Limit::CostDay).await, house.used(Limit::TokensDay).await), (190, 100));
}

#[tokio::test]
async fn who_is_dropped_pays_all_and_who_got_nothing_pays_nothing() {
    let house = House::new("UTC");
    drop(house.admit(&Caps::NONE).await.unwrap());
    house.admit(&Caps::NONE).await.unwrap().settle(None);
    assert_eq!((house.used(Limit::TokensDay).await, house.used(Limit::Rpd).await), (2_000, 2));
    house.admit(&Caps::NONE).await.unwrap().settle_refused();
    assert_eq!((house.used(Limit::TokensDay).await, house.used(Limit::Rpd).await), (2_000, 3));
    house.admit(&Caps::NONE).await.unwrap().give_back();
    assert_eq!((house.used(Limit::TokensDay).await, house.used(Limit::Rpd).await), (2_000, 3));
    assert_eq!(house.used(Limit::Concurrency).await, 0);
}

#[tokio::test]
async fn the_day_is_that_of_the_zone() {
    // 20:00 in UTC is 4:00 of the next day in Shanghai, and noon in Los Angeles.
    for (zone, hours) in [("UTC", 4), ("Asia/Shanghai", 20), ("America/Los_Angeles", 12)] {
        let house = House::new(zone);
        let caps = cap(Limit::Rpd, 1);
        house.admit(&caps).await.unwrap().settle_refused();
        let denial = house.admit(&caps).await.unwrap_err();
        let opens = NOW.plus_ms(hours * 3_600_000);
        assert_eq!(denial.refused.opens, Opens::At(opens), "{zone}");
        house.clock.set(opens.plus_ms(-1));
        assert!(house.admit(&caps).await.is_err(), "{zone}");
        house.clock.advance(Duration::from_millis(1));
        assert!(house.admit(&caps).await.is_ok(), "{zone}");
    }
}

#[tokio::test]
async fn what_has_no_price_costs_nothing_and_counts_its_tokens() {
    let most = Tokens { input: 5, output: 6, ..Tokens::default() };
    assert_eq!(Tariff::default().sum(&most), Sum { requests: 1, tokens: 11, cost: 0 });
    assert_eq!(tariff().sum(&most), Sum { requests: 1, tokens: 11, cost: 65 });
}

/// Two hundred calls at once against a budget for ten, each ending in its own time and way: never more than the budget.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_interleaving_passes_a_budget() {
    let house = House::new("UTC");
    let caps = cap(Limit::TokensTotal, 10_000);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..200_u64 {
        let limits = Arc::clone(&house.limits);
        calls.spawn(async move {
            let most = Tokens { input: 100, output: 900, ..Tokens::default() };
            let Ok(admission) = limits.admit(&"ann".into(), &caps, &most, Tariff::default()).await else {
                return 0;
            };
            tokio::task::yield_now().await;
            match number % 3 {
                0 => drop(admission),
                1 => admission.settle(Some(&most)),
                _ => {
                    admission.give_back();
                    return 0;
                }
            }
            1_000
        });
    }
    let paid: u64 = calls.join_all().await.into_iter().sum();
    assert_eq!(house.used(Limit::TokensTotal).await, paid);
    assert!(paid <= 10_000, "{paid}");
}

/// What users spent before the start, as the store has it: sums to the millisecond, and none of what was refused.
#[tokio::test]
async fn what_was_spent_before_the_start_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SqliteSettings::default();
    let store = SqlStore::open_sqlite(&folder.path().join("pollux.db"), settings, NOW).await.unwrap();
    // 20:00 in UTC is 1:30 of the next day in Kolkata, where the day began at 18:30 in UTC.
    let house = House::new("Asia/Kolkata");
    let midnight = NOW.plus_ms(-5_400_000);
    let record = |number: u64, user: &str, began: Moment, outcome: &str| Sequenced {
        sequence: number,
        record: Record {
            id: format!("req_{number}"),
            began_ms: began.0,
            user: user.to_owned(),
            outcome: outcome.to_owned(),
            tokens: Counts { input: 100, output: 10, ..Counts::default() },
            cost_microdollars: 7,
            ..Record::default()
        },
    };
    let refused = Sequenced {
        sequence: 6,
        record: Record {
            id: "req_6".to_owned(),
            began_ms: NOW.0,
            user: "ann".to_owned(),
            outcome: "busy".to_owned(),
            ..Record::default()
        },
    };
    let records = [
        record(1, "ann", midnight.plus_ms(-40 * 86_400_000), "answered"),
        record(2, "ann", midnight.plus_ms(-86_400_000), "answered"),
        record(3, "ann", midnight, "answered"),
        record(4, "ann", NOW, "cut"),
        record(5, "ben", NOW, "client_gone"),
        refused,
    ];
    store.take_over("journal", &records).await.unwrap();
    house.limits.load(&store).await.unwrap();
    let used = [
        (Limit::Rpd, 2),
        (Limit::TokensDay, 220),
        (Limit::TokensMonth, 330),
        (Limit::TokensTotal, 440),
        (Limit::CostDay, 14),
        (Limit::CostMonth, 21),
        (Limit::CostTotal, 28),
        (Limit::Rpm, 0),
    ];
    for (limit, expected) in used {
        assert_eq!(house.used(limit).await, expected, "{limit:?}");
    }
    let denial = house.admit(&cap(Limit::TokensTotal, 1_439)).await.unwrap_err();
    assert_eq!((denial.refused.used, denial.refused.opens), (440, Opens::Never));
    assert!(house.admit(&cap(Limit::TokensTotal, 1_440)).await.is_ok());
    house.clock.set(midnight.plus_ms(86_400_000));
    assert_eq!((house.used(Limit::TokensDay).await, house.used(Limit::TokensMonth).await), (0, 1_330));
}
