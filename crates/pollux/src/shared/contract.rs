//! What every backend must do about calls, accounts and buckets, whatever it is made of. Each function gets an empty backend.

use std::sync::Arc;

use dialect::openai::chat::Remembered;
use pool::Cost;
use pool::account::{Base, Caps, Held, Limit, Opens, Refused, Sum, When, Zone};

use pool::fleet::{Answer, Claim, Closed, Taken};

use super::{Correction, Kept, Reserved, Shared, Take, Verdict};
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
            a_call_is_recalled_by_its_own_user_only
            a_call_is_forgotten_in_time
            affinity_follows_the_last_project
            a_bucket_holds_its_minute
            a_bucket_counts_tokens_and_says_who_may_still_come
            a_bucket_remembers_its_day
            a_claim_is_corrected
            many_marks_are_kept_by_the_second
            two_hundred_claims_share_room_for_ten
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

fn kept(id: &str) -> Kept {
    let call = Remembered {
        public_id: id.to_owned(),
        gemini_id: None,
        name: "weather".to_owned(),
        signature: Some("c2ln".to_owned()),
    };
    Kept { call, project: "prj_a".to_owned() }
}

pub(super) async fn a_call_is_recalled_by_its_own_user_only(shared: Arc<dyn Shared>) {
    shared.keep_calls("ann", vec![kept("call_1"), kept("call_2")], NOW).await;
    let found = shared.calls("ann", &["call_1", "call_3"], NOW.plus_ms(5)).await;
    assert_eq!((found.len(), &found["call_1"]), (1, &kept("call_1")));
    assert!(shared.calls("ben", &["call_1"], NOW).await.is_empty());
}

pub(super) async fn a_call_is_forgotten_in_time(shared: Arc<dyn Shared>) {
    shared.keep_calls("ann", vec![kept("call_1")], NOW).await;
    let two_days = 48 * 3_600_000;
    assert_eq!(shared.calls("ann", &["call_1"], NOW.plus_ms(two_days - 1)).await.len(), 1);
    assert!(shared.calls("ann", &["call_1"], NOW.plus_ms(two_days)).await.is_empty());
}

pub(super) async fn affinity_follows_the_last_project(shared: Arc<dyn Shared>) {
    shared.stick("ann/cache", "prj_a", NOW).await;
    shared.stick("ann/cache", "prj_b", NOW.plus_ms(1)).await;
    assert_eq!(shared.stuck_to("ann/cache", NOW.plus_ms(2)).await.as_deref(), Some("prj_b"));
    assert_eq!(shared.stuck_to("ben/cache", NOW).await, None);
}

fn claim(caps: [Option<u64>; 4]) -> Claim {
    Claim {
        model: "gemini".to_owned(),
        cost: Cost { requests: 1, tokens: 100 },
        caps,
        own: Taken::default(),
        day: 20_000,
        seen: Taken::default(),
        day_left_ms: 3_600_000,
        span_ms: 60_000,
    }
}

async fn claimed(shared: &dyn Shared, claim: &Claim, at: Moment) -> Reserved {
    shared.reserve("prj_a", claim, at).await.unwrap()
}

pub(super) async fn a_bucket_holds_its_minute(shared: Arc<dyn Shared>) {
    let two = claim([Some(2), None, None, None]);
    assert!(claimed(&*shared, &two, NOW).await.mark.is_some());
    let second = claimed(&*shared, &two, NOW.plus_ms(500)).await;
    assert_eq!(second.answer.minute, Taken { requests: 2, tokens: 200 });
    let third = claimed(&*shared, &two, NOW.plus_ms(1_000)).await;
    let closed = Some(Closed { wait_ms: Some(59_000), tokens: 0 });
    assert_eq!((third.mark, third.answer), (None, Answer { closed, ..second.answer }));
    // Others are others.
    assert!(shared.reserve("prj_b", &two, NOW).await.unwrap().mark.is_some());
    let other = Claim { model: "other".to_owned(), ..two.clone() };
    assert!(claimed(&*shared, &other, NOW).await.mark.is_some());
    assert!(claimed(&*shared, &two, NOW.plus_ms(59_999)).await.mark.is_none());
    assert!(claimed(&*shared, &two, NOW.plus_ms(60_000)).await.mark.is_some());
}

