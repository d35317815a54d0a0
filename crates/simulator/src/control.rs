//! The simulator's own routes, under `/__sim`.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::key::Key;
use crate::outlet::pretty;
use crate::request::Call;
use crate::script::Script;
use crate::simulator::World;

/// Turns of the clock, all optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Turn {
    advance_ms: Option<i64>,
    set_ms: Option<i64>,
    frozen: Option<bool>,
}

pub(crate) fn respond(world: &World, call: &Call) -> Response<Body> {
    let path = call.path.trim_end_matches('/');
    match (call.verb.as_str(), path) {
        ("GET", "/__sim/state") => reply(StatusCode::OK, &world.state()),
        ("POST", "/__sim/reset") => {
            world.ledger.forget();
            reply(StatusCode::OK, &json!({}))
        }
        ("GET", "/__sim/keys") => reply(StatusCode::OK, &keys(world)),
        ("GET", "/__sim/clock") => reply(StatusCode::OK, &clock(world)),
        ("POST", "/__sim/clock") => turn(world, call),
        ("GET", "/__sim/script") => reply(StatusCode::OK, &json!(world.director().script())),
        ("POST", "/__sim/script") => take(world, call),
        ("DELETE", "/__sim/script") => {
            world.director().take(Script::default());
            reply(StatusCode::OK, &json!({}))
        }
        _ => reply(
            StatusCode::NOT_FOUND,
            &json!({"error": "GET state|keys|clock|script, POST clock|script|reset, DELETE script"}),
        ),
    }
}

fn keys(world: &World) -> Value {
    let row = |key: &Key| json!({"key": key.text, "label": key.label(), "project": key.project, "state": world.director().key_state(key)});
    world.keys.all().iter().map(row).collect()
}

fn clock(world: &World) -> Value {
    json!({"now_ms": world.clock.now_ms(), "frozen": world.clock.is_frozen()})
}

fn turn(world: &World, call: &Call) -> Response<Body> {
    let turn: Turn = match serde_json::from_slice(&call.body) {
        Ok(turn) => turn,
        Err(error) => return reply(StatusCode::BAD_REQUEST, &json!({"error": error.to_string()})),
    };
    if let Some(frozen) = turn.frozen {
        world.clock.freeze(frozen);
    }
    if let Some(now_ms) = turn.set_ms {
        world.clock.set(now_ms);
    }
    if let Some(by_ms) = turn.advance_ms {
        world.clock.advance(by_ms);
    }
    reply(StatusCode::OK, &clock(world))
}

fn take(world: &World, call: &Call) -> Response<Body> {
    match Script::from_json(&String::from_utf8_lossy(&call.body)) {
        Ok(script) => {
            world.director().take(script);
            reply(StatusCode::OK, &json!(world.director().script()))
        }
        Err(error) => reply(StatusCode::BAD_REQUEST, &json!({"error": error.to_string()})),
    }
}

fn reply(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{}\n", pretty(value))));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
