//! Projects, and the limits declared of them.

use serde_json::{Value, json};

use super::{House, key};

const MODEL: &str = "gemini-3.8-flash";

/// A gateway with two projects, `team` and `other`, and their ids.
async fn house() -> (House, [String; 2]) {
    let house = House::open().await;
    let keys = house.add_keys(&format!("team={}\nother={}", key(1), key(2))).await;
    let mut ids = Vec::new();
    for id in keys {
        let shown = house.get(&format!("/admin/keys/{id}")).await.json();
        ids.push(shown["project_id"].as_str().unwrap().to_owned());
    }
    let ids = ids.try_into().unwrap();
    (house, ids)
}

#[tokio::test]
async fn a_project_is_shown_and_listed() {
    let (house, [team, other]) = house().await;
    insta::assert_snapshot!(house.get(&format!("/admin/projects/{team}")).await.shown(), @r#"
    200
    {
      "id": "[project id]",
      "label": "team",
      "google_number": null,
      "tier": "unknown",
      "weight": 1,
      "priority": 0,
      "enabled": true,
      "notes": "",
      "state": {
        "name": "ready",
        "reason": null,
        "since": null,
        "until": null
      },
      "key_count": 1,
      "created_at": "2026-11-22T00:00:00Z",
      "updated_at": "2026-11-22T00:00:00Z",
      "keys": [
        {
          "id": "[key id]",
          "state": {
            "name": "ready",
            "reason": null,
            "since": null,
            "until": null
          }
        }
      ],
      "models": []
    }
    "#);
    let first = house.get("/admin/projects?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let second = house.get(&format!("/admin/projects?limit=1&after={next}")).await.json();
    let mut listed = [&first, &second].map(|page| page["data"][0]["id"].as_str().unwrap().to_owned());
    listed.sort();
    let mut ids = [team, other];
    ids.sort();
    assert_eq!(listed, ids);
    for id in ["project_01jd3rs9w00123456789", "7", "key_01jd3rs9w00123456789", &key(1)] {
        let reply = house.get(&format!("/admin/projects/{id}")).await;
        assert_eq!((reply.status, &reply.json()["detail"]), (404, &json!("There is no such project.")));
    }
}

#[tokio::test]
async fn a_project_is_changed_at_once_and_for_good() {
    let (house, [team, _]) = house().await;
    let path = format!("/admin/projects/{team}");
    let change = json!({
        "label": " paid by Ann ", "tier": "paid", "weight": 1000, "priority": -100, "enabled": false, "notes": "n"
    });
    let changed = house.patch(&path, &change).await.json();
    let expected = json!({ "label": "paid by Ann", "tier": "paid", "weight": 1000, "priority": -100, "enabled": false, "notes": "n" });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&changed[field], value, "{field}");
    }
    assert_eq!(changed["state"]["name"], "disabled");
    assert_eq!(house.get("/health").await.json()["available_keys"], 1);
    let pool = house.get("/admin/pool").await.json();
    let live = pool["projects"].as_array().unwrap().iter().find(|project| project["id"] == *team).unwrap();
    assert_eq!((&live["tier"], &live["label"]), (&json!("paid"), &json!("paid by Ann")));

    let house = house.restart().await;
    assert_eq!(house.get(&path).await.json(), changed);
    let back = house.patch(&path, &json!({ "enabled": true, "label": null })).await.json();
    assert_eq!(
        (&back["label"], &back["tier"], &back["weight"]),
        (&Value::Null, &json!("paid"), &json!(1000))
    );
    assert_eq!((&back["state"]["name"], house.patch(&path, &json!({})).await.status), (&json!("ready"), 200));
}

