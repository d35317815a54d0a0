//! The log of calls, their attempts and their sums, over a store that has some.

use serde_json::{Value, json};

use super::House;
use crate::clock::Moment;
use crate::id;
use crate::store::usage::{Attempt, Counts, Ending, Record, Sequenced, Source, Timings};

/// 2026-11-22T00:00:00Z.
const DAY: i64 = 1_795_305_600_000;

fn name(kind: &str, number: i64) -> String {
    format!("{kind}_{number:020}")
}

/// One call each minute; every third was refused after two attempts.
fn record(number: i64, user: &str) -> Record {
    let refused = number % 3 == 2;
    let attempt = |outcome: &str, status| Attempt {
        after_ms: 5,
        project: name("project", 1),
        key: name("key", 1),
        outcome: outcome.to_owned(),
        status,
        elapsed_ms: 40,
        reason: if status == 200 { String::new() } else { "Quota exceeded".to_owned() },
        counted: status == 200,
    };
    Record {
        id: name("req", number),
        began_ms: DAY + number * 60_000,
        ended_ms: DAY + number * 60_000 + 900,
        user: user.to_owned(),
        surface: "openai.chat".to_owned(),
        model_asked: "=cmd()".to_owned(),
        model: if refused { "gemini-2.5-pro" } else { "gemini-3.8-flash" }.to_owned(),
        streamed: number % 2 == 0,
        project: name("project", 1),
        key: name("key", 1),
        attempts: if refused {
            vec![attempt("quota", 429), attempt("quota", 429)]
        } else {
            vec![attempt("ok", 200)]
        },
        attempt_count: if refused { 2 } else { 1 },
        decision: r#"{"strategy":"headroom"}"#.to_owned(),
        outcome: if refused { "busy" } else { "answered" }.to_owned(),
        status: if refused { 429 } else { 200 },
        tokens: if refused {
            Counts::default()
        } else {
            Counts { input: 10, output: 5, ..Counts::default() }
        },
        source: if refused { Source::None } else { Source::Exact },
        cost_microdollars: if refused { 0 } else { 7 },
        timings: Timings { first_event_ms: (!refused).then_some(200), total_ms: 900, ..Timings::default() },
        ending: if refused { Ending::Refused } else { Ending::Clean },
        ..Record::default()
    }
}

async fn house(calls: i64) -> (House, String) {
    let house = House::open().await;
    let (user, _) = house.add_user("Ann, \"A\"").await;
    let records: Vec<Sequenced> = (0..calls)
        .map(|number| Sequenced {
            sequence: u64::try_from(number).unwrap() + 1,
            record: record(number, &user),
        })
        .collect();
    house.app.gateway.store.take_over("test", &records).await.unwrap();
    (house, user)
}

fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn calls_are_listed_newest_first_page_by_page() {
    let (house, user) = house(7).await;
    let mut found = Vec::new();
    let mut path = "/admin/requests?limit=3".to_owned();
    loop {
        let page = house.get(&path).await.json();
        found.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/admin/requests?limit=3&after={next}");
    }
    assert_eq!(found, (0..7).rev().map(|number| name("req", number)).collect::<Vec<_>>());
    for (filter, numbers) in [
        ("outcome=busy", vec![5, 2]),
        ("model=gemini-2.5-pro&from=2026-11-22T00:03:00Z", vec![5]),
        ("until=1795305660000", vec![0]),
        (&format!("user={user}&limit=1"), vec![6]),
        ("user=user_nobody", vec![]),
        ("key='%20OR%201=1%20--", vec![]),
    ] {
        let page = house.get(&format!("/admin/requests?{filter}")).await.json();
        let expected: Vec<_> = numbers.iter().map(|number| name("req", *number)).collect();
        assert_eq!(ids(&page), expected, "{filter}");
    }
}

#[tokio::test]
async fn a_call_is_shown_with_its_attempts_and_its_decision() {
    let (house, _) = house(3).await;
    let mut shown = house.get(&format!("/admin/requests/{}", name("req", 2))).await.json();
    let attempts = shown.as_object_mut().unwrap().remove("attempts").unwrap();
    assert_eq!(
        (attempts[0]["reason"].as_str(), attempts[1]["status"].as_u64()),
        (Some("Quota exceeded"), Some(429))
    );
    let tokens = shown.as_object_mut().unwrap().remove("tokens").unwrap();
    assert_eq!(tokens, json!({"input": 0, "cached": 0, "output": 0, "thinking": 0, "tool_use": 0}));
    shown["user_id"] = json!("[user id]");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "id": "req_00000000000000000002",
      "began_at": "2026-11-22T00:02:00Z",
      "ended_at": "2026-11-22T00:02:00.9Z",
      "user_id": "[user id]",
      "user_name": "Ann, \"A\"",
      "surface": "openai.chat",
      "model_asked": "=cmd()",
      "model": "gemini-2.5-pro",
      "model_served": null,
      "streamed": true,
      "project_id": "project_00000000000000000001",
      "key_id": "key_00000000000000000001",
      "attempt_count": 2,
      "outcome": "busy",
      "status": 429,
      "ending": "refused",
      "decision": {
        "strategy": "headroom"
      },
      "token_source": "none",
      "cost_microdollars": 0,
      "timings": {
        "prepared_ms": 0,
        "queued_ms": 0,
        "upstream_ms": 0,
        "first_event_ms": null,
        "total_ms": 900
      },
      "client_address": null,
      "client_agent": null
    }
    "#);
}

