//! `POST /admin/config/load-balance`: the strategy, under the name that later releases of the original gave it
//! (`seed-facts.md` §2.14).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::json;

use super::Updated;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem, settings};
use crate::http::guard::Admin;

const FIELD: &str = "load_balance_strategy";

/// Sets the strategy. `adaptive`, which preferred keys that answer, is what `headroom` does here and more.
pub(in crate::http::admin) async fn set(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Updated>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let strategy = match fields.required(FIELD)? {
        "adaptive" => "headroom",
        known @ ("headroom" | "least_used" | "round_robin" | "fill_first") => known,
        _ => {
            let why = "must be one of: least_used, round_robin, adaptive, headroom, fill_first";
            return Err(Problem::field(FIELD, why));
        }
    };
    settings::set(&gateway, &admin, &json!({ "strategy": strategy })).await?;
    Ok(Json(Updated::new("Load balance strategy updated successfully")))
}
