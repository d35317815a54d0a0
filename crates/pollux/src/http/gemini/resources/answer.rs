//! Google's answer on its way to the client.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::http::failed::Failed;
use crate::relay::{self, Passed};
use crate::resources::Maker;
use crate::store::record::UserId;

/// What is read of an answer that tells of resources; lists of documents are the longest.
const LONGEST: usize = 16 << 20;

/// An answer that was read.
pub(super) struct Read {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The body, if it is JSON.
    pub(super) value: Value,
    project: String,
    key: String,
}

impl Read {
    /// Who made what it tells of.
    pub(super) fn maker<'a>(&'a self, user: &'a UserId) -> Maker<'a> {
        Maker { user, project: &self.project, key: &self.key }
    }

    /// As it came.
    pub(super) fn into_response(self) -> Response {
        let Self { status, headers, body, .. } = self;
        (status, kept(&headers), body).into_response()
    }
}

/// Reads an answer.
pub(super) async fn read(passed: Passed) -> Result<Read, Failed> {
    let Passed { status, headers, body, project, key } = passed;
    let body = match body {
        relay::Body::Read(body) => body,
        relay::Body::Coming(response) => response.collect(LONGEST).await.map_err(|error| {
            let message = format!("Google's answer broke off: {error}.");
            Failed::new(502, "server_error", "upstream_error", message)
        })?,
    };
    let value = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Read { status, headers, body, value, project, key })
}

/// Passes an answer on piece by piece.
pub(super) fn pass(passed: Passed) -> Response {
    let Passed { status, headers, body, .. } = passed;
    let mut head = kept(&headers);
    let body = match body {
        relay::Body::Read(body) => Body::from(body),
        relay::Body::Coming(response) => {
            if let Some(length) = headers.get(header::CONTENT_LENGTH) {
                head.insert(header::CONTENT_LENGTH, length.clone());
            }
            Body::from_stream(unfold(Some(response), |response| async move {
                let mut response = response?;
                match response.chunk().await {
                    Ok(None) => None,
                    Ok(Some(piece)) => Some((Ok(piece), Some(response))),
                    Err(error) => Some((Err(error), None)),
                }
            }))
        }
    };
    (status, head, body).into_response()
}

/// What of an answer's headers the client has to know.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let wanted = |name: &str| {
        let listed =
            ["content-type", "content-disposition", "content-range", "accept-ranges", "etag", "retry-after"];
        // Where an upload goes on is said in our own words.
        let address = ["x-goog-upload-url", "x-goog-upload-control-url"];
        listed.contains(&name) || (name.starts_with("x-goog-") && !address.contains(&name))
    };
    let kept = headers.iter().filter(|(name, _)| wanted(name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
