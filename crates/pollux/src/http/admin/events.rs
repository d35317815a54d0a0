//! `GET /admin/events`: says that something has changed, as server-sent events, for consoles that then look again.
//!
//! `call` when calls have ended, `pool` when other keys are ready than before, `settings` when another version holds, each with
//! the count by which that was seen. Nothing is said that a list would not say: who missed an event has missed nothing.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use http::header;
use tokio::time::{Instant, sleep};

use crate::http::Gateway;
use crate::http::guard::Viewer;

/// How often it is looked whether something has changed.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Something is said at least so often, that nobody in between takes the stream for dead.
const SILENT_AT_MOST: Duration = Duration::from_secs(15);
/// After this the stream ends and the browser asks again, with a session that may be over meanwhile.
const LASTS: Duration = Duration::from_mins(5);

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    calls: u64,
    ready_keys: usize,
    version: i64,
}

/// Where a stream stands.
struct Watching {
    gateway: Gateway,
    seen: Option<Seen>,
    began: Instant,
    spoke: Instant,
}

/// Says what changes, as long as somebody listens.
pub(super) async fn stream(_: Viewer, State(gateway): State<Gateway>) -> Response {
    let now = Instant::now();
    let watching = Watching { gateway, seen: None, began: now, spoke: now };
    let body = Body::from_stream(unfold(watching, Watching::next));
    let headers = [(header::CONTENT_TYPE.as_str(), "text/event-stream"), ("x-accel-buffering", "no")];
    (headers, body).into_response()
}

impl Watching {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            let now = Seen::of(&self.gateway);
            let text = match self.seen.replace(now) {
                None => "retry: 1000\n: listening\n\n".to_owned(),
                Some(before) => changes(before, now),
            };
            if !text.is_empty() {
                self.spoke = Instant::now();
                return Some((Ok(text.into()), self));
            }
            if self.spoke.elapsed() >= SILENT_AT_MOST {
                self.spoke = Instant::now();
                return Some((Ok(Bytes::from_static(b": still here\n\n")), self));
            }
            if self.began.elapsed() >= LASTS || self.gateway.closing.is_now() {
                return None;
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Seen {
    fn of(gateway: &Gateway) -> Self {
        Self {
            calls: gateway.journal.written(),
            ready_keys: gateway.keyring.ready_keys(),
            version: gateway.settings.version(),
        }
    }
}

fn changes(before: Seen, now: Seen) -> String {
    let mut text = String::new();
    let mut say = |event: &str, member: &str, count: String| {
        // Writing to a text does not fail.
        let _ = write!(text, "event: {event}\ndata: {{\"{member}\":{count}}}\n\n");
    };
    if before.calls != now.calls {
        say("call", "calls", now.calls.to_string());
    }
    if before.ready_keys != now.ready_keys {
        say("pool", "ready_keys", now.ready_keys.to_string());
    }
    if before.version != now.version {
        say("settings", "version", now.version.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_said() {
        let before = Seen { calls: 1, ready_keys: 12, version: 0 };
        assert_eq!(changes(before, before), "");
        assert_eq!(changes(before, Seen { calls: 3, ..before }), "event: call\ndata: {\"calls\":3}\n\n");
        let all = changes(before, Seen { calls: 2, ready_keys: 11, version: 1 });
        assert_eq!(all.matches("\n\n").count(), 3, "{all}");
    }
}
