//! Logging in, sessions, roles, and what is written down about them.

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{CANARY, House, Reply, TOKEN, key};
use crate::http::{Guard, Mounted, mounted};

const PASSWORD: &str = "correct horse battery";

/// A browser: it keeps the cookie, and says what it is told to.
struct Browser<'a> {
    house: &'a House,
    cookie: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    /// One that has logged in.
    async fn of(house: &'a House, name: &str) -> Self {
        let login = json!({ "name": name, "password": PASSWORD });
        Self::at(house, &ask(house, &Method::POST, "/admin/session", &[], &login).await)
    }

    fn at(house: &'a House, reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text);
        let cookie = reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { house, cookie, csrf: reply.json()["csrf"].as_str().unwrap().to_owned() }
    }

    async fn send(&self, method: &Method, path: &str, body: &Value) -> Reply {
        self.with(method, path, &[("x-pollux-csrf", &self.csrf)], body).await
    }

    async fn with(&self, method: &Method, path: &str, more: &[(&str, &str)], body: &Value) -> Reply {
        let headers = [&[("cookie", self.cookie.as_str())], more].concat();
        ask(self.house, method, path, &headers, body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.with(&Method::GET, path, &[], &Value::Null).await
    }
}

async fn ask(house: &House, method: &Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    // Acts of one millisecond have no order.
    house.clock.advance(std::time::Duration::from_millis(1));
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let response = house.app.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Reply { status: parts.status.as_u16(), headers: parts.headers, text }
}

async fn claim(house: &House) -> Browser<'_> {
    let body = json!({ "token": TOKEN, "name": "Ann", "password": PASSWORD });
    Browser::at(house, &ask(house, &Method::POST, "/admin/setup/claim", &[], &body).await)
}

async fn viewer<'a>(house: &'a House, admin: &Browser<'a>) -> Browser<'a> {
    let body = json!({ "name": "Vic", "password": PASSWORD });
    assert_eq!(admin.send(&Method::POST, "/admin/operators", &body).await.status, 201);
    Browser::of(house, "vic").await
}

