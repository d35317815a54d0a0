//! The life of upstream keys.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use tokio::net::TcpListener;

use super::{House, key};

async fn add(house: &House, value: Value) -> super::Reply {
    house.post("/admin/config/gemini-key", json!({ "key": value }).to_string()).await
}

#[tokio::test]
async fn one_key_is_added() {
    let house = House::open().await;
    let reply = add(&house, key(1).into()).await;
    insta::assert_snapshot!(reply.shown(), @r#"
    200
    {
      "success": true,
      "message": "Key added successfully",
      "total_processed": 1,
      "successful_adds": 1,
      "failed_adds": 0,
      "details": [
        "AIza…0001: added"
      ],
      "invalid_keys": [],
      "duplicate_keys": [],
      "keys": [
        {
          "id": "[key id]",
          "hint": "AIza…0001",
          "status": "added"
        }
      ]
    }
    "#);
    assert_eq!(house.app.gateway.keyring.ready_keys(), 1);
}

#[tokio::test]
async fn many_keys_are_told_apart_whatever_stands_between_them() {
    let house = House::open().await;
    add(&house, key(2).into()).await;
    let text = format!(
        "\u{feff}{},{};\t{} | \"{}\"\r\n - {}\n\n{}  too-short\nya29.{}",
        key(1),
        key(2),
        key(3),
        key(4),
        key(5),
        key(1),
        key(9)
    );
    let mut body = add(&house, text.into()).await.json();
    let keys = body.as_object_mut().unwrap().remove("keys").unwrap();
    let status = |key: &Value| key["status"].as_str().unwrap().to_owned();
    let statuses: Vec<_> = keys.as_array().unwrap().iter().map(status).collect();
    assert_eq!(statuses, ["added", "duplicate", "added", "added", "added"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap(), @r#"
    {
      "success": true,
      "message": "4 of 8 keys added",
      "total_processed": 8,
      "successful_adds": 4,
      "failed_adds": 4,
      "details": [
        "AIza…0001: added",
        "AIza…0002: already in the pool",
        "AIza…0003: added",
        "AIza…0004: added",
        "AIza…0005: added",
        "AIza…0001: given again on line 4, first on line 1",
        "…: line 4 is too short for an API key",
        "ya29…0009: line 5 is an OAuth access token, not an API key"
      ],
      "invalid_keys": [
        "…",
        "ya29…0009"
      ],
      "duplicate_keys": [
        "AIza…0002",
        "AIza…0001"
      ]
    }
    "#);
    assert_eq!(house.app.gateway.keyring.ready_keys(), 5);
}

#[tokio::test]
async fn a_list_is_as_good_as_a_text() {
    let house = House::open().await;
    let list = json!([key(1), format!("{} {}", key(2), key(3)), { "key": key(4), "project": "blue", "label": "fourth" }]);
    let reply = add(&house, list).await.json();
    assert_eq!(
        (&reply["message"], &reply["successful_adds"]),
        (&json!("4 keys added successfully"), &json!(4))
    );
    let keys = house.get("/admin/keys").await.json();
    let label = |at: usize| keys["data"][at]["label"].clone();
    assert!((0..4).any(|at| label(at) == "fourth"), "{keys}");
}

#[tokio::test]
async fn what_adds_nothing_says_why() {
    let house = House::open().await;
    add(&house, key(1).into()).await;
    let cases = [
        (json!(key(1)), "Failed to add key: it is already in the pool"),
        (json!("short"), "Failed to add key: it is too short for an API key"),
        (json!(""), "Failed to add key: there is no key in the field"),
        (json!([]), "Failed to add key: there is no key in the field"),
        (json!(null), "Failed to add key: there is no key in the field"),
        (json!([key(1), "short"]), "Failed to add keys: 1 already in the pool, 1 not valid"),
    ];
    for (value, expected) in cases {
        let reply = add(&house, value).await;
        let body = reply.json();
        assert_eq!(
            (reply.status, &body["success"], &body["message"]),
            (200, &json!(false), &json!(expected))
        );
    }
}

#[tokio::test]
async fn the_resource_says_whether_something_is_new() {
    let house = House::open().await;
    let body = json!({ "key": format!("{}\n{}\nshort", key(1), key(1)) }).to_string();
    let reply = house.post("/admin/keys", body.clone()).await;
    insta::assert_snapshot!(reply.shown(), @r#"
    201
    {
      "added": 1,
      "keys": [
        {
          "id": "[key id]",
          "hint": "AIza…0001",
          "status": "added"
        }
      ],
      "invalid": [
        {
          "hint": "…",
          "line": 3,
          "reason": "is too short for an API key"
        }
      ],
      "repeated": [
        {
          "hint": "AIza…0001",
          "line": 2,
          "first_line": 1
        }
      ]
    }
    "#);
    let again = house.post("/admin/keys", body).await;
    assert_eq!((again.status, &again.json()["keys"][0]["status"]), (200, &json!("duplicate")));
}

#[tokio::test]
async fn a_key_is_switched_and_deleted() {
    let house = House::open().await;
    let id = house.add_keys(&key(1)).await.remove(0);
    let path = format!("/admin/keys/{id}");
    insta::assert_snapshot!(house.get(&path).await.shown(), @r#"
    200
    {
      "id": "[key id]",
      "hint": "AIza…0001",
      "label": null,
      "note": null,
      "tags": [],
      "project_id": "[project id]",
      "origin": "admin",
      "enabled": true,
      "state": {
        "name": "ready",
        "reason": null,
        "since": null,
        "until": null
      },
      "day": [],
      "created_at": "2026-11-22T00:00:00Z",
      "holds": []
    }
    "#);
    for _ in 0..2 {
        let disabled = house.post(&format!("{path}/disable"), "").await.json();
        assert_eq!((&disabled["enabled"], &disabled["state"]["name"]), (&json!(false), &json!("disabled")));
        assert_eq!(house.app.gateway.keyring.ready_keys(), 0);
    }
    let enabled = house.post(&format!("{path}/enable"), "").await.json();
    assert_eq!((&enabled["enabled"], &enabled["state"]["name"]), (&json!(true), &json!("ready")));
    assert_eq!(house.app.gateway.keyring.ready_keys(), 1);
    let gone = house.delete(&path).await;
    assert_eq!((gone.status, &*gone.text), (204, ""));
    for reply in
        [house.get(&path).await, house.delete(&path).await, house.post(&format!("{path}/enable"), "").await]
    {
        assert_eq!(reply.status, 404);
    }
    assert_eq!(house.app.gateway.keyring.ready_keys(), 0);
    assert_eq!(house.add_keys(&key(1)).await.len(), 1, "a deleted key may come again");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let house = House::open().await;
    let text: Vec<_> = (0..5).map(key).collect();
    let mut added = house.add_keys(&text.join("\n")).await;
    added.sort();
    for list in ["/admin/keys", "/admin/keys/gemini"] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = house.get(&format!("{list}?limit=2&after={after}")).await.json();
            let rows = page.get("data").or(page.get("keys")).unwrap().as_array().unwrap();
            assert!(rows.len() <= 2);
            found.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            next.clone_into(&mut after);
        }
        assert_eq!(found, added, "{list}");
    }
}

/// A gateway on a simulated Google, with the one key that Google knows.
pub(super) async fn simulated(test: impl AsyncFnOnce(House, String)) {
    let simulator =
        Simulator::new(Options { projects: 1, keys_per_project: 1, ..Options::default() }).unwrap();
    let good = simulator.keys().remove(0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = simulator.serve(listener, async move { drop(stopped.await) });
    let house = House::with(&[("POLLUX_UPSTREAM_URL", &address)]).await;
    let testing = async {
        test(house, good).await;
        drop(stop);
    };
    tokio::join!(serving, testing);
}

#[tokio::test]
async fn a_check_asks_google() {
    simulated(async |house, good| {
        let ids = house.add_keys(&format!("{good} {}", key(1))).await;
        let works = house.post(&format!("/admin/keys/{}/check", ids[0]), Body::empty()).await.json();
        assert_eq!((&works["works"], &works["finding"]), (&json!(true), &json!("ok")));
        assert_eq!(works["key"]["state"]["name"], "ready");
        let fails = house.post(&format!("/admin/keys/{}/check", ids[1]), Body::empty()).await;
        insta::assert_snapshot!(fails.shown(), @r#"
        200
        {
          "works": false,
          "finding": "key_invalid",
          "message": "API key not valid. Please pass a valid API key.",
          "key": {
            "id": "[key id]",
            "hint": "AIza…0001",
            "label": null,
            "note": null,
            "tags": [],
            "project_id": "[project id]",
            "origin": "admin",
            "enabled": true,
            "state": {
              "name": "benched",
              "reason": "invalid",
              "since": "2026-11-22T00:00:00Z",
              "until": "2026-11-22T00:01:00Z"
            },
            "day": [],
            "created_at": "2026-11-22T00:00:00Z"
          }
        }
        "#);
    })
    .await;
}

#[tokio::test]
async fn the_pool_shows_what_calls_took() {
    simulated(async |house, good| {
        let body = json!({ "key": [{ "key": good, "project": "blue" }] }).to_string();
        house.post("/admin/keys", body).await;
        let (_, user_key) = house.add_user("Ann").await;
        let chat =
            json!({ "model": "gemini-3.8-flash", "messages": [{ "role": "user", "content": "Hello" }] });
        let path = "/v1/chat/completions";
        let reply = house.send(&Method::POST, path, Some(&user_key), chat.to_string()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let pool = house.get("/admin/pool").await.json();
        let (model, project) = (&pool["models"][0], &pool["projects"][0]);
        assert_eq!((&model["name"], &project["label"]), (&json!("gemini-3.8-flash"), &json!("blue")));
        let bucket = &model["buckets"][0];
        assert_eq!((&bucket["project"], &bucket["closed"]), (&project["id"], &json!(null)));
        let used = ["rpm", "rpd", "tpm"].map(|gauge| bucket[gauge]["used"].as_u64().unwrap());
        assert!(used[0] == 1 && used[1] == 1 && used[2] > 0, "{bucket}");
        assert_eq!(bucket["in_flight"], 0);
        let id = project["keys"][0]["id"].as_str().unwrap();
        house.post(&format!("/admin/keys/{id}/disable"), "").await;
        let pool = house.get("/admin/pool").await.json();
        assert_eq!(pool["models"][0]["buckets"][0]["closed"]["why"], "no_key", "{pool}");
    })
    .await;
}

#[tokio::test]
async fn an_unreachable_google_is_no_failure_of_ours() {
    let house = House::open().await;
    let id = house.add_keys(&key(1)).await.remove(0);
    let reply = house.post(&format!("/admin/keys/{id}/check"), "").await;
    let body = reply.json();
    assert_eq!((reply.status, &body["works"], &body["finding"]), (200, &json!(false), &json!("connect")));
    assert_eq!(body["key"]["state"]["name"], "ready");
}

#[tokio::test]
async fn the_pool_is_shown_with_our_ids() {
    let house = House::open().await;
    house.add_keys(&format!("key,project,label\n{},blue,first\n{},blue,second", key(1), key(2))).await;
    insta::assert_snapshot!(house.get("/admin/pool").await.shown(), @r#"
    200
    {
      "at": "2026-11-22T00:00:00Z",
      "day_ends": "2026-11-22T08:00:00Z",
      "ready_keys": 2,
      "projects": [
        {
          "id": "[project id]",
          "label": "blue",
          "tier": "unknown",
          "state": {
            "name": "ready",
            "reason": null,
            "since": null,
            "until": null
          },
          "keys": [
            {
              "id": "[key id]",
              "state": {
                "name": "ready",
                "reason": null,
                "since": null,
                "until": null
              }
            },
            {
              "id": "[key id]",
              "state": {
                "name": "ready",
                "reason": null,
                "since": null,
                "until": null
              }
            }
          ]
        }
      ],
      "models": []
    }
    "#);
}

#[tokio::test]
async fn old_scripts_find_their_lists() {
    let house = House::open().await;
    let id = house.add_keys(&key(1)).await.remove(0);
    insta::assert_snapshot!(house.get("/admin/keys/gemini").await.shown(), @r#"
    200
    {
      "success": true,
      "keys": [
        {
          "id": "[key id]",
          "key": "AIza…0001",
          "status": 1,
          "created_at": "2026-11-22T00:00:00Z",
          "updated_at": "2026-11-22T00:00:00Z"
        }
      ],
      "next": null
    }
    "#);
    let path = format!("/admin/keys/gemini/{id}");
    for expected in ["Key disabled", "Key enabled"] {
        let reply = house.post(&format!("{path}/toggle"), "").await.json();
        assert_eq!((&reply["success"], &reply["message"]), (&json!(true), &json!(expected)));
    }
    let reply = house.delete(&path).await;
    assert_eq!((reply.status, &reply.json()["message"]), (200, &json!("Key deleted")));
    assert_eq!(house.delete(&path).await.status, 404);
}

#[tokio::test]
async fn keys_are_looked_at_before_they_are_added() {
    let house = House::open().await;
    add(&house, key(1).into()).await;
    let text = format!("{}\n{}\ntoo-short\n{}", key(1), key(2), key(2));
    let seen = house.post("/admin/keys/preview", json!({ "key": text }).to_string()).await.json();
    let told = ["added", "keys", "invalid", "repeated"].map(|name| {
        seen[name].as_array().map_or_else(|| seen[name].as_u64().unwrap(), |list| list.len() as u64)
    });
    assert_eq!(told, [1, 2, 1, 1], "{seen}");
    assert_eq!(
        (&seen["keys"][0]["status"], &seen["keys"][1]["status"]),
        (&json!("duplicate"), &json!("added"))
    );
    assert_eq!(house.app.gateway.keyring.ready_keys(), 1);
}
