//! `DELETE /admin/session`: logs out.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::SET_COOKIE;

use super::{AtTheDoor, write_down};
use crate::http::admin::Problem;
use crate::http::guard::Viewer;
use crate::http::{Gateway, cookie};
use crate::operators::Via;

/// Ends the session, and has the browser forget its cookie.
pub(in crate::http::admin) async fn close(
    viewer: Viewer,
    State(gateway): State<Gateway>,
    AtTheDoor { visitor, secure }: AtTheDoor,
) -> Result<Response, Problem> {
    let operator = viewer.operator();
    if let Via::Session(session) = &operator.via {
        gateway.operators.end_session(&session.id).await?;
        write_down(&gateway, ("DELETE /admin/session", &operator.name), &visitor, 204).await;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(header) = cookie::forget(secure) {
        response.headers_mut().insert(SET_COOKIE, header);
    }
    Ok(response)
}