pub(super) async fn a_bucket_counts_tokens_and_says_who_may_still_come(shared: Arc<dyn Shared>) {
    let caps = [None, Some(250), None, None];
    claimed(&*shared, &claim(caps), NOW).await;
    claimed(&*shared, &claim(caps), NOW).await;
    let large = claimed(&*shared, &claim(caps), NOW.plus_ms(1)).await;
    assert_eq!(large.answer.closed, Some(Closed { wait_ms: Some(59_999), tokens: 100 }));
    let small = Claim { cost: Cost { requests: 1, tokens: 50 }, ..claim(caps) };
    assert!(claimed(&*shared, &small, NOW.plus_ms(2)).await.mark.is_some());
}

pub(super) async fn a_bucket_remembers_its_day(shared: Arc<dyn Shared>) {
    let caps = [None, None, Some(7), Some(10_000)];
    let knows = Claim { seen: Taken { requests: 5, tokens: 500 }, ..claim(caps) };
    let first = claimed(&*shared, &knows, NOW).await;
    assert_eq!(first.answer.day, Taken { requests: 6, tokens: 600 });
    assert!(claimed(&*shared, &claim(caps), NOW).await.mark.is_some());
    let over = claimed(&*shared, &claim(caps), NOW).await;
    assert_eq!(over.answer.closed, Some(Closed { wait_ms: None, tokens: 0 }));
    let tomorrow = Claim { day: 20_001, ..claim(caps) };
    assert_eq!(claimed(&*shared, &tomorrow, NOW).await.answer.day.requests, 1);
    let large = Claim { cost: Cost { requests: 1, tokens: 9_950 }, ..tomorrow };
    let refused = claimed(&*shared, &large, NOW).await;
    assert_eq!(refused.answer.closed, Some(Closed { wait_ms: None, tokens: 9_950 }));
}

pub(super) async fn a_claim_is_corrected(shared: Arc<dyn Shared>) {
    let caps = [Some(2), Some(1_000), None, None];
    let first = claimed(&*shared, &claim(caps), NOW).await.mark.unwrap();
    let second = claimed(&*shared, &claim(caps), NOW.plus_ms(1)).await.mark.unwrap();
    let was = Cost { requests: 1, tokens: 100 };
    let correct = |mark, is| {
        shared.correct(&Correction { project: "prj_a", model: "gemini", mark, day: 20_000, was, is });
    };
    correct(first, Cost { requests: 1, tokens: 40 });
    correct(second, Cost::default());
    let third = claimed(&*shared, &claim(caps), NOW.plus_ms(2)).await;
    assert_eq!(third.answer.minute, Taken { requests: 2, tokens: 140 });
    assert_eq!(third.answer.day, Taken { requests: 2, tokens: 140 });
}

pub(super) async fn many_marks_are_kept_by_the_second(shared: Arc<dyn Shared>) {
    let caps = [Some(100), None, None, None];
    for step in 0..100 {
        assert!(claimed(&*shared, &claim(caps), NOW.plus_ms(step * 10)).await.mark.is_some(), "{step}");
    }
    // The first 32 leave to the millisecond, the others with the last of their second.
    let full = claimed(&*shared, &claim(caps), NOW.plus_ms(1_000)).await;
    assert_eq!(full.answer.closed, Some(Closed { wait_ms: Some(59_000), tokens: 0 }));
    let later = NOW.plus_ms(60_000 + 31 * 10);
    assert_eq!(claimed(&*shared, &claim(caps), later).await.answer.minute.requests, 69);
    let gone = NOW.plus_ms(60_000 + 999);
    assert_eq!(claimed(&*shared, &claim(caps), gone).await.answer.minute.requests, 2);
}

pub(super) async fn two_hundred_claims_share_room_for_ten(shared: Arc<dyn Shared>) {
    for (model, caps) in [
        ("rpm", [Some(10), None, None, None]),
        ("tpm", [None, Some(1_050), None, None]),
        ("rpd", [None, None, Some(10), None]),
        ("tpd", [None, None, None, Some(1_000)]),
    ] {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let shared = Arc::clone(&shared);
            calls.spawn(async move {
                tokio::task::yield_now().await;
                let claim = Claim { model: model.to_owned(), ..claim(caps) };
                claimed(&*shared, &claim, NOW).await.mark
            });
        }
        let passed = calls.join_all().await.into_iter().flatten().count();
        assert_eq!(passed, 10, "{model}");
    }
}
