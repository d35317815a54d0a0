//! Where a user may call from, over real connections.

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};
use crate::reply::Reply;

async fn user(bed: &Bed, rules: Value) -> String {
    let mut body = json!({ "name": "Ann" });
    body.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
    let made = bed.admin(Method::POST, "/admin/users", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["key"].as_str().unwrap().to_owned()
}

async fn models(bed: &Bed, key: &str, forwarded: &[&str]) -> Reply {
    let bearer = format!("Bearer {key}");
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(forwarded.iter().map(|hops| ("x-forwarded-for", *hops)));
    bed.send(Method::GET, "/v1/models", &headers, "").await
}

#[tokio::test]
async fn nobody_can_say_that_it_comes_from_elsewhere() {
    let bed = Plan::default().start().await;
    let home = user(&bed, json!({ "addresses": ["127.0.0.0/8"] })).await;
    let away = user(&bed, json!({ "addresses": ["203.0.113.0/24", "2001:db8::/32"] })).await;
    assert_eq!(models(&bed, &home, &[]).await.status, 200);
    assert_eq!(models(&bed, &home, &["203.0.113.7"]).await.status, 200);
    let refused = models(&bed, &away, &["203.0.113.7"]).await;
    assert_eq!((refused.status, refused.header("x-should-retry")), (403, Some("false")));
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "address_not_allowed");
    assert!(error["message"].as_str().unwrap().contains("127.0.0.1"), "{error}");
    bed.stop().await;
}

#[tokio::test]
async fn a_trusted_proxy_says_where_a_call_comes_from() {
    let bed = Plan::default().set("POLLUX_TRUSTED_PROXIES", "loopback, 10.0.0.0/8").start().await;
    let away = user(&bed, json!({ "addresses": ["203.0.113.0/24", "2001:db8::/32"] })).await;
    for (forwarded, status) in [
        (&["203.0.113.7"][..], 200),
        (&["2001:db8::9"], 200),
        (&["::ffff:203.0.113.7"], 200),
        (&["198.51.100.1", "203.0.113.7, 10.0.0.4"], 200),
        // Written by the client itself, left of what the proxy saw.
        (&["203.0.113.7, 198.51.100.1"], 403),
        (&["203.0.113.7", "198.51.100.1"], 403),
        (&["garbage"], 403),
        (&[], 403),
    ] {
        assert_eq!(models(&bed, &away, forwarded).await.status, status, "{forwarded:?}");
    }
    bed.stop().await;
}

#[tokio::test]
async fn on_render_its_edge_is_trusted() {
    let bed = Plan::default().set("RENDER_EXTERNAL_URL", "https://example.onrender.com").start().await;
    let away = user(&bed, json!({ "addresses": ["203.0.113.7"] })).await;
    assert_eq!(models(&bed, &away, &["203.0.113.7, 104.22.17.40"]).await.status, 200);
    assert_eq!(models(&bed, &away, &["203.0.113.7, 8.8.8.8"]).await.status, 403);
    bed.stop().await;
}
