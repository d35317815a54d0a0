//! `GET /admin/models`, `GET /admin/models/{model}`, `POST /admin/models/{model}`: models with their limits and state
//! (`seed-facts.md` §2.14).

pub(in crate::http::admin) mod change;
pub(in crate::http::admin) mod list;
pub(in crate::http::admin) mod show;

use pool::{Gauge, Limits, Provenance};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::settings::Values;
use crate::store::PAGE;
use crate::store::record::LimitFilter;

/// A model as scripts of the original know it. Limits of −1 are not known: none is enforced until Google names it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedModel)]
pub(in crate::http::admin) struct Row {
    id: String,
    model_name: String,
    single_api_rpm_limit: i64,
    single_api_tpm_limit: i64,
    single_api_rpd_limit: i64,
    /// 1 if it may be called.
    status: u8,
    created_at: String,
    updated_at: String,
    total_rpm_limit: i64,
    total_tpm_limit: i64,
    total_rpd_limit: i64,
    rpm_limit: i64,
    tpm_limit: i64,
    rpd_limit: i64,
}

impl Row {
    /// A single project's limits, and those of all of them: Google limits projects, not keys.
    fn new(gateway: &Gateway, settings: &Values, name: &str, limits: Limits) -> Self {
        let at = clock::iso(gateway.started);
        let projects = i64::try_from(gateway.keyring.snapshot().projects.len()).unwrap_or(i64::MAX);
        let one = |limit: Option<u64>| limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let all = |limit| if one(limit) < 0 { -1 } else { one(limit).saturating_mul(projects) };
        let Limits { rpm, tpm, rpd, tpd: _ } = limits;
        let off = gateway.model(name, settings).is_err();
        Self {
            id: name.to_owned(),
            model_name: name.to_owned(),
            single_api_rpm_limit: one(rpm),
            single_api_tpm_limit: one(tpm),
            single_api_rpd_limit: one(rpd),
            status: u8::from(!off),
            created_at: at.clone(),
            updated_at: at,
            total_rpm_limit: all(rpm),
            total_tpm_limit: all(tpm),
            total_rpd_limit: all(rpd),
            rpm_limit: all(rpm),
            tpm_limit: all(tpm),
            rpd_limit: all(rpd),
        }
    }
}

/// What was declared of all projects for a model.
async fn declared(gateway: &Gateway, model: &str) -> Result<Limits, Problem> {
    let filter = LimitFilter { project: Some(None), model: Some(model.to_owned()) };
    let known = gateway.keyring.limits(&filter, None, PAGE).await?;
    let declared = known.into_iter().filter(|limit| limit.provenance == Provenance::Declared);
    Ok(declared.fold(Limits::default(), |mut limits, known| {
        let slot = match known.gauge {
            Gauge::Rpm => &mut limits.rpm,
            Gauge::Tpm => &mut limits.tpm,
            Gauge::Rpd => &mut limits.rpd,
            Gauge::Tpd => &mut limits.tpd,
        };
        *slot = Some(known.value);
        limits
    }))
}

/// The name that limits and settings of a model go by.
fn known(gateway: &Gateway, name: &str) -> Result<String, Problem> {
    // Says no name: what stands in its place may be a whole key.
    let meant = gateway.catalog.resolve(name, gateway.clock.now()).map_err(|_| Problem::missing("model"))?;
    Ok(meant.upstream_id)
}
