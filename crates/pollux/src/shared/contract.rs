//! What every backend must do about users' accounts, whatever it is made of. Each function gets an empty backend.

use std::sync::Arc;

use pool::account::{Base, Caps, Held, Limit, Opens, Refused, Sum, When, Zone};

use super::{Shared, Take, Verdict};
use crate::clock::Moment;

/// Hands the name of every check to a macro.
macro_rules! for_each_check {
    ($make:ident) => {
        $make! {
            a_limit_holds_for_its_own_user
            what_is_settled_is_corrected
            what_is_settled_without_a_count_stays
            a_refusal_takes_nothing
            what_was_written_down_counts_once
            an_account_is_told_without_being_touched
            two_hundred_at_once_share_room_for_ten
        }
    };
}
pub(super) use for_each_check;

const NOW: Moment = Moment(1_795_377_600_000);
const ONE: Sum = Sum { requests: 1, tokens: 100, cost: 50 };

fn now() -> When {
    Zone::UTC.when(NOW)
}

fn cap(limit: Limit, cap: u64) -> Caps {
    Caps::NONE.with(limit, Some(cap))
}

async fn take(shared: &dyn Shared, user: &str, caps: &Caps) -> Verdict {
    shared.take(&Take { user, caps, need: ONE, when: now() }).await
}

async fn taken(shared: &dyn Shared, user: &str, caps: &Caps) -> Held {
    take(shared, user, caps).await.outcome.unwrap()
}

async fn used(shared: &dyn Shared, user: &str, limit: Limit) -> u64 {
    shared.standing(user, &cap(limit, 1_000_000), &now()).await[0].used
}

pub(super) async fn a_limit_holds_for_its_own_user(shared: Arc<dyn Shared>) {
    let caps = cap(Limit::Rpm, 2);
    taken(&*shared, "ann", &caps).await;
    let second = take(&*shared, "ann", &caps).await;
    assert_eq!((second.outcome.is_ok(), second.standing[0].remaining()), (true, 0));
    let third = take(&*shared, "ann", &caps).await;
    let opens = Opens::At(NOW.plus_ms(60_000));
    assert_eq!(third.outcome, Err(Refused { limit: Limit::Rpm, cap: 2, used: 2, need: 1, opens }));
    assert_eq!(third.standing, second.standing);
    taken(&*shared, "ben", &caps).await;
    taken(&*shared, "ann", &cap(Limit::Rpm, 3)).await;
}

pub(super) async fn what_is_settled_is_corrected(shared: Arc<dyn Shared>) {
    let held = taken(&*shared, "ann", &cap(Limit::Concurrency, 1)).await;
    assert!(take(&*shared, "ann", &cap(Limit::Concurrency, 1)).await.outcome.is_err());
    shared.settle("ann", &held, Some(Sum { requests: 1, tokens: 30, cost: 20 }));
    assert_eq!(used(&*shared, "ann", Limit::TokensMonth).await, 30);
    assert_eq!(used(&*shared, "ann", Limit::CostTotal).await, 20);
    assert_eq!(used(&*shared, "ann", Limit::Tpm).await, 30);
    taken(&*shared, "ann", &cap(Limit::Concurrency, 1)).await;
}

pub(super) async fn what_is_settled_without_a_count_stays(shared: Arc<dyn Shared>) {
    let held = taken(&*shared, "ann", &Caps::NONE).await;
    shared.settle("ann", &held, None);
    assert_eq!(used(&*shared, "ann", Limit::TokensDay).await, 100);
    assert_eq!(used(&*shared, "ann", Limit::Concurrency).await, 0);
    // Of somebody who is not there: nothing happens.
    shared.settle("nobody", &held, None);
}

pub(super) async fn a_refusal_takes_nothing(shared: Arc<dyn Shared>) {
    let caps = cap(Limit::Rpd, 5).with(Limit::TokensTotal, Some(99));
    let refused = take(&*shared, "ann", &caps).await.outcome.unwrap_err();
    assert_eq!((refused.limit, refused.opens), (Limit::TokensTotal, Opens::TooLarge));
    assert_eq!(used(&*shared, "ann", Limit::Rpd).await, 0);
}

pub(super) async fn what_was_written_down_counts_once(shared: Arc<dyn Shared>) {
    let base = Base { day: ONE, month: Sum { tokens: 500, ..ONE }, total: Sum { cost: 900, ..ONE } };
    shared.open_account("ann", &base, &now()).await;
    shared.open_account("ann", &base, &now()).await;
    let seen = (
        used(&*shared, "ann", Limit::Rpd).await,
        used(&*shared, "ann", Limit::TokensMonth).await,
        used(&*shared, "ann", Limit::CostTotal).await,
    );
    assert_eq!(seen, (1, 500, 900));
}

pub(super) async fn an_account_is_told_without_being_touched(shared: Arc<dyn Shared>) {
    let caps = cap(Limit::Rpm, 5).with(Limit::CostDay, Some(70));
    assert_eq!(shared.standing("ann", &caps, &now()).await[0].remaining(), 5);
    taken(&*shared, "ann", &caps).await;
    let standing = shared.standing("ann", &caps, &now()).await;
    assert_eq!((standing[0].used, standing[1].used, standing.len()), (1, 50, 2));
    assert_eq!(shared.standing("ann", &caps, &now()).await, standing);
}

/// Whatever the interleaving: the tasks run on several threads at once and yield wherever they like.
pub(super) async fn two_hundred_at_once_share_room_for_ten(shared: Arc<dyn Shared>) {
    for (limit, room) in [
        (Limit::Rpm, 10),
        (Limit::Tpm, 1_000),
        (Limit::Rpd, 10),
        (Limit::Concurrency, 10),
        (Limit::TokensTotal, 1_099),
        (Limit::CostDay, 500),
    ] {
        let caps = cap(limit, room);
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let shared = Arc::clone(&shared);
            calls.spawn(async move {
                tokio::task::yield_now().await;
                take(&*shared, limit.name(), &caps).await.outcome.ok()
            });
        }
        let passed = calls.join_all().await.into_iter().flatten().count();
        assert_eq!(passed, 10, "{limit:?}");
    }
}
