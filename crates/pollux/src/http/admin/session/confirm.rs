//! `POST /admin/session/confirm`: proves again who one is, which for five minutes opens what shows secrets.

use axum::body::Body;
use axum::extract::State;
use http::StatusCode;

use super::{AtTheDoor, write_down};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Viewer;
use crate::operators::Credentials;
use crate::secret::Secret;

const ACTION: &str = "POST /admin/session/confirm";

/// Takes `password`, or `token`.
pub(in crate::http::admin) async fn confirm(
    viewer: Viewer,
    State(gateway): State<Gateway>,
    AtTheDoor { visitor, .. }: AtTheDoor,
    request: Body,
) -> Result<StatusCode, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["password", "token"])?;
    let operator = viewer.operator();
    let given = match fields.text("password")? {
        Some(password) => {
            Credentials::Password { name: operator.name.as_ref().to_owned(), password: Secret::new(password) }
        }
        None => Credentials::Token(Secret::new(fields.required("token")?)),
    };
    let confirmed = gateway.operators.confirm(operator, &given, &visitor).await.map_err(Problem::from);
    let status = confirmed.as_ref().map_or_else(Problem::status, |()| StatusCode::NO_CONTENT);
    write_down(&gateway, (ACTION, &operator.name), &visitor, status.as_u16()).await;
    confirmed.map(|()| StatusCode::NO_CONTENT)
}
