//! `PATCH /admin/settings`: changes settings with a JSON merge patch.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};

use super::{Changed, SETTINGS_LIMIT, terms};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::fields::Fields;
use crate::http::guard::Admin;

/// Changes settings: all of the patch, or nothing of it.
pub(in crate::http::admin) async fn change(
    admin: Admin,
    State(gateway): State<Gateway>,
    (headers, uri): (HeaderMap, Uri),
    request: Body,
) -> Result<Response, Problem> {
    let terms = terms(&headers, &uri, admin.name())?;
    let fields = Fields::read(request, SETTINGS_LIMIT).await?;
    let changed = gateway.settings.change(fields.all(), terms).await?;
    Ok(Changed::answer(&admin, changed, terms.dry_run))
}
