//! `POST /v1beta/cachedContents` and its like: something is made.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use dialect::gemini::resource::{made, named_in};
use serde_json::{Value, json};

use super::answer::{Read, read};
use super::sending::{Sending, Way, send_counted, whole};
use super::{Asked, upstream_path};
use crate::http::failed::Failed;
use crate::http::{body, calling};

/// Makes something, next to what it is made of.
pub(super) async fn create(asked: &Asked<'_>, request: Request) -> Result<Response, Failed> {
    let Asked { gateway, caller, uri, target } = *asked;
    let (head, body) = request.into_parts();
    let bytes = body::read(body, gateway.fixed.max_body).await?;
    let (bytes, named) = understand(asked, bytes)?;
    let owner = gateway.resources.owner(&caller.user, &named).await;
    let owner = owner.map_err(|trouble| Failed::from_trouble(&trouble))?;
    let home = gateway.resources.home(&caller.user).await.map_err(|error| Failed::from_store(&error))?;
    let way = owner.as_ref().map_or(Way::Rather(home.as_ref()), Way::Owner);
    let path = upstream_path(uri, target);
    let sending = Sending { method: &head.method, path: &path, headers: &head.headers, way };
    let answer = read(send_counted(gateway, caller, sending, whole(bytes)).await?).await?;
    remember(asked, &answer).await?;
    Ok(answer.into_response())
}

/// Writes down what an answer says was made.
pub(super) async fn remember(asked: &Asked<'_>, answer: &Read) -> Result<(), Failed> {
    let Asked { gateway, caller, .. } = *asked;
    if !answer.status.is_success() {
        return Ok(());
    }
    let made = made(&answer.value);
    let remembered = gateway.resources.remember(answer.maker(&caller.user), made).await;
    remembered.map_err(|error| Failed::from_store(&error))
}

/// The body as it goes on, and what it names. A model goes by the name that Google knows it by, if the user may use it.
fn understand(asked: &Asked<'_>, bytes: Bytes) -> Result<(Bytes, BTreeSet<String>), Failed> {
    let mut body: Value = serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?;
    let named = named_in(&body);
    if !asked.target.collection.has_model {
        return Ok((bytes, named));
    }
    let Some(name) = body.get("model").and_then(Value::as_str) else { return Ok((bytes, named)) };
    let (prefix, name) = match name.strip_prefix("models/") {
        Some(name) => ("models/", name),
        None => ("", name),
    };
    let meant = calling::model(asked.gateway, asked.caller, name, &asked.gateway.settings.now())?;
    body["model"] = json!(format!("{prefix}{}", meant.upstream_id));
    Ok((Bytes::from(body.to_string()), named))
}

fn malformed(error: &serde_json::Error) -> Failed {
    let message = format!("The body is not JSON: {error}.");
    Failed::new(400, "invalid_request_error", "invalid_json", message)
}
