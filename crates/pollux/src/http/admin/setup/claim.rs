//! `POST /admin/setup/claim`: with the admin token, makes the first operator and logs it in.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::session::{AtTheDoor, welcome, write_down};
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::caller::credential;
use crate::secret::Secret;

const ACTION: &str = "POST /admin/setup/claim";

/// Takes `name`, `password`, and the admin token as `token` or as `Authorization: Bearer …`. Works once.
pub(in crate::http::admin) async fn claim(
    State(gateway): State<Gateway>,
    AtTheDoor { visitor, secure }: AtTheDoor,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["token", "name", "password"])?;
    let token = fields.text("token")?.or_else(|| credential(&headers)).unwrap_or_default();
    let (token, name) = (Secret::new(token), fields.required("name")?);
    let password = Secret::new(fields.required("password")?);
    let opened = gateway.operators.claim((&token, name, &password), &visitor).await.map_err(Problem::from);
    let status = opened.as_ref().map_or_else(Problem::status, |_| StatusCode::OK);
    if status != StatusCode::TOO_MANY_REQUESTS {
        write_down(&gateway, (ACTION, name), &visitor, status.as_u16()).await;
    }
    Ok(welcome(&opened?, secure))
}
