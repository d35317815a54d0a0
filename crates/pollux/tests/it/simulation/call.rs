//! One call of a user, from its beginning to its one end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tower::ServiceExt;

use super::world::{World, http_request};

/// What a user wants.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) number: usize,
    pub(super) user: usize,
    pub(super) model: &'static str,
    pub(super) streamed: bool,
    /// Characters of the prompt.
    pub(super) length: usize,
    /// When the user has had enough and goes.
    pub(super) leaves_after: Option<Duration>,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) order: Order,
    /// In Google's time.
    pub(super) began_ms: i64,
    pub(super) over_ms: i64,
    pub(super) how: End,
}

/// The one end of a call.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// The user went.
    Left,
    /// An answer came, and this was in it.
    Answer { status: u16, headers: HeaderMap, body: String },
}

impl Order {
    fn body(&self, private: bool) -> Value {
        let mark = if private { "confidential" } else { "open" };
        let text = format!("{mark} call {} {}", self.number, "word ".repeat(self.length / 5));
        json!({ "model": self.model, "stream": self.streamed, "stream_options": {"include_usage": true},
                "messages": [{ "role": "user", "content": text }] })
    }
}

impl Ended {
    pub(super) fn status(&self) -> Option<u16> {
        match &self.how {
            End::Left => None,
            End::Answer { status, .. } => Some(*status),
        }
    }

    pub(super) fn body(&self) -> &str {
        match &self.how {
            End::Left => "",
            End::Answer { body, .. } => body,
        }
    }

    /// The code of a refusal, before the head or after it.
    pub(super) fn code(&self) -> String {
        let of = |text: &str| {
            let value: Value = serde_json::from_str(text).ok()?;
            value["error"]["code"].as_str().map(str::to_owned)
        };
        let whole = of(self.body());
        whole.or_else(|| self.events().find_map(of)).unwrap_or_default()
    }

    /// What the events of a stream say.
    pub(super) fn events(&self) -> impl Iterator<Item = &str> {
        self.body().lines().filter_map(|line| line.strip_prefix("data: "))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        match &self.how {
            End::Left => None,
            End::Answer { headers, .. } => headers.get(name).and_then(|value| value.to_str().ok()),
        }
    }
}

/// Makes the call and sees it to its end.
pub(super) async fn make(world: Arc<World>, order: Order) -> Ended {
    let user = &world.users[order.user];
    let request = http_request(
        "POST",
        "/v1/chat/completions",
        &format!("Bearer {}", user.key),
        &order.body(user.private),
    );
    let router = world.running().router;
    let (began_ms, began) = (world.course.true_ms(), Instant::now());
    world.tell(format_args!("call {} begins: user {} {}", order.number, order.user, order.model));
    let talking = async {
        let response = router.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = read(body).await;
        End::Answer { status: head.status.as_u16(), headers: head.headers, body }
    };
    let how = match order.leaves_after {
        Some(patience) => timeout(patience, talking).await.unwrap_or(End::Left),
        None => talking.await,
    };
    let over_ms = world.course.true_ms();
    let ended = Ended { order, began_ms, over_ms, how };
    world.tell(format_args!(
        "call {} ends after {:?}: {:?} {} {} {:?}",
        ended.order.number,
        began.elapsed(),
        ended.status(),
        ended.code(),
        ended.header("x-request-id").unwrap_or_default(),
        ended.body(),
    ));
    ended
}

/// The body up to its end, or to where it breaks.
async fn read(mut body: Body) -> String {
    let mut text = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            text.extend_from_slice(&data);
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}
