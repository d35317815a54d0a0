//! `GET /admin/users`.

use axum::Json;
use axum::extract::State;

use super::User;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::page::{Listed, Page};
use crate::http::guard::Viewer;

/// One page of users, in the order they were made.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
) -> Result<Json<Listed<User>>, Problem> {
    let after = page.after.as_deref().map(Into::into);
    let users = gateway.access.list_users(after.as_ref(), page.limit).await?;
    let users = users.into_iter().map(User::from).collect();
    Ok(Json(page.of(users, |user| &user.id)))
}
