//! `PATCH /admin/projects/{id}`: changes what is said of a project, at once and for good.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use pool::Tier;

use super::show::{Shown, shown};
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::ProjectId;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;
use crate::keyring::ProjectChange;
use crate::store::record::ProjectRow;

/// The most characters of the notes.
const LONGEST_NOTES: usize = 2_000;

/// Changes any of `label`, `tier`, `weight`, `priority`, `enabled` and `notes`; null takes the label away.
pub(in crate::http::admin) async fn change(
    admin: Admin,
    State(gateway): State<Gateway>,
    ProjectId(id): ProjectId,
    request: Body,
) -> Result<Json<Shown>, Problem> {
    let change = read(&Fields::read(request, BODY_LIMIT).await?)?;
    let before = said(&gateway.keyring.project(&id).await?);
    let row = gateway.keyring.change_project(&id, change).await?;
    admin.changed(Change::between(&before, &said(&row)));
    Ok(Json(shown(&gateway, row).await?))
}

/// What operators say of a project.
fn said(row: &ProjectRow) -> serde_json::Value {
    let ProjectRow { label, tier, weight, priority, enabled, notes, .. } = row;
    serde_json::json!({
        "label": label, "tier": tier, "weight": weight, "priority": priority, "enabled": enabled, "notes": notes
    })
}

fn read(fields: &Fields) -> Result<ProjectChange, Problem> {
    fields.only(&["label", "tier", "weight", "priority", "enabled", "notes"])?;
    let label = fields.text("label")?.map(str::to_owned);
    let notes = fields.text("notes")?;
    if notes.is_some_and(|notes| notes.chars().count() > LONGEST_NOTES) {
        return Err(Problem::field("notes", "must not be longer than 2000 characters"));
    }
    Ok(ProjectChange {
        label: fields.mentions("label").then_some(label),
        tier: fields.text("tier")?.map(tier).transpose()?,
        weight: fields.whole("weight", 1..=1_000)?,
        priority: fields.whole("priority", -100..=100)?,
        enabled: fields.truth("enabled")?,
        notes: notes.map(str::to_owned),
    })
}

fn tier(name: &str) -> Result<Tier, Problem> {
    match name {
        "free" => Ok(Tier::Free),
        "paid" => Ok(Tier::Paid),
        "unknown" => Ok(Tier::Unknown),
        _ => Err(Problem::field("tier", "must be `free`, `paid` or `unknown`")),
    }
}