#[tokio::test]
async fn a_wrong_change_is_refused_and_its_field_named() {
    let (house, [team, other]) = house().await;
    let path = format!("/admin/projects/{team}");
    let before = house.get(&path).await.json();
    let cases = [
        (json!({ "weight": 0 }), "weight"),
        (json!({ "weight": 1001 }), "weight"),
        (json!({ "weight": 1.5 }), "weight"),
        (json!({ "weight": "3" }), "weight"),
        (json!({ "priority": 101 }), "priority"),
        (json!({ "priority": -101 }), "priority"),
        (json!({ "tier": "tier1" }), "tier"),
        (json!({ "tier": 1 }), "tier"),
        (json!({ "enabled": "yes" }), "enabled"),
        (json!({ "label": "" }), "label"),
        (json!({ "label": "a\u{0}b" }), "label"),
        (json!({ "label": "x".repeat(101) }), "label"),
        (json!({ "label": key(7) }), "label"),
        (json!({ "notes": "x".repeat(2_001) }), "notes"),
        (json!({ "notes": "a\u{0}b" }), "notes"),
        (json!({ "tier": "paid", "weight": 0 }), "weight"),
    ];
    for (body, field) in cases {
        let reply = house.patch(&path, &body).await;
        assert_eq!(
            (reply.status, reply.json()["field"].as_str()),
            (422, Some(field)),
            "{body} {}",
            reply.text
        );
    }
    let misspelt = house.patch(&path, &json!({ "wieght": 5 })).await;
    assert_eq!(misspelt.status, 422);
    assert!(misspelt.text.contains("`weight`"), "{}", misspelt.text);
    let taken = house.patch(&path, &json!({ "label": "other", "tier": "paid" })).await;
    assert_eq!(
        (taken.status, taken.json()["detail"].as_str()),
        (409, Some("this label is taken or has changed."))
    );
    assert_eq!(house.get(&path).await.json(), before, "nothing of a refused change is kept");
    assert_eq!(
        house.patch(&format!("/admin/projects/{other}"), &json!({ "label": "other" })).await.status,
        200
    );
}

