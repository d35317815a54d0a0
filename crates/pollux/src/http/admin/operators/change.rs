//! `PATCH /admin/operators/{id}`: another role, another password, on or off.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::{Shown, role};
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::OperatorId;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;
use crate::operators::OperatorChange;
use crate::secret::Secret;

/// Changes any of `role`, `enabled` and `password`. Whoever is switched off or gets another password loses its sessions.
pub(in crate::http::admin) async fn change(
    admin: Admin,
    State(gateway): State<Gateway>,
    OperatorId(id): OperatorId,
    request: Body,
) -> Result<Json<Shown>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["role", "enabled", "password"])?;
    let password = fields.text("password")?.map(Secret::new);
    let reset = password.is_some();
    let change = OperatorChange { role: role(&fields)?, enabled: fields.truth("enabled")?, password };
    let before = Shown::from(&gateway.operators.operator(&id).await?);
    let after = Shown::from(&gateway.operators.change_operator(&id, change).await?);
    let with = |shown: &Shown, password: Option<&str>| {
        let mut value = serde_json::to_value(shown).unwrap_or_default();
        value["password"] = password.into();
        value
    };
    admin.changed(Change::between(&with(&before, None), &with(&after, reset.then_some("another"))));
    Ok(Json(after))
}
