//! `POST /admin/models/{model}`: declares limits of a model for every project, and switches it on or off.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use pool::Limits;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{declared, known};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::ModelName;
use crate::http::admin::{BODY_LIMIT, Problem, settings};
use crate::http::guard::Admin;

/// Larger than any quota.
const MOST: u64 = 1_000_000_000_000;
const RPM: &str = "single_api_rpm_limit";
const TPM: &str = "single_api_tpm_limit";
const RPD: &str = "single_api_rpd_limit";

/// What was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedModelChanged)]
pub(in crate::http::admin) struct Changed {
    success: bool,
    message: String,
    updated_fields: Vec<&'static str>,
}

/// Changes those fields that are given.
pub(in crate::http::admin) async fn change(
    admin: Admin,
    State(gateway): State<Gateway>,
    ModelName(name): ModelName,
    request: Body,
) -> Result<Json<Changed>, Problem> {
    let name = known(&gateway, &name)?;
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&[RPM, TPM, RPD, "status"])?;
    // Everything is read before anything is changed.
    let limit = |field| fields.whole(field, 0..=MOST);
    let (rpm, tpm, rpd) = (limit(RPM)?, limit(TPM)?, limit(RPD)?);
    let status = fields.whole("status", 0..=1_u8)?;
    if rpm.or(tpm).or(rpd).is_some() {
        let before = declared(&gateway, &name).await?;
        let limits =
            Limits { rpm: rpm.or(before.rpm), tpm: tpm.or(before.tpm), rpd: rpd.or(before.rpd), ..before };
        gateway.keyring.declare_limits(None, &name, limits).await?;
    }
    if let Some(status) = status {
        let patch = json!({ "models": { name.to_ascii_lowercase(): { "enabled": status == 1 } } });
        settings::set(&gateway, &admin, &patch).await?;
    }
    let given = [RPM, TPM, RPD, "status"].into_iter().filter(|field| fields.value(field).is_some());
    let message = format!("Model {name} updated successfully");
    Ok(Json(Changed { success: true, message, updated_fields: given.collect() }))
}
