//! Many keys: what is said of them, how they are found, what is done to all of them, what became of one.

use serde_json::{Value, json};

use super::keys::simulated;
use super::{House, Reply, key};

async fn bulk(house: &House, body: Value) -> Reply {
    house.post("/admin/keys/bulk", body.to_string()).await
}

async fn found(house: &House, query: &str) -> Vec<String> {
    let page = house.get(&format!("/admin/keys?{query}")).await.json();
    let rows = page["data"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn keys_come_with_what_is_said_of_them() {
    let house = House::open().await;
    let table = format!("key,note,tags\n{},of Ann,blue spare\n{},,", key(1), key(2));
    let body = json!({ "key": table, "note": "of the lot", "tags": ["new"] }).to_string();
    let added = house.post("/admin/keys", body).await.json();
    assert_eq!(added["added"], 2, "{added}");
    let ids: Vec<&str> =
        added["keys"].as_array().unwrap().iter().filter_map(|key| key["id"].as_str()).collect();
    let first = house.get(&format!("/admin/keys/{}", ids[0])).await.json();
    assert_eq!((&first["note"], &first["tags"]), (&json!("of the lot"), &json!(["blue", "spare", "new"])));
    assert_eq!(found(&house, "tag=spare").await, [ids[0]]);
    assert_eq!(found(&house, "tag=new").await.len(), 2);

    let path = format!("/admin/keys/{}", ids[0]);
    let changed = house.patch(&path, &json!({ "label": "<b>one</b>", "note": null, "tags": ["red"] })).await;
    let body = changed.json();
    assert_eq!(
        (&body["label"], &body["note"], &body["tags"]),
        (&json!("<b>one</b>"), &json!(null), &json!(["red"]))
    );
    let audit = house.get("/admin/audit").await.json();
    assert!(audit.to_string().contains("red"), "{audit}");
    assert!(found(&house, "tag=spare").await.is_empty());
    let house = house.restart().await;
    assert_eq!(found(&house, "tag=red").await.len(), 1, "it is kept");
}

#[tokio::test]
async fn what_may_not_be_said_or_asked_is_named() {
    let house = House::open().await;
    let id = house.add_keys(&key(1)).await.remove(0);
    let path = format!("/admin/keys/{id}");
    for (body, field) in [
        (json!({ "tags": ["Blue"] }), "tags"),
        (json!({ "tags": "blue" }), "tags"),
        (json!({ "note": "x".repeat(501) }), "note"),
        (json!({ "note": format!("was {}", key(7)) }), "note"),
        (json!({ "label": 7 }), "label"),
    ] {
        let refused = house.patch(&path, &body).await;
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!(field)), "{body}");
    }
    assert_eq!(house.patch(&path, &json!({ "enabled": false })).await.status, 422);
    assert_eq!(house.patch("/admin/keys/key_00000000000000000000", &json!({ "tags": [] })).await.status, 404);
    for query in ["tag=%25", "state=tired", "enabled=1", "project=blue", "colour=red"] {
        assert_eq!(house.get(&format!("/admin/keys?{query}")).await.status, 422, "{query}");
    }
    let bad = json!({ "key": key(2), "tags": ["no good"] }).to_string();
    assert_eq!(house.post("/admin/keys", bad).await.status, 422);
    assert_eq!(found(&house, "").await, [id], "nothing was added");
}

#[tokio::test]
async fn one_deed_is_done_to_many() {
    let house = House::open().await;
    let keys: Vec<String> = (1..=5).map(key).collect();
    let mut ids = house.add_keys(&keys.join("\n")).await;
    ids.sort();
    let ghost = "key_00000000000000000000";
    let some = json!([ids[0], ids[1], ghost, ids[1]]);
    let done = bulk(&house, json!({ "action": "disable", "ids": some })).await.json();
    assert_eq!(
        (&done["done"], &done["failed"], &done["next"]),
        (&json!(2), &json!(1), &json!(null)),
        "{done}"
    );
    let odd = done["results"].as_array().unwrap().iter().find(|one| one["id"] == ghost).unwrap();
    assert_eq!((&odd["ok"], &odd["state"]), (&json!(false), &json!(null)));
    assert!(odd["error"].as_str().unwrap().contains("no such key"), "{odd}");
    assert_eq!(found(&house, "state=disabled").await, ids[..2]);
    assert_eq!(found(&house, "enabled=true&limit=2").await, ids[2..4]);

    let tagged = json!({ "action": "tag", "tags": ["off"], "filter": { "state": "disabled" } });
    assert_eq!(bulk(&house, tagged).await.json()["done"], 2);
    assert_eq!(found(&house, "tag=off").await, ids[..2]);
    bulk(&house, json!({ "action": "untag", "tags": ["off"], "ids": [ids[0]] })).await;
    assert_eq!(found(&house, "tag=off").await, ids[1..2]);

    let moved = json!({ "action": "move", "project": "blue", "filter": { "enabled": true }, "limit": 2 });
    let first = bulk(&house, moved.clone()).await.json();
    assert_eq!((&first["done"], &first["next"]), (&json!(2), &json!(ids[3])), "{first}");
    let mut rest = moved;
    rest["after"] = first["next"].clone();
    assert_eq!(bulk(&house, rest).await.json()["done"], 1);
    let blue = house.get(&format!("/admin/keys/{}", ids[4])).await.json()["project_id"].clone();
    assert_eq!(found(&house, &format!("project={}", blue.as_str().unwrap())).await, ids[2..]);

    let gone = bulk(&house, json!({ "action": "delete", "filter": { "tag": "off" } })).await.json();
    assert_eq!((&gone["done"], &gone["results"][0]["state"]), (&json!(1), &json!(null)));
    assert_eq!(found(&house, "").await.len(), 4);
}