#[tokio::test]
async fn attempts_are_listed_on_their_own() {
    let (house, _) = house(3).await;
    let unknown = house.get(&format!("/admin/requests/{}", name("req", 9))).await;
    assert_eq!((unknown.status, &unknown.json()["detail"]), (404, &json!("There is no such request.")));
    assert_eq!(house.get("/admin/requests/7").await.status, 404);
    let attempts = house.get("/admin/attempts?outcome=quota&limit=1").await.json();
    assert_eq!(attempts["data"][0]["ordinal"], 1);
    assert_eq!(attempts["data"][0]["reason"], "Quota exceeded");
    let next = attempts["next"].as_str().unwrap();
    let attempts = house.get(&format!("/admin/attempts?outcome=quota&limit=1&after={next}")).await.json();
    assert_eq!(
        (&attempts["data"][0]["ordinal"], &attempts["data"][0]["request_id"]),
        (&json!(0), &json!(name("req", 2)))
    );
}

#[tokio::test]
async fn what_was_used_is_summed_up_by_group() {
    let (house, user) = house(70).await;
    let by_model = house.get("/admin/usage?by=model").await.json();
    let groups: Vec<_> = by_model["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["group"].clone(), group["calls"].clone()))
        .collect();
    assert_eq!(groups, [(json!("gemini-2.5-pro"), json!(23)), (json!("gemini-3.8-flash"), json!(47))]);
    assert_eq!((&by_model["total"]["calls"], &by_model["total"]["input_tokens"]), (&json!(70), &json!(470)));
    assert_eq!(by_model["total"]["cost_microdollars"], 47 * 7);
    let hours = house.get(&format!("/admin/usage?user={user}&limit=1")).await.json();
    assert_eq!(
        (&hours["data"][0]["group"], &hours["data"][0]["calls"]),
        (&json!("2026-11-22T00:00:00Z"), &json!(60))
    );
    let next = hours["next"].as_str().unwrap();
    let hours = house.get(&format!("/admin/usage?user={user}&limit=1&after={next}")).await.json();
    assert_eq!(
        (&hours["data"][0]["group"], &hours["total"]["calls"]),
        (&json!("2026-11-22T01:00:00Z"), &json!(70))
    );
    let names = house.get("/admin/usage?by=outcome&limit=1").await.json();
    assert_eq!(names["next"], "~answered");
    assert_eq!(
        house.get("/admin/usage?by=outcome&limit=1&after=~answered").await.json()["data"][0]["group"],
        "busy"
    );
}

#[tokio::test]
async fn a_filter_that_is_not_one_is_named() {
    let (house, _) = house(1).await;
    for (path, detail) in [
        ("/admin/requests?usr=1", "The query may only have `from`, `until`"),
        ("/admin/requests?from=yesterday", "`from` must be a time"),
        ("/admin/requests?after=1", "`after` must be the `next`"),
        ("/admin/requests?limit=0", "`limit` must be a number"),
        ("/admin/requests/export?format=xml", "`format` must be `jsonl` or `csv`"),
        ("/admin/usage?by=colour", "`by` must be `hour`"),
        ("/admin/usage?by=user&after=x", "`after` must be the `next`"),
        ("/admin/attempts?model=%00", "`model` must be a text"),
    ] {
        let reply = house.get(path).await;
        let said = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(reply.status == 422 && said.starts_with(detail), "{path}: {} {said}", reply.status);
    }
}

#[tokio::test]
async fn an_export_has_every_call_once() {
    let (house, _) = house(2_345).await;
    let lines = house.get("/admin/requests/export").await;
    assert_eq!(lines.headers["content-type"], "application/x-ndjson");
    let calls: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((calls.len(), &calls[0]["id"]), (2_345, &json!(name("req", 2_344))));

    let table =
        house.get("/admin/requests/export?format=csv&outcome=answered&until=2026-11-22T00:02:00Z").await;
    let mut reader = csv::Reader::from_reader(table.text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: &csv::StringRecord, name: &str| {
        row[heads.iter().position(|head| head == name).unwrap()].to_owned()
    };
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (cell(&rows[0], "user_name"), cell(&rows[0], "model_asked")),
        ("Ann, \"A\"".to_owned(), "'=cmd()".to_owned())
    );
    assert_eq!((cell(&rows[1], "id"), cell(&rows[1], "first_event_ms")), (name("req", 0), "200".to_owned()));
}

#[test]
fn the_ids_of_these_tests_look_like_real_ones() {
    let real = id::new("req", Moment(DAY));
    assert_eq!(real.len(), name("req", 1).len());
}
