//! `GET`, `PATCH`, `DELETE /v1beta/files/{id}` and whatever else is done with something that is there.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use dialect::gemini::resource::{made, named_in, results};
use http::Method;
use serde_json::Value;

use super::answer::{Read, pass, read};
use super::sending::{Sending, Way, send, send_counted, whole};
use super::{Asked, parameter, upstream_path};
use crate::http::body;
use crate::http::failed::Failed;

/// Does with `name` what is asked, in the project that has it.
pub(super) async fn act(asked: &Asked<'_>, name: &str, request: Request) -> Result<Response, Failed> {
    let Asked { gateway, caller, uri, target } = *asked;
    let (head, body) = request.into_parts();
    let bytes = body::read(body, gateway.fixed.max_body).await?;
    let mut named = named(&bytes);
    named.insert(name.to_owned());
    let owner = gateway.resources.owner(&caller.user, &named).await;
    let owner = owner.map_err(|trouble| Failed::from_trouble(&trouble))?;
    let way = owner.as_ref().map_or(Way::Rather(None), Way::Owner);
    let path = upstream_path(uri, target);
    let sending = Sending { method: &head.method, path: &path, headers: &head.headers, way };
    // Looking costs Google nothing, and clients look until a file is ready.
    let passed = if head.method.is_safe() {
        send(gateway, caller, sending, whole(bytes)).await?
    } else {
        send_counted(gateway, caller, sending, whole(bytes)).await?
    };
    let tells = ["batches", "operations"].contains(&target.collection.name);
    let is_media = parameter(uri, "alt").as_deref() == Some("media");
    if is_media || (head.method.is_safe() && !tells) {
        return Ok(pass(passed));
    }
    let answer = read(passed).await?;
    note(asked, (name, &head.method), &answer).await?;
    Ok(answer.into_response())
}

/// Writes down what an answer changes.
async fn note(asked: &Asked<'_>, (name, method): (&str, &Method), answer: &Read) -> Result<(), Failed> {
    let Asked { gateway, caller, target, .. } = *asked;
    if !answer.status.is_success() {
        return Ok(());
    }
    let (user, resources) = (&caller.user, &gateway.resources);
    let is_itself = target.below.is_empty() && target.verb.is_none();
    let noted = if *method == Method::DELETE && is_itself {
        resources.forget(user, name).await
    } else if *method == Method::PATCH && is_itself {
        let changed = made(&answer.value).into_iter().filter(|made| made.name == name);
        resources.remember(answer.maker(user), changed.collect()).await
    } else if method.is_safe() {
        resources.claim(answer.maker(user), results(&answer.value)).await
    } else {
        Ok(())
    };
    noted.map_err(|error| Failed::from_store(&error))
}

fn named(body: &Bytes) -> BTreeSet<String> {
    if body.is_empty() {
        return BTreeSet::new();
    }
    serde_json::from_slice::<Value>(body).map(|body| named_in(&body)).unwrap_or_default()
}
