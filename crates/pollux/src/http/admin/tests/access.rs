//! Who gets in.

use axum::body::Body;
use http::Method;

use super::{House, TOKEN};
use crate::http::{Guard, Mounted, mounted};

/// Sends every declared request without a credential, and with those of others.
#[tokio::test]
async fn each_route_is_guarded_as_declared() {
    let house = House::open().await;
    // Of streams without an end, only the beginning is looked at.
    house.app.gateway.closing.begin();
    let (_, user_key) = house.add_user("Ann").await;
    let wrong = TOKEN.to_uppercase();
    let mut guards = Vec::new();
    for Mounted { method, path, guard } in mounted() {
        let path = super::filled(&path, "key_01jd3rs9w00123456789");
        for credential in [None, Some(""), Some(&*wrong), Some(&*user_key), Some(TOKEN)] {
            let reply = house.send(&method, &path, credential, Body::empty()).await;
            let open = match guard {
                Guard::Open => true,
                Guard::User => credential == Some(&user_key),
                Guard::Viewer | Guard::Admin | Guard::Sudo => credential == Some(TOKEN),
            };
            // A login without credentials is refused for what it lacks, not for who asks.
            assert_eq!(reply.status != 401, open, "{method} {path} {credential:?}: {}", reply.status);
            assert!(reply.status != 405 && reply.status < 500, "{method} {path}: {}", reply.status);
            if !open && guard != Guard::User {
                assert_eq!(reply.headers["www-authenticate"], "Bearer", "{method} {path}");
                assert_eq!(reply.headers["content-type"], "application/problem+json", "{method} {path}");
            }
        }
        guards.push(guard);
    }
    for guard in [Guard::Open, Guard::User, Guard::Viewer, Guard::Admin, Guard::Sudo] {
        assert!(guards.contains(&guard), "{guard:?} was never tried");
    }
}

/// What changes something is never open to viewers; a POST that changes nothing is named here.
#[test]
fn changes_are_for_admins() {
    let harmless = [
        "/admin/keys/preview",
        "/admin/users/check",
        "/admin/session",
        "/admin/session/confirm",
        "/admin/session/password",
    ];
    let open = [
        (Method::GET, "/admin/setup"),
        (Method::POST, "/admin/setup/claim"),
        (Method::POST, "/admin/session"),
    ];
    // What users said is not for everybody who may look.
    let private = ["/admin/requests/{id}/bodies"];
    let sudo = ["/admin/keys/export", "/admin/backups/{name}/download"];
    for Mounted { method, path, guard } in
        mounted().into_iter().filter(|route| route.path.starts_with("/admin"))
    {
        let expected = if open.contains(&(method.clone(), &*path)) {
            Guard::Open
        } else if sudo.contains(&&*path) {
            Guard::Sudo
        } else if private.contains(&&*path) {
            Guard::Admin
        } else if method == Method::GET || harmless.contains(&&*path) {
            Guard::Viewer
        } else {
            Guard::Admin
        };
        assert_eq!(guard, expected, "{method} {path}");
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