#[tokio::test]
async fn a_gateway_is_claimed_once() {
    let house = House::open().await;
    let state = async || ask(&house, &Method::GET, "/admin/setup", &[], &Value::Null).await.text;
    assert_eq!(state().await, r#"{"claimed":false,"open":false}"#);
    let wrong = json!({ "token": "wrong", "name": "Eve", "password": PASSWORD });
    assert_eq!(ask(&house, &Method::POST, "/admin/setup/claim", &[], &wrong).await.status, 401);
    let short = json!({ "token": TOKEN, "name": "Ann", "password": "short" });
    let refused = ask(&house, &Method::POST, "/admin/setup/claim", &[], &short).await;
    assert_eq!((refused.status, refused.json()["field"].as_str()), (422, Some("password")));
    let ann = claim(&house).await;
    assert_eq!(state().await, r#"{"claimed":true,"open":false}"#);
    let again = json!({ "token": TOKEN, "name": "Bob", "password": PASSWORD });
    assert_eq!(ask(&house, &Method::POST, "/admin/setup/claim", &[], &again).await.status, 409);
    let me = ann.get("/admin/session").await.json();
    assert_eq!(
        (me["name"].as_str(), me["role"].as_str(), me["via"].as_str()),
        (Some("Ann"), Some("admin"), Some("session"))
    );
    assert_eq!(me["expires_at"], "2026-11-23T00:00:00.004Z");
}

/// Every route of operators, asked by a viewer and by an admin with sessions.
#[tokio::test]
async fn roles_open_what_is_declared_for_them() {
    let house = House::open().await;
    let ann = claim(&house).await;
    let vic = viewer(&house, &ann).await;
    // What ends the sessions, and the stream of events, which does not end; its guard is checked with all others'.
    let ends = |method: &Method, path: &str| {
        path == "/admin/events" || *method == Method::DELETE && path.starts_with("/admin/session")
    };
    for Mounted { method, path, guard } in
        mounted().into_iter().filter(|route| !ends(&route.method, &route.path))
    {
        let path = super::filled(&path, "key_01jd3rs9w00123456789");
        let (viewer, admin) =
            (vic.send(&method, &path, &Value::Null).await, ann.send(&method, &path, &Value::Null).await);
        match guard {
            Guard::Open | Guard::User => {}
            Guard::Viewer => assert!(viewer.status != 403 && admin.status != 403, "{method} {path}"),
            Guard::Admin | Guard::Sudo => {
                assert_eq!(viewer.status, 403, "{method} {path}: {}", viewer.text);
                assert!(![401, 403].contains(&admin.status), "{method} {path}: {}", admin.text);
            }
        }
        assert!(viewer.status < 500 && admin.status < 500, "{method} {path}");
        if guard == Guard::User {
            assert_eq!((viewer.status, admin.status), (401, 401), "a session is no user: {path}");
        }
    }
}

#[tokio::test]
async fn a_change_by_cookie_needs_its_csrf_token_and_our_own_page() {
    let house = House::open().await;
    let ann = claim(&house).await;
    let vic = viewer(&house, &ann).await;
    let user = json!({ "name": "U" });
    let cases: [(&[(&str, &str)], u16); 9] = [
        (&[], 403),
        (&[("x-pollux-csrf", "")], 403),
        (&[("x-pollux-csrf", &vic.csrf)], 403),
        (&[("x-pollux-csrf", &ann.csrf.to_uppercase())], 403),
        (&[("x-pollux-csrf", &ann.csrf), ("sec-fetch-site", "cross-site")], 403),
        (&[("x-pollux-csrf", &ann.csrf), ("sec-fetch-site", "same-site")], 403),
        (&[("x-pollux-csrf", &ann.csrf), ("host", "gw"), ("origin", "https://evil.example")], 403),
        (&[("x-pollux-csrf", &ann.csrf), ("host", "gw"), ("origin", "https://gw")], 201),
        (&[("x-pollux-csrf", &ann.csrf), ("sec-fetch-site", "same-origin")], 201),
    ];
    for (headers, expected) in cases {
        let reply = ann.with(&Method::POST, "/admin/users", headers, &user).await;
        assert_eq!(reply.status, expected, "{headers:?}: {}", reply.text);
    }
    assert_eq!(
        ann.with(&Method::GET, "/admin/users", &[("sec-fetch-site", "cross-site")], &Value::Null)
            .await
            .status,
        403
    );
    let login = json!({ "name": "Ann", "password": PASSWORD });
    let foreign =
        ask(&house, &Method::POST, "/admin/session", &[("sec-fetch-site", "cross-site")], &login).await;
    assert_eq!(foreign.status, 403, "a page of another site must not log us in");
    // A cookie beside a wrong token is no way in.
    let mixed =
        ann.with(&Method::GET, "/admin/users", &[("authorization", "Bearer wrong")], &Value::Null).await;
    assert_eq!(mixed.status, 401);
}

/// With administration open to this machine, only the browser stands between a hostile page and the pool.
#[tokio::test]
async fn an_open_door_is_shut_to_pages_of_others() {
    let house = House::with(&[("POLLUX_ADMIN_AUTH", "off")]).await;
    let cases: [(&[(&str, &str)], bool); 8] = [
        (&[], true),
        (&[("host", "127.0.0.1:8000")], true),
        (&[("host", "localhost:8000"), ("origin", "http://localhost:8000")], true),
        (&[("host", "localhost:8000"), ("sec-fetch-site", "same-origin")], true),
        (&[("host", "localhost:8000"), ("origin", "https://evil.example")], false),
        (&[("host", "localhost:8000"), ("sec-fetch-site", "cross-site")], false),
        (&[("host", "evil.example:8000")], false),
        (
            &[("host", "evil.example"), ("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
            false,
        ),
    ];
    for (headers, let_in) in cases {
        for (method, path) in [(Method::GET, "/admin/users"), (Method::POST, "/admin/users")] {
            let reply = ask(&house, &method, path, headers, &json!({ "name": "U" })).await;
            assert_eq!(reply.status < 300, let_in, "{method} {headers:?}: {}", reply.text);
        }
    }
    let claim = json!({ "name": "Eve", "password": PASSWORD });
    let rebound = ask(&house, &Method::POST, "/admin/setup/claim", &[("host", "evil.example")], &claim).await;
    assert_eq!(rebound.status, 403);
    let export = ask(&house, &Method::POST, "/admin/keys/export", &[], &Value::Null).await;
    assert_eq!(export.status, 403, "nobody has proved anything");
}

#[tokio::test]
async fn cookies_are_as_strict_as_the_connection_allows() {
    let house = House::open().await;
    drop(claim(&house).await);
    let login = json!({ "name": "Ann", "password": PASSWORD });
    let plain = ask(&house, &Method::POST, "/admin/session", &[], &login).await;
    let cookie = plain.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("pollux=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400")
    );
    assert_eq!(plain.headers["cache-control"], "no-store");
    // Nobody may say that it came by https but a proxy that is trusted.
    let said = ask(&house, &Method::POST, "/admin/session", &[("x-forwarded-proto", "https")], &login).await;
    assert!(said.headers["set-cookie"].to_str().unwrap().starts_with("pollux="));
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let house = House::open().await;
    let ann = claim(&house).await;
    let other = Browser::of(&house, "Ann").await;
    let sessions = ann.get("/admin/sessions").await.json();
    let data = sessions["data"].as_array().unwrap();
    assert_eq!(data.iter().filter(|session| session["current"] == true).count(), 1);
    assert_eq!(data.len(), 2);
    let out = ann.send(&Method::DELETE, "/admin/session", &Value::Null).await;
    assert_eq!(out.status, 204);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(ann.get("/admin/session").await.status, 401);
    let vic = viewer(&house, &other).await;
    assert_eq!(vic.send(&Method::DELETE, "/admin/sessions", &Value::Null).await.status, 403);
    let ended = other.send(&Method::DELETE, "/admin/sessions", &Value::Null).await;
    assert_eq!(ended.text, r#"{"ended":2}"#);
    assert_eq!(
        (other.get("/admin/session").await.status, vic.get("/admin/session").await.status),
        (401, 401)
    );
}

#[tokio::test]
async fn keys_in_clear_want_a_fresh_proof_and_are_written_down() {
    let house = House::open().await;
    let ids = house.add_keys(&key(1)).await;
    let ann = claim(&house).await;
    house.clock.advance(std::time::Duration::from_mins(5));
    let stale = ann.send(&Method::POST, "/admin/keys/export", &Value::Null).await;
    assert!(stale.status == 403 && !stale.text.contains(CANARY), "{}", stale.text);
    let proof = json!({ "password": PASSWORD });
    assert_eq!(ann.send(&Method::POST, "/admin/session/confirm", &proof).await.status, 204);
    let shown = ann.send(&Method::POST, "/admin/keys/export", &Value::Null).await;
    assert_eq!((shown.status, shown.json()["keys"][0]["key"].as_str()), (200, Some(&*key(1))));
    let deeds = ann.get("/admin/audit?action=POST%20/admin/keys/export").await;
    let statuses: Vec<u64> = deeds.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deed| deed["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 403]);
    assert_eq!(deeds.json()["data"][0]["changes"]["ids"][1][0], *ids[0]);
    assert!(!deeds.text.contains(CANARY));
}

#[tokio::test]
async fn what_operators_do_is_written_down_without_secrets() {
    let house = House::open().await;
    let ann = claim(&house).await;
    let vic = viewer(&house, &ann).await;
    let made = ann.send(&Method::POST, "/admin/users", &json!({ "name": "U" })).await.json();
    let id = made["id"].as_str().unwrap();
    ann.send(&Method::PATCH, &format!("/admin/users/{id}"), &json!({ "name": "W", "weight": 5 })).await;
    ann.send(&Method::POST, &format!("/admin/users/{id}/rotate"), &Value::Null).await;
    ann.send(&Method::POST, "/admin/keys", &json!({ "key": key(7) })).await;
    vic.send(&Method::DELETE, &format!("/admin/users/{id}"), &Value::Null).await;
    ann.send(&Method::PATCH, &format!("/admin/users/{id}"), &json!({ "weight": "x" })).await;
    ask(
        &house,
        &Method::POST,
        "/admin/session",
        &[],
        &json!({ "name": "Ann", "password": "a wrong password" }),
    )
    .await;
    let deeds = vic.get("/admin/audit").await;
    let line = |deed: &Value| {
        let object = deed["object"].as_str().map_or("-", |object| object.split('_').next().unwrap());
        let fields: Vec<&str> =
            deed["changes"].as_object().unwrap().keys().map(String::as_str).take(4).collect();
        let action = deed["action"].as_str().unwrap();
        format!("{} {} {action} {object} {}", deed["status"], deed["operator"], fields.join(","))
    };
    let data = deeds.json()["data"].clone();
    let lines: Vec<String> = data.as_array().unwrap().iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    401 "Ann" POST /admin/session - 
    403 "Vic" DELETE /admin/users/{id} user 
    201 "Ann" POST /admin/keys - added,ids
    200 "Ann" POST /admin/users/{id}/rotate user hint
    200 "Ann" PATCH /admin/users/{id} user name,weight
    201 "Ann" POST /admin/users user id,name,hint,enabled
    200 "vic" POST /admin/session - 
    201 "Ann" POST /admin/operators operator id,name,role,enabled
    200 "Ann" POST /admin/setup/claim - 
    "#);
    assert_eq!(data[4]["changes"], json!({ "name": ["U", "W"], "weight": [1, 5] }));
    assert_eq!((data[4]["object"].as_str(), data[4]["via"].as_str()), (Some(id), Some("session")));
    for secret in [CANARY, PASSWORD, "sk-pollux-", TOKEN] {
        assert!(!deeds.text.contains(secret), "{secret} in {}", deeds.text);
    }
    let page = vic.get("/admin/audit?limit=2").await.json();
    let next =
        vic.get(&format!("/admin/audit?limit=2&before={}", page["next"].as_str().unwrap())).await.json();
    assert_eq!(next["data"][0]["id"], deeds.json()["data"][2]["id"]);
    for query in ["limit=0", "before=x", "since=yesterday"] {
        assert_eq!(vic.get(&format!("/admin/audit?{query}")).await.status, 422, "{query}");
    }
}

#[tokio::test]
async fn operators_are_looked_after() {
    let house = House::open().await;
    let ann = claim(&house).await;
    let vic = viewer(&house, &ann).await;
    let id = vic.get("/admin/session").await.json()["id"].as_str().unwrap().to_owned();
    let ann_id = ann.get("/admin/session").await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/operators/{id}");
    for (body, field) in [
        (json!({ "role": "root" }), "role"),
        (json!({ "password": "short" }), "password"),
        (json!({ "enabled": "no" }), "enabled"),
    ] {
        let reply = ann.send(&Method::PATCH, &path, &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, Some(field)), "{body}");
    }
    let last = ann.send(&Method::DELETE, &format!("/admin/operators/{ann_id}"), &Value::Null).await;
    assert_eq!(last.status, 409, "{}", last.text);
    assert!(last.text.contains("last admin"));
    assert_eq!(ann.send(&Method::PATCH, &path, &json!({ "role": "admin" })).await.json()["role"], "admin");
    assert_eq!(vic.send(&Method::POST, "/admin/users", &json!({ "name": "U" })).await.status, 201);
    assert_eq!(ann.send(&Method::PATCH, &path, &json!({ "enabled": false })).await.status, 200);
    assert_eq!(vic.get("/admin/session").await.status, 401);
    assert_eq!(ann.send(&Method::DELETE, &path, &Value::Null).await.status, 204);
    assert_eq!(ann.get(&path).await.status, 404);
    assert_eq!(ann.get("/admin/operators").await.json()["data"].as_array().unwrap().len(), 1);
    let twin =
        ann.send(&Method::POST, "/admin/operators", &json!({ "name": "ANN", "password": PASSWORD })).await;
    assert_eq!(twin.status, 409);
}
