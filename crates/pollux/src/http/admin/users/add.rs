//! `POST /admin/users`: makes a user and shows its key, once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::StatusCode;

use super::{Keyed, expiry, rules};
use crate::access::{Terms, WEIGHTS, check_name};
use crate::audit::Change;
use crate::clock::Moment;
use crate::http::Gateway;
use crate::http::admin::complaints::Complaints;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// Makes a user.
pub(in crate::http::admin) async fn add(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<(StatusCode, Json<Keyed>), Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let (name, terms) = read(&fields, gateway.clock.now())?;
    let (user, key) = gateway.access.create_user_on(name, terms).await?;
    let keyed = Keyed::new(user, &key);
    admin.changed_object(&keyed.user.id, Change::made(&keyed.user));
    Ok((StatusCode::CREATED, Json(keyed)))
}

fn read(fields: &Fields, now: Moment) -> Result<(&str, Terms), Problem> {
    let mut complaints = Complaints::default();
    let name = complaints.take(fields.required("name").and_then(|name| Ok(check_name(name)?)));
    let usual = Terms::default();
    let terms = Terms {
        expires_at: complaints.take(expiry(fields, now)).flatten(),
        private: complaints.take(fields.truth("private")).flatten().unwrap_or(usual.private),
        weight: complaints.take(fields.whole("weight", WEIGHTS)).flatten().unwrap_or(usual.weight),
        rules: rules::read(fields, &mut complaints).applied(usual.rules),
    };
    complaints.end()?;
    Ok((name.unwrap_or_default(), terms))
}
