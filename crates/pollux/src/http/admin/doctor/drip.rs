//! `GET /admin/doctor/drip`: five pieces, 200 ms apart. Who gets them all at once has a proxy in between that gathers
//! streams.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use http::header;

use crate::http::guard::Viewer;

const PIECES: u32 = 5;
const APART: Duration = Duration::from_millis(200);

/// A slow stream.
pub(in crate::http::admin) async fn drip(_: Viewer) -> Response {
    let pieces = unfold(0, |sent| async move {
        if sent == PIECES {
            return None;
        }
        if sent > 0 {
            tokio::time::sleep(APART).await;
        }
        Some((Ok::<_, Infallible>(Bytes::from(format!(": piece {sent}\n\n"))), sent + 1))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(pieces)).into_response()
}