#[tokio::test]
async fn limits_are_declared_listed_and_taken_back() {
    let (house, [team, _]) = house().await;
    let (own, all) = (format!("/admin/projects/{team}/limits/{MODEL}"), format!("/admin/limits/{MODEL}"));
    assert_eq!(house.put(&all, &json!({ "rpm": 10, "rpd": 100 })).await.status, 200);
    insta::assert_snapshot!(house.put(&own, &json!({ "rpm": 3, "tpm": null })).await.shown(), @r#"
    200
    {
      "project": "[project id]",
      "model": "gemini-3.8-flash",
      "rpm": 3,
      "tpm": null,
      "rpd": null
    }
    "#);
    insta::assert_snapshot!(house.get("/admin/limits?limit=1").await.shown(), @r#"
    200
    {
      "data": [
        {
          "project": null,
          "model": "gemini-3.8-flash",
          "limit": "rpd",
          "value": 100,
          "known_from": "declared",
          "since": "2026-11-22T00:00:00Z",
          "until": null,
          "usual": {
            "free": 20,
            "paid": 10000
          }
        }
      ],
      "next": "*/rpd/declared/gemini-3.8-flash"
    }
    "#);
    let gauges = async |house: &House| {
        let shown = house.get(&format!("/admin/projects/{team}")).await.json();
        let model = &shown["models"][0];
        assert_eq!((&model["model"], &model["rpm"]["known_from"]), (&json!(MODEL), &json!("declared")));
        ["rpm", "tpm", "rpd"].map(|gauge| model[gauge]["limit"].as_u64())
    };
    assert_eq!(gauges(&house).await, [Some(3), None, Some(100)]);
    let house = house.restart().await;
    assert_eq!(gauges(&house).await, [Some(3), None, Some(100)], "after a restart");
    // A new declaration replaces the whole of the old one.
    house.put(&all, &json!({ "tpm": 5_000, "rpm": 10 })).await;
    assert_eq!(gauges(&house).await, [Some(3), Some(5_000), None]);
    assert_eq!(house.delete(&own).await.status, 204);
    assert_eq!(gauges(&house).await, [Some(10), Some(5_000), None]);
    let listed = async |query: &str| {
        let page = house.get(&format!("/admin/limits?{query}")).await.json();
        let rows = page["data"].as_array().unwrap();
        rows.iter()
            .map(|row| format!("{}={}", row["limit"].as_str().unwrap(), row["value"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, ["rpm=10", "tpm=5000"]);
    assert_eq!(listed(&format!("project={team}")).await, [""; 0]);
    assert_eq!(listed(&format!("project=*&model={MODEL}&after=*/rpm/declared/{MODEL}")).await, ["tpm=5000"]);
    assert_eq!(house.delete(&all).await.status, 204);
    assert_eq!(house.delete(&all).await.status, 204, "gone is gone");
    assert_eq!(listed("").await, [""; 0]);
}

#[tokio::test]
async fn a_wrong_limit_is_refused() {
    let (house, [team, _]) = house().await;
    let own = format!("/admin/projects/{team}/limits/{MODEL}");
    for (body, field) in [
        (json!({ "rpm": -1 }), Some("rpm")),
        (json!({ "tpm": 1.5 }), Some("tpm")),
        (json!({ "rpd": "20" }), Some("rpd")),
        (json!({ "rpd": 1e30 }), Some("rpd")),
        (json!({ "rpx": 1 }), None),
        (json!({}), None),
        (json!({ "rpm": null }), None),
    ] {
        let reply = house.put(&own, &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, field), "{body}: {}", reply.text);
    }
    let nowhere = format!("/admin/projects/project_01jd3rs9w00123456789/limits/{MODEL}");
    for path in [nowhere.as_str(), "/admin/limits/gpt-4o", &format!("/admin/limits/{}", key(1))] {
        let reply = house.put(path, &json!({ "rpm": 1 })).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text);
    }
    assert_eq!(house.delete(&nowhere).await.status, 404);
    // The name may be written as clients write it.
    let prefixed = house.put("/admin/limits/models%2Fgemini-3.8-flash", &json!({ "rpm": 0 })).await;
    assert_eq!((prefixed.status, &prefixed.json()["model"]), (200, &json!(MODEL)));
}

#[tokio::test]
async fn a_user_is_changed() {
    let house = House::open().await;
    let body = json!({ "name": "Ann", "private": true, "weight": 5 }).to_string();
    let made = house.post("/admin/users", body).await.json();
    assert_eq!((&made["private"], &made["weight"]), (&json!(true), &json!(5)));
    let path = format!("/admin/users/{}", made["id"].as_str().unwrap());
    let change =
        json!({ "name": "Anna", "private": false, "weight": 100, "expires_at": "2026-11-23T00:00:00Z" });
    let changed = house.patch(&path, &change).await.json();
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed[field], value, "{field}");
    }
    assert_eq!(house.patch(&path, &json!({ "weight": 2 })).await.json()["expires_at"], change["expires_at"]);
    assert_eq!(house.patch(&path, &json!({ "expires_at": null })).await.json()["expires_at"], Value::Null);
    let kept = house.restart().await.get(&path).await.json();
    assert_eq!(
        (&kept["name"], &kept["weight"], &kept["private"]),
        (&json!("Anna"), &json!(2), &json!(false))
    );
}

#[tokio::test]
async fn a_wrong_change_of_a_user_is_refused() {
    let house = House::open().await;
    let (id, _) = house.add_user("Ann").await;
    let path = format!("/admin/users/{id}");
    for (body, field) in [
        (json!({ "weight": 0 }), Some("weight")),
        (json!({ "weight": 101 }), Some("weight")),
        (json!({ "private": 1 }), Some("private")),
        (json!({ "name": " " }), Some("name")),
        (json!({ "expires_at": "2026-11-21T00:00:00Z" }), Some("expires_at")),
        (json!({ "enabled": false }), None),
    ] {
        let reply = house.patch(&path, &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, field), "{body}: {}", reply.text);
    }
    assert_eq!(
        house.patch("/admin/users/user_01jd3rs9w00123456789", &json!({ "weight": 2 })).await.status,
        404
    );
}
