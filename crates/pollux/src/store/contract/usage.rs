//! What every store must do with what calls used.

use super::super::usage::{
    Attempt, AttemptFilter, By, CallFilter, Counts, Ending, Group, Place, Record, Sequenced, Source, Sums,
    Timings, UsageFilter,
};
use super::super::{PAGE, Store, StoreError};
use crate::clock::Moment;

/// The start of an hour.
const HOUR: i64 = 1_800_000_000_000;
const HOUR_MS: i64 = 3_600_000;

fn record(n: i64) -> Record {
    let attempt = Attempt {
        after_ms: 5,
        project: "project_a".into(),
        key: "key_a".into(),
        outcome: "ok".into(),
        status: 200,
        elapsed_ms: 300,
        reason: String::new(),
        counted: true,
    };
    Record {
        id: format!("req_{n:06}"),
        began_ms: HOUR + n,
        ended_ms: HOUR + n + 1_500,
        user: "user_a".into(),
        surface: "openai.chat".into(),
        model_asked: "flash".into(),
        model: "gemini-3.8-flash".into(),
        model_served: "gemini-3.8-flash".into(),
        streamed: true,
        project: "project_a".into(),
        key: "key_a".into(),
        attempts: vec![attempt],
        attempt_count: 1,
        decision: r#"{"chosen_by":"headroom"}"#.into(),
        outcome: "answered".into(),
        status: 200,
        tokens: Counts { input: 100, cached: 40, output: 30, thinking: 10, tool_use: 5 },
        source: Source::Exact,
        cost_microdollars: 7,
        timings: Timings {
            prepared_ms: 1,
            queued_ms: 4,
            upstream_ms: 300,
            first_event_ms: Some(305),
            total_ms: 1_500,
        },
        ending: Ending::Clean,
        client_address: "192.0.2.7".into(),
        client_agent: "openai-python".into(),
    }
}

fn numbered(from: u64, records: impl IntoIterator<Item = Record>) -> Vec<Sequenced> {
    (from..).zip(records).map(|(sequence, record)| Sequenced { sequence, record }).collect()
}

async fn put(store: &dyn Store, records: impl IntoIterator<Item = Record>) {
    let mark = store.usage_mark("journal").await.unwrap();
    store.take_over("journal", &numbered(mark + 1, records)).await.unwrap();
}

async fn calls(store: &dyn Store) -> i64 {
    store.usage_sum(&UsageFilter::default()).await.unwrap().calls
}

pub(in super::super) async fn a_call_is_told_once(store: &dyn Store) {
    assert_eq!(store.usage_mark("one").await.unwrap(), 0);
    assert_eq!(store.take_over("one", &[]).await.unwrap(), 0);
    let batch = numbered(1, (0..250).map(record));
    assert_eq!(store.take_over("one", &batch).await.unwrap(), 250);
    assert_eq!(store.take_over("one", &batch).await.unwrap(), 0, "the mark says that they are known");
    assert_eq!(store.usage_mark("one").await.unwrap(), 250);
    assert_eq!(store.take_over("two", &batch).await.unwrap(), 0, "their ids say it too");
    assert_eq!(
        store.take_over("two", &numbered(251, [record(7), record(900), record(900)])).await.unwrap(),
        1
    );
    assert_eq!((store.usage_mark("one").await.unwrap(), store.usage_mark("two").await.unwrap()), (250, 253));
    assert_eq!(calls(store).await, 251);

    let (left, right) = (numbered(251, (300..350).map(record)), numbered(251, (300..350).map(record)));
    let (left, right) = tokio::join!(store.take_over("one", &left), store.take_over("one", &right));
    assert_eq!(left.unwrap() + right.unwrap(), 50);
    assert_eq!(calls(store).await, 301);

    // What is forgotten is not told again by a journal that is read once more.
    assert_eq!(store.delete_events_before(Moment(i64::MAX), PAGE).await.unwrap(), 301);
    store.take_over("one", &batch).await.unwrap();
    assert_eq!(calls(store).await, 301);
}

