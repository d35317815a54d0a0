//! What a console hears of what changes.

use axum::body::Body;
use http::{Request, header};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use super::{House, TOKEN};

#[tokio::test]
async fn a_change_of_settings_is_heard_at_once_and_the_stream_ends_by_itself() {
    let house = House::open().await;
    let bearer = format!("Bearer {TOKEN}");
    let request = Request::get("/admin/events").header(header::AUTHORIZATION, bearer).body(Body::empty());
    let response = house.app.router.clone().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let mut heard = Vec::new();
    while let Some(frame) = body.frame().await {
        heard.push(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap());
        if heard.len() == 1 {
            let change = json!({ "max_attempts": 5 }).to_string();
            let reply = house.send(&http::Method::PATCH, "/admin/settings", Some(TOKEN), change).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            // From here on nothing asks the database, whose time-outs must not jump.
            tokio::time::pause();
        }
    }
    assert_eq!(heard[..2], ["retry: 1000\n: listening\n\n", "event: settings\ndata: {\"version\":1}\n\n"]);
    assert!(heard[2..].iter().all(|text| text == ": still here\n\n") && heard.len() < 30, "{heard:?}");
}
