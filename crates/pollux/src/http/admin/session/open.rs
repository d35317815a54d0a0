//! `POST /admin/session`: logs an operator in, by name and password or by the admin token.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{AtTheDoor, credentials, welcome, write_down};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::operators::Credentials;

const ACTION: &str = "POST /admin/session";

/// Opens a session and sets its cookie.
pub(in crate::http::admin) async fn open(
    State(gateway): State<Gateway>,
    AtTheDoor { visitor, secure }: AtTheDoor,
    request: Body,
) -> Result<Response, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["name", "password", "token"])?;
    let credentials = credentials(&fields)?;
    let name = match &credentials {
        Credentials::Token(_) => "admin token",
        Credentials::Password { name, .. } => name,
    };
    match gateway.operators.log_in(&credentials, &visitor).await {
        Ok(opened) => {
            write_down(&gateway, (ACTION, name), &visitor, StatusCode::OK.as_u16()).await;
            Ok(welcome(&opened, secure))
        }
        Err(error) => {
            let problem = Problem::from(error);
            // What the throttle refuses is not written down: a flood of attempts must not become one of rows.
            if problem.status() == StatusCode::UNAUTHORIZED {
                write_down(&gateway, (ACTION, name), &visitor, problem.status().as_u16()).await;
            }
            Err(problem)
        }
    }
}