pub(in super::super) async fn sums_add_up(store: &dyn Store) {
    let other = |n: i64| Record {
        began_ms: HOUR + HOUR_MS + n,
        user: "user_b".into(),
        key: "key_b".into(),
        project: "project_b".into(),
        model: "gemini-2.5-pro".into(),
        outcome: "busy".into(),
        timings: Timings { first_event_ms: None, total_ms: 90, ..Timings::default() },
        ..record(n)
    };
    put(store, [record(1), record(2), other(3)]).await;
    put(store, [record(4), other(5)]).await;
    let all = store.usage_sum(&UsageFilter::default()).await.unwrap();
    let mut expected = Sums::default();
    for call in [record(1), record(2), other(3), record(4), other(5)] {
        expected.absorb(&Sums::of(&call));
    }
    assert_eq!(all, expected);
    assert_eq!((all.calls, all.first_event.count(), all.total.count()), (5, 3, 5));

    let a = UsageFilter { user: Some("user_a".into()), ..UsageFilter::default() };
    // One side, two sides, time and outcome: each way must find the same three calls.
    for filter in [
        a.clone(),
        UsageFilter { model: Some("gemini-3.8-flash".into()), ..a.clone() },
        UsageFilter {
            key: Some("key_a".into()),
            project: Some("project_a".into()),
            ..UsageFilter::default()
        },
        UsageFilter { until: Some(Moment(HOUR + 1)), ..UsageFilter::default() },
        UsageFilter { outcome: Some("answered".into()), from: Some(Moment(HOUR + 9)), ..a.clone() },
        UsageFilter { outcome: Some("answered".into()), ..UsageFilter::default() },
    ] {
        let sum = store.usage_sum(&filter).await.unwrap();
        assert_eq!((sum.calls, sum.input_tokens, sum.cost_microdollars), (3, 300, 21), "{filter:?}");
    }
    let nothing = UsageFilter { from: Some(Moment(HOUR + 2 * HOUR_MS)), ..a.clone() };
    assert_eq!(store.usage_sum(&nothing).await.unwrap(), Sums::default());

    let name = |name: &str| Group::Name(name.to_owned());
    for (by, first, second) in [
        (By::Hour, Group::Hour(HOUR), Group::Hour(HOUR + HOUR_MS)),
        (By::Project, name("project_a"), name("project_b")),
        (By::Key, name("key_a"), name("key_b")),
        (By::User, name("user_a"), name("user_b")),
        (By::Model, name("gemini-2.5-pro"), name("gemini-3.8-flash")),
        (By::Outcome, name("answered"), name("busy")),
    ] {
        let groups = store.usage_sums(&UsageFilter::default(), by, None, 9).await.unwrap();
        let counts: Vec<_> = groups.iter().map(|(group, sums)| (group.clone(), sums.calls)).collect();
        let three = if by == By::Model { [2, 3] } else { [3, 2] };
        assert_eq!(counts, [(first.clone(), three[0]), (second.clone(), three[1])], "{by:?}");
        let page = store.usage_sums(&UsageFilter::default(), by, Some(&first), 9).await.unwrap();
        assert_eq!(page, groups[1..], "{by:?}");
        assert_eq!(store.usage_sums(&UsageFilter::default(), by, None, 1).await.unwrap(), groups[..1]);
        // A filter of another side leads to the full table.
        assert_eq!(store.usage_sums(&a, by, None, 9).await.unwrap().len(), 1, "{by:?}");
    }
}

pub(in super::super) async fn users_are_summed_to_the_millisecond(store: &dyn Store) {
    let at = |n: i64, user: &str, ms: i64| Record { began_ms: ms, user: user.into(), ..record(n) };
    let records = [
        at(1, "user_a", HOUR - 1),
        at(2, "user_a", HOUR),
        at(3, "user_a", HOUR + 10),
        at(4, "user_b", HOUR + HOUR_MS),
        at(5, "user_c", HOUR + 9),
    ];
    put(store, records).await;
    let since = async |since: Option<i64>| {
        let found = store.usage_by_user(since.map(Moment), None, PAGE).await.unwrap();
        found.into_iter().map(|(user, sums)| (user.to_string(), sums.calls)).collect::<Vec<_>>()
    };
    let expected = |list: &[(&str, i64)]| -> Vec<_> {
        list.iter().map(|(user, calls)| ((*user).to_owned(), *calls)).collect()
    };
    assert_eq!(since(None).await, expected(&[("user_a", 3), ("user_b", 1), ("user_c", 1)]));
    assert_eq!(since(Some(HOUR)).await, expected(&[("user_a", 2), ("user_b", 1), ("user_c", 1)]));
    assert_eq!(since(Some(HOUR + 10)).await, expected(&[("user_a", 1), ("user_b", 1)]));
    assert_eq!(since(Some(HOUR + 11)).await, expected(&[("user_b", 1)]));
    assert_eq!(since(Some(HOUR + 2 * HOUR_MS)).await, expected(&[]));
    let second = store.usage_by_user(None, Some(&"user_a".into()), 1).await.unwrap();
    assert_eq!((second.len(), second[0].0.as_str(), second[0].1.output_tokens), (1, "user_b", 30));
}

