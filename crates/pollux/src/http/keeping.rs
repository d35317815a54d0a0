//! Notes what is said in a call while it passes, for users of whom that is kept.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::caller::Caller;
use super::{Gateway, watching};
use crate::bodies::{Noting, Part, Sheet};

/// A body that is noted as it goes by.
struct Heard {
    inner: Body,
    sheet: Arc<Sheet>,
    part: Part,
    /// With the answer, the call is over.
    _noting: Option<Noting>,
}

/// Lets a call through. Where nobody wants it, that costs one look.
pub(super) async fn note(gateway: Gateway, request: Request, next: Next) -> Response {
    if !gateway.access.keeps_bodies() {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &gateway).await.ok();
    let Some(Caller(caller)) = caller.filter(|Caller(caller)| caller.rules.log_bodies) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let noting = gateway.bodies.begin(watching::id(&parts.headers), caller.user.clone());
    let sheet = Arc::clone(noting.sheet());
    let heard = Heard { inner: body, sheet: Arc::clone(&sheet), part: Part::Request, _noting: None };
    let response = next.run(Request::from_parts(parts, Body::new(heard))).await;
    response.map(|inner| Body::new(Heard { inner, sheet, part: Part::Response, _noting: Some(noting) }))
}

impl HttpBody for Heard {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.sheet.note(self.part, data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
