//! Who gets in.

use axum::body::Body;
use http::Method;

use super::super::list;
use super::{House, TOKEN};

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

#[tokio::test]
async fn no_route_opens_without_the_admin_token() {
    let house = House::open().await;
    let (_, user_key) = house.add_user("Ann").await;
    let wrong = TOKEN.to_uppercase();
    let credentials = [None, Some(""), Some(&*wrong), Some(&*user_key)];
    for (path, _) in list() {
        let path = format!("/admin{}", super::filled(path, "key_01jd3rs9w00123456789"));
        let mut guarded = 0;
        for (method, credential) in METHODS.iter().flat_map(|method| credentials.map(|one| (method, one))) {
            let reply = house.send(method, &path, credential, Body::empty()).await;
            match reply.status {
                401 => {
                    guarded += 1;
                    assert_eq!(reply.headers["www-authenticate"], "Bearer", "{method} {path}");
                    assert_eq!(reply.headers["content-type"], "application/problem+json", "{method} {path}");
                }
                status => assert_eq!(status, 405, "{method} {path}"),
            }
        }
        assert!(guarded >= credentials.len(), "{path} has no method");
    }
}

#[tokio::test]
async fn admin_and_user_never_stand_in_for_each_other() {
    let house = House::open().await;
    let (_, key) = house.add_user("Ann").await;
    assert_eq!(house.call(&key).await, 200);
    assert_eq!(house.call(TOKEN).await, 401);
    assert_eq!(house.get("/admin/users").await.status, 200);
    let refused = house.send(&Method::GET, "/admin/users", Some(&key), Body::empty()).await;
    insta::assert_snapshot!(refused.shown(), @r#"
    401
    {
      "type": "about:blank",
      "title": "Unauthorized",
      "status": 401,
      "detail": "This is not the admin token. It was printed at the first start of the gateway or set there; a user's key does not open the admin API."
    }
    "#);
}

#[tokio::test]
async fn the_guard_can_be_lifted() {
    let house = House::with(&[("POLLUX_ADMIN_AUTH", "off")]).await;
    let reply = house.send(&Method::GET, "/admin/keys", None, Body::empty()).await;
    assert_eq!((reply.status, &*reply.text), (200, r#"{"data":[],"next":null}"#));
    assert_eq!(reply.headers["cache-control"], "no-store");
}