#[tokio::test]
async fn what_is_not_said_plainly_is_not_done() {
    let house = House::open().await;
    let id = house.add_keys(&key(1)).await.remove(0);
    let many: Vec<String> = (0..1_001).map(|number| format!("key_{number:020}")).collect();
    for (body, field) in [
        (json!({ "action": "burn", "ids": [id] }), Some("action")),
        (json!({ "ids": [id] }), Some("action")),
        (json!({ "action": "delete" }), None),
        (json!({ "action": "delete", "filter": {} }), Some("filter")),
        (json!({ "action": "delete", "filter": { "colour": "red" } }), Some("filter")),
        (json!({ "action": "delete", "filter": { "tag": "a" }, "ids": [id] }), None),
        (json!({ "action": "delete", "ids": [] }), Some("ids")),
        (json!({ "action": "delete", "ids": many }), Some("ids")),
        (json!({ "action": "test", "ids": many[..101] }), Some("ids")),
        (json!({ "action": "delete", "ids": [7] }), Some("ids")),
        (json!({ "action": "tag", "ids": [id] }), Some("tags")),
        (json!({ "action": "move", "ids": [id] }), Some("project")),
    ] {
        let refused = bulk(&house, body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(refused.json()["field"].as_str(), field, "{body}");
    }
    assert_eq!(found(&house, "").await, [id]);
}

#[tokio::test]
async fn tests_and_resets_say_where_each_key_stands() {
    simulated(async |house, good| {
        let ids = house.add_keys(&format!("{good} {}", key(1))).await;
        let tested = bulk(&house, json!({ "action": "test", "ids": ids })).await.json();
        assert_eq!((&tested["done"], &tested["failed"]), (&json!(1), &json!(1)), "{tested}");
        let of = |reply: &Value, id: &str| {
            reply["results"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone()
        };
        let bad = of(&tested, &ids[1]);
        assert_eq!((&bad["ok"], &bad["state"]), (&json!(false), &json!("benched")));
        assert!(bad["error"].as_str().unwrap().starts_with("key_invalid: API key not valid"), "{bad}");

        let shown = house.get(&format!("/admin/keys/{}", ids[1])).await.json();
        let hold = &shown["holds"][0];
        assert_eq!(
            (&hold["whose"], &hold["model"], &hold["grade"]),
            (&json!("key"), &json!(null), &json!("suspect"))
        );
        assert_eq!((&hold["reason"], &hold["until"]), (&json!("invalid"), &json!("2026-11-22T00:01:00Z")));
        assert!(
            house.get(&format!("/admin/keys/{}", ids[0])).await.json()["holds"]
                .as_array()
                .unwrap()
                .is_empty()
        );

        let reset = bulk(&house, json!({ "action": "reset", "filter": { "state": "benched" } })).await.json();
        assert_eq!((&reset["done"], &of(&reset, &ids[1])["state"]), (&json!(1), &json!("ready")));
        let turns = house.get(&format!("/admin/keys/{}/timeline", ids[1])).await.json();
        assert_eq!(turns, json!({ "data": [] }), "what the pool found out is written by its keeper: {turns}");
    })
    .await;
}

#[tokio::test]
async fn a_timeline_tells_what_operators_did() {
    let house = House::open().await;
    let id = house.add_keys(&key(1)).await.remove(0);
    for deed in ["disable", "disable", "enable"] {
        house.clock.advance(std::time::Duration::from_mins(1));
        house.post(&format!("/admin/keys/{id}/{deed}"), "").await;
    }
    let turns = house.get(&format!("/admin/keys/{id}/timeline")).await;
    insta::assert_snapshot!(turns.shown(), @r#"
    200
    {
      "data": [
        {
          "at": "2026-11-22T00:03:00Z",
          "from": "disabled",
          "to": "ready",
          "scope": "key",
          "model": null,
          "until": null,
          "reason": "by an operator",
          "detail": null
        },
        {
          "at": "2026-11-22T00:01:00Z",
          "from": "ready",
          "to": "disabled",
          "scope": "key",
          "model": null,
          "until": null,
          "reason": "by an operator",
          "detail": null
        }
      ]
    }
    "#);
    assert_eq!(house.get("/admin/keys/key_00000000000000000000/timeline").await.status, 404);
}
