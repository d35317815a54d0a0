//! `POST /admin/operators`: makes an operator.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::StatusCode;

use super::{Shown, role};
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;
use crate::operators::Role;
use crate::secret::Secret;

/// Takes `name`, `password` and `role`, which is `viewer` unless said otherwise.
pub(in crate::http::admin) async fn add(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["name", "password", "role"])?;
    let name = fields.required("name")?;
    let password = Secret::new(fields.required("password")?);
    let role = role(&fields)?.unwrap_or(Role::Viewer);
    let shown = Shown::from(&gateway.operators.add_operator(name, &password, role).await?);
    admin.changed_object(&shown.id, Change::made(&shown));
    Ok((StatusCode::CREATED, Json(shown)))
}
