//! `PATCH /admin/users/{id}`: changes what is said of a user.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::{User, expiry, rules};
use crate::access::{UserChange, WEIGHTS, check_name};
use crate::audit::Change;
use crate::clock::Moment;
use crate::http::Gateway;
use crate::http::admin::complaints::Complaints;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::UserId;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// Changes what the body mentions. Null takes away: an expiry, a limit, a list, an injection.
pub(in crate::http::admin) async fn change(
    admin: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
    request: Body,
) -> Result<Json<User>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let change = read(&fields, gateway.clock.now())?;
    let before = User::from(gateway.access.user(&id).await?);
    let after = User::from(gateway.access.change_user(&id, change).await?);
    admin.changed(Change::between(&before, &after));
    Ok(Json(after))
}

fn read(fields: &Fields, now: Moment) -> Result<UserChange, Problem> {
    let mut complaints = Complaints::default();
    let known: Vec<&str> =
        ["name", "private", "weight", "expires_at"].into_iter().chain(rules::FIELDS).collect();
    complaints.take(fields.only(&known));
    let name = fields.text("name").and_then(|name| Ok(name.map(check_name).transpose()?));
    let expires_at = complaints.take(expiry(fields, now)).flatten();
    let change = UserChange {
        name: complaints.take(name).flatten().map(str::to_owned),
        private: complaints.take(fields.truth("private")).flatten(),
        weight: complaints.take(fields.whole("weight", WEIGHTS)).flatten(),
        expires_at: fields.mentions("expires_at").then_some(expires_at),
        rules: rules::read(fields, &mut complaints),
    };
    complaints.end()?;
    Ok(change)
}
