//! Cached contents: a beginning of prompts that is paid for once, bound to a model.

use serde_json::{Value, json};

use super::{Shelf, Thing, Told, Visitor, body, iso};
use crate::refusal::Refusal;
use crate::request::Call;
use crate::{model, token};

/// Google takes no smaller ones.
const LEAST: u64 = 1_024;
/// How long they are kept when nothing is said.
const USUAL_MS: i64 = 3_600_000;

pub(super) fn create(shelf: &mut Shelf, visitor: Visitor, call: &Call) -> Result<Told, Refusal> {
    let mut cache = body(call)?;
    let id = cache["model"].as_str().unwrap_or_default().trim_start_matches("models/").to_owned();
    if model::find(&id).is_none() {
        let version = call.version().unwrap_or("v1beta");
        return Err(crate::refusal::unknown_model(&id, version, "createCachedContent"));
    }
    shelf.admit(visitor, &cache)?;
    let tokens = token::of_request(&cache).total();
    if tokens < LEAST {
        let message =
            format!("Cached content is too small. total_token_count={tokens}, min_total_token_count={LEAST}");
        return Err(Refusal::invalid(&message).because("cache-size"));
    }
    let expires_ms = expiry(visitor, &cache)?.unwrap_or(visitor.now_ms + USUAL_MS);
    let name = format!("cachedContents/{}", shelf.id(visitor));
    for gone in ["contents", "systemInstruction", "tools", "toolConfig", "ttl"] {
        if let Some(fields) = cache.as_object_mut() {
            fields.remove(gone);
        }
    }
    cache["name"] = json!(name);
    cache["createTime"] = json!(iso(visitor.now_ms));
    cache["updateTime"] = json!(iso(visitor.now_ms));
    cache["expireTime"] = json!(iso(expires_ms));
    cache["usageMetadata"] = json!({ "totalTokenCount": tokens });
    let thing = Thing { value: cache.clone(), expires_ms: Some(expires_ms), tokens, ..Thing::default() };
    shelf.put(visitor, &name, thing);
    Ok(Told::json(&cache))
}

/// Only how long it is kept can be changed.
pub(super) fn change(
    shelf: &mut Shelf,
    visitor: Visitor,
    (id, call): (&str, &Call),
) -> Result<Told, Refusal> {
    let said = body(call)?;
    let thing = shelf.thing_mut(visitor, &format!("cachedContents/{id}"))?;
    if let Some(expires_ms) = expiry(visitor, &said)? {
        thing.expires_ms = Some(expires_ms);
        thing.value["expireTime"] = json!(iso(expires_ms));
        thing.value["updateTime"] = json!(iso(visitor.now_ms));
    }
    Ok(Told::json(&thing.value.clone()))
}

fn expiry(visitor: Visitor, said: &Value) -> Result<Option<i64>, Refusal> {
    let bad = || Refusal::invalid("Invalid value at 'ttl' (type.googleapis.com/google.protobuf.Duration)");
    if let Some(ttl) = said["ttl"].as_str() {
        let seconds: f64 = ttl.strip_suffix('s').and_then(|ttl| ttl.parse().ok()).ok_or_else(bad)?;
        #[expect(clippy::cast_possible_truncation, reason = "a time to live is far from the ends of i64")]
        return Ok(Some(visitor.now_ms + (seconds * 1_000.0) as i64));
    }
    let at = said["expireTime"].as_str().map(str::parse::<jiff::Timestamp>);
    at.transpose().map(|at| at.map(jiff::Timestamp::as_millisecond)).map_err(|_| bad())
}