pub(in super::super) async fn calls_are_listed_from_the_newest(store: &dyn Store) {
    let mut records: Vec<Record> = (0..12).map(record).collect();
    // Two calls of the same millisecond are told apart by their ids.
    records[4].began_ms = records[5].began_ms;
    records[7].user = "user_b".into();
    records[7].outcome = "busy".into();
    put(store, records.clone()).await;
    let page = async |filter: &CallFilter, after: Option<&Record>| -> Vec<String> {
        let after = after.map(|row| Place { began_ms: row.began_ms, id: row.id.clone(), ordinal: 0 });
        let rows = store.list_calls(filter, after.as_ref(), 5).await.unwrap();
        rows.into_iter().map(|row| row.id).collect()
    };
    let ids = |list: &[i64]| list.iter().map(|n| format!("req_{n:06}")).collect::<Vec<_>>();
    let all = CallFilter::default();
    assert_eq!(page(&all, None).await, ids(&[11, 10, 9, 8, 7]));
    assert_eq!(page(&all, Some(&records[7])).await, ids(&[6, 5, 4, 3, 2]));
    assert_eq!(page(&all, Some(&records[5])).await, ids(&[4, 3, 2, 1, 0]));
    let of = |set: fn(&mut CallFilter)| {
        let mut filter = CallFilter::default();
        set(&mut filter);
        filter
    };
    for filter in [
        of(|filter| filter.user = Some("user_b".into())),
        of(|filter| filter.outcome = Some("busy".into())),
        of(|filter| (filter.key, filter.outcome) = (Some("key_a".into()), Some("busy".into()))),
        of(|filter| (filter.project, filter.user) = (Some("project_a".into()), Some("user_b".into()))),
        of(|filter| (filter.from, filter.until) = (Some(Moment(HOUR + 7)), Some(Moment(HOUR + 8)))),
    ] {
        assert_eq!(page(&filter, None).await, ids(&[7]), "{filter:?}");
    }
    assert!(page(&of(|filter| filter.model = Some("other".into())), None).await.is_empty());

    let found = store.call("req_000003").await.unwrap();
    assert_eq!(found, records[3]);
    let listed = store.list_calls(&all, None, PAGE).await.unwrap();
    assert_eq!(listed[8], Record { attempts: Vec::new(), ..records[3].clone() });
    assert!(matches!(store.call("req_nowhere").await, Err(StoreError::Missing { kind: "request", .. })));
}

pub(in super::super) async fn attempts_are_listed(store: &dyn Store) {
    let mut first = record(1);
    let failed = Attempt {
        outcome: "quota".into(),
        status: 429,
        reason: "no room".into(),
        key: "key_b".into(),
        ..first.attempts[0].clone()
    };
    first.attempts.insert(0, Attempt { after_ms: 2, counted: false, ..failed });
    put(store, [first.clone(), record(2)]).await;
    let all = store.list_attempts(&AttemptFilter::default(), None, PAGE).await.unwrap();
    let places: Vec<_> =
        all.iter().map(|row| (row.call.as_str(), row.ordinal, row.began_ms - HOUR)).collect();
    assert_eq!(places, [("req_000002", 0, 7), ("req_000001", 1, 6), ("req_000001", 0, 3)]);
    assert_eq!(all[2].attempt, Attempt { after_ms: 0, ..first.attempts[0].clone() });
    let after = Place { began_ms: all[0].began_ms, id: all[0].call.clone(), ordinal: 0 };
    assert_eq!(store.list_attempts(&AttemptFilter::default(), Some(&after), 1).await.unwrap(), all[1..2]);
    let of_key = AttemptFilter { key: Some("key_b".into()), ..AttemptFilter::default() };
    assert_eq!(store.list_attempts(&of_key, None, PAGE).await.unwrap(), all[2..]);
    let later = AttemptFilter {
        from: Some(Moment(HOUR + 4)),
        until: Some(Moment(HOUR + 7)),
        ..AttemptFilter::default()
    };
    assert_eq!(store.list_attempts(&later, None, PAGE).await.unwrap(), all[1..2]);
    assert_eq!(store.call("req_000001").await.unwrap(), first);
}

pub(in super::super) async fn old_usage_is_forgotten_in_portions(store: &dyn Store) {
    put(store, (0..10).map(record)).await;
    assert_eq!(store.delete_calls_before(Moment(HOUR + 8), 3).await.unwrap(), 3);
    assert!(store.call("req_000002").await.is_err() && store.call("req_000003").await.is_ok());
    assert_eq!(store.delete_calls_before(Moment(HOUR + 8), PAGE).await.unwrap(), 5);
    assert_eq!(store.delete_calls_before(Moment(HOUR + 8), PAGE).await.unwrap(), 0);
    assert_eq!(store.list_attempts(&AttemptFilter::default(), None, PAGE).await.unwrap().len(), 2);
    assert_eq!(store.delete_events_before(Moment(HOUR + 8), 6).await.unwrap(), 6);
    assert_eq!(store.delete_events_before(Moment(HOUR + 8), 6).await.unwrap(), 2);
    assert_eq!(calls(store).await, 10, "sums stay");
}

pub(in super::super) async fn odd_records_are_kept(store: &dyn Store) {
    let odd = "'; -- \0 \u{202e} 钥匙 🔑";
    let mut record = Record {
        client_agent: odd.into(),
        model_asked: odd.into(),
        user: odd.into(),
        cost_microdollars: u64::MAX,
        began_ms: -1,
        ..record(1)
    };
    record.tokens.input = u64::MAX;
    record.attempts[0].reason = odd.into();
    put(store, [record.clone()]).await;
    let found = store.call(&record.id).await.unwrap();
    assert_eq!(found.client_agent, odd.replace('\0', "\u{fffd}"));
    assert_eq!(found.attempts[0].reason, found.client_agent);
    let hour = store.usage_sums(&UsageFilter::default(), By::Hour, None, 9).await.unwrap();
    assert_eq!(hour[0].0, Group::Hour(-HOUR_MS));
    put(store, [Record { id: "req_another".into(), ..record }]).await;
    assert!(store.usage_sum(&UsageFilter::default()).await.unwrap().input_tokens > 0);
}
