//! `GET /admin/replicas`: who is there, and whether they count together. And what tells the others of a change.

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::Gateway;
use crate::http::guard::Viewer;
use crate::shared::{Fleet, Replica};

/// What begins the path of requests that change nothing other replicas would have to know, whatever their method.
const PRIVATE: [&str; 5] = ["/session", "/jobs", "/backups", "/alerts", "/keys/preview"];

/// All replicas.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replicas)]
pub(super) struct Listed {
    /// `ok`, `away`, or `off` where there is no Redis.
    redis: &'static str,
    /// Over how many replicas limits are divided, because they cannot count together; 1 as long as they can.
    divided_by: u32,
    /// Which one answers.
    this: String,
    data: Vec<Shown>,
}

/// One replica.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replica)]
struct Shown {
    id: String,
    version: String,
    address: String,
    started: String,
    last_seen: String,
}

/// Lists them.
pub(super) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Json<Listed> {
    let fleet = gateway.shared.fleet();
    let mut data = gateway.shared.replicas();
    if data.is_empty() {
        data.push(Replica { seen: gateway.clock.now(), ..gateway.replica.clone() });
    }
    Json(Listed {
        redis: word(&fleet),
        divided_by: fleet.divisor(),
        this: gateway.replica.id.clone(),
        data: data.into_iter().map(Shown::of).collect(),
    })
}

/// How Redis is, in a word.
pub(in crate::http) fn word(fleet: &Fleet) -> &'static str {
    match fleet {
        Fleet::Alone => "off",
        Fleet::Together(_) => "ok",
        Fleet::Away(_) => "away",
    }
}

/// Tells the other replicas when a request has changed something.
pub(super) async fn tell(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let private = reads || PRIVATE.iter().any(|part| path.starts_with(part)) || path.ends_with("/check");
    let response = next.run(request).await;
    if !private && response.status().is_success() {
        gateway.say_changed().await;
    }
    response
}

impl Shown {
    fn of(replica: Replica) -> Self {
        let Replica { id, version, address, started, seen } = replica;
        Self { id, version, address, started: clock::iso(started), last_seen: clock::iso(seen) }
    }
}
