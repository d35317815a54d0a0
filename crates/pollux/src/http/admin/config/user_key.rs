//! `POST /admin/config/user-key`: makes a user and shows its key, once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// What a user is called if nobody says.
const USUAL_NAME: &str = "API User";

/// A new user with its key.
#[derive(Serialize, ToSchema)]
#[schema(as = SeedUserKeyCreated)]
pub(in crate::http::admin) struct Created {
    success: bool,
    key: String,
    name: String,
    id: String,
}

/// Makes a user.
pub(in crate::http::admin) async fn create(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Created>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let name = fields.text("name")?.unwrap_or(USUAL_NAME);
    let (user, key) = gateway.access.create_user(name, None).await?;
    let id = user.id.as_str().to_owned();
    admin.changed_object(&id, Change::made(&serde_json::json!({ "name": user.name })));
    Ok(Json(Created { success: true, key: key.expose().to_owned(), name: user.name, id }))
}
