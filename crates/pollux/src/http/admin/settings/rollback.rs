//! `POST /admin/settings/rollback`: brings back an older version, as a new one.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};

use super::{Changed, terms};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;
use crate::settings::Terms;

/// Brings back `{"version": N}`; 0 takes everything back that is stored.
pub(in crate::http::admin) async fn roll_back(
    admin: Admin,
    State(gateway): State<Gateway>,
    (headers, uri): (HeaderMap, Uri),
    request: Body,
) -> Result<Response, Problem> {
    let terms = terms(&headers, &uri, admin.name())?;
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["version", "dry_run"])?;
    let to =
        fields.whole("version", 0..=i64::MAX)?.ok_or_else(|| Problem::field("version", "is required"))?;
    let dry_run = terms.dry_run || fields.truth("dry_run")?.unwrap_or(false);
    let changed = gateway.settings.roll_back(to, Terms { dry_run, ..terms }).await?;
    Ok(Changed::answer(&admin, changed, dry_run))
}
