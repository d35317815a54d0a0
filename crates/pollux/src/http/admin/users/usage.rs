//! What a user has used of its limits.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::rules::dollars;
use crate::clock::iso;
use crate::http::Gateway;
use crate::limits::Used;
use crate::store::record::UserRow;

/// By the limit's name, in the order of names: how much is used, what the limit is (null for none), and when it begins anew
/// (null if it does not by itself). What is reserved for calls under way counts as used. Money is in dollars.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserUsage)]
pub(super) struct Usage(Map<String, Value>);

/// How a user stands now.
pub(super) async fn of(gateway: &Gateway, row: &UserRow) -> Usage {
    let used = gateway.limits.used(&row.id, &row.rules.caps).await;
    Usage(used.into_iter().map(shown).collect())
}

fn shown(used: Used) -> (String, Value) {
    let Used { limit, used, cap, resets } = used;
    let amount = |count: u64| if limit.is_money() { json!(dollars(count)) } else { json!(count) };
    let shown = json!({ "used": amount(used), "limit": cap.map(amount), "resets_at": resets.map(iso) });
    (limit.name().to_owned(), shown)
}
