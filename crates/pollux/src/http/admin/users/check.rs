//! `POST /admin/users/check`: whose key is this, and would it be let in?

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Caller, Denied};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Viewer;

/// What is known about a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserChecked)]
pub(in crate::http::admin) struct Checked {
    valid: bool,
    /// Why it would not be let in.
    reason: Option<&'static str>,
    user: Option<Owner>,
}

/// Whose key it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyOwner)]
struct Owner {
    id: String,
    name: String,
}

/// Checks a key without counting it as used.
pub(in crate::http::admin) async fn check(
    _: Viewer,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Checked>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let owner = gateway.access.owner(fields.required("key")?);
    let verdict =
        owner.as_ref().ok_or(Denied::Unknown).and_then(|owner| gateway.access.check_user(&owner.user));
    let reason = verdict.as_ref().err().map(reason);
    Ok(Json(Checked { valid: reason.is_none(), reason, user: owner.map(Owner::from) }))
}

fn reason(denied: &Denied) -> &'static str {
    match denied {
        Denied::Missing | Denied::Unknown => "unknown",
        Denied::Disabled { .. } => "disabled",
        Denied::Expired => "expired",
        Denied::Address { .. } => "address",
    }
}

impl From<Caller> for Owner {
    fn from(caller: Caller) -> Self {
        let Caller { user, name, .. } = caller;
        Self { id: user.as_str().to_owned(), name: name.as_ref().to_owned() }
    }
}
