//! `POST /admin/session/password`: an operator changes its own password.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{AtTheDoor, welcome, write_down};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Viewer;
use crate::secret::Secret;

const ACTION: &str = "POST /admin/session/password";

/// Takes `password`, the present one, and `new_password`. All sessions of the operator end; a new one begins.
pub(in crate::http::admin) async fn change(
    viewer: Viewer,
    State(gateway): State<Gateway>,
    AtTheDoor { visitor, secure }: AtTheDoor,
    request: Body,
) -> Result<Response, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["password", "new_password"])?;
    let old = Secret::new(fields.required("password")?);
    let new = Secret::new(fields.required("new_password")?);
    let operator = viewer.operator();
    let changed = gateway.operators.change_own_password(operator, (&old, &new), &visitor).await;
    let changed = changed.map_err(Problem::from);
    let status = changed.as_ref().map_or_else(Problem::status, |_| StatusCode::OK);
    write_down(&gateway, (ACTION, &operator.name), &visitor, status.as_u16()).await;
    Ok(welcome(&changed?, secure))
}
