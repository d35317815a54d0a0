//! `POST /upload/v1beta/files`: a file comes in one request, or a session is begun in which it comes in pieces.
//!
//! What comes is passed on as it comes. The address of a session is ours in the place of Google's; who knows it may write into
//! the session, so it needs no key, as at Google.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::response::{IntoResponse, Response};
use dialect::gemini::resource::{Target, made, named_in};
use http::request::Parts;
use http::{HeaderValue, Uri};
use serde_json::Value;

use super::answer::{Read, read};
use super::create::remember;
use super::sending::{Sending, Way, flow, send, send_counted, whole};
use super::{Asked, nothing, parameter, split, upstream_path};
use crate::http::caller::Caller;
use crate::http::failed::Failed;
use crate::http::gemini::Refused;
use crate::http::{Gateway, body, origin};
use crate::relay::Payload;
use crate::store::record::ProjectId;

/// What is said of a file before it comes, at most.
const DESCRIPTION: usize = 1 << 20;
const SESSION: &str = "upload_id";
const ADDRESS: &str = "x-goog-upload-url";
const STATUS: &str = "x-goog-upload-status";

/// Takes a file, or a part of one.
pub(in crate::http::gemini) async fn upload(
    State(gateway): State<Gateway>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Response {
    let answered = Box::pin(taken(&gateway, &uri, request)).await;
    answered.unwrap_or_else(|failed| Refused(failed).into_response())
}

async fn taken(gateway: &Gateway, uri: &Uri, request: Request) -> Result<Response, Failed> {
    let (mut head, body) = request.into_parts();
    if let Some(session) = parameter(uri, SESSION) {
        return go_on(gateway, uri, &session, (&head, body)).await;
    }
    let Caller(caller) = Caller::from_request_parts(&mut head, gateway).await?;
    let target = target(uri)?;
    let asked = Asked { gateway, caller: &caller, uri, target: &target };
    if text(&head, "x-goog-upload-command").is_some_and(|command| command.contains("start")) {
        return begin(&asked, &head, body).await;
    }
    let (named, home) = (BTreeSet::new(), home(&asked).await?);
    let answer = sent(&asked, &head, (named, home), flow(body)).await?;
    remember(&asked, &answer).await?;
    Ok(answer.into_response())
}

/// Begins a session.
async fn begin(asked: &Asked<'_>, head: &Parts, body: Body) -> Result<Response, Failed> {
    let Asked { gateway, caller, uri, .. } = *asked;
    let bytes = body::read(body, DESCRIPTION).await?;
    let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut named = named_in(&said);
    // A name that the user has given before is taken where it was given.
    if let Some(name) = said.pointer("/file/name").and_then(Value::as_str)
        && gateway.resources.has(&caller.user, name).await.map_err(|error| Failed::from_store(&error))?
    {
        named.insert(name.to_owned());
    }
    let home = home(asked).await?;
    let answer = sent(asked, head, (named, home), whole(bytes)).await?;
    let address = answer.headers.get(ADDRESS).and_then(|address| address.to_str().ok()).map(str::to_owned);
    let Some(address) = address.filter(|_| answer.status.is_success()) else {
        return Ok(answer.into_response());
    };
    let google = address.parse::<Uri>().map_err(|_| no_session())?;
    let session = parameter(&google, SESSION).ok_or_else(no_session)?;
    let begun = gateway.resources.begin_upload(answer.maker(&caller.user), &session).await;
    begun.map_err(|error| Failed::from_store(&error))?;
    let query = google.query().unwrap_or_default();
    let ours = format!("{}{}?{query}", base(gateway, head), uri.path());
    let ours = HeaderValue::from_str(&ours).map_err(|_| no_session())?;
    let mut response = answer.into_response();
    response.headers_mut().insert(ADDRESS, ours);
    Ok(response)
}

/// More of a file, or the question how much has come.
async fn go_on(
    gateway: &Gateway,
    uri: &Uri,
    session: &str,
    (head, body): (&Parts, Body),
) -> Result<Response, Failed> {
    let found = gateway.resources.upload(session).await;
    let (user, project) = found.map_err(|trouble| Failed::from_trouble(&trouble))?;
    let caller = gateway.access.check_user(&user)?;
    let target = target(uri)?;
    let path = upstream_path(uri, &target);
    let (method, headers) = (&head.method, &head.headers);
    let sending = Sending { method, path: &path, headers, way: Way::Owner(&project) };
    let answer = read(send(gateway, &caller, sending, flow(body)).await?).await?;
    let status = answer.headers.get(STATUS).and_then(|status| status.to_str().ok());
    if matches!(status, Some("final" | "cancelled")) {
        let ended = async {
            let made = made(&answer.value);
            gateway.resources.remember(answer.maker(&user), made).await?;
            gateway.resources.end_upload(&user, session).await
        };
        ended.await.map_err(|error| Failed::from_store(&error))?;
    }
    Ok(answer.into_response())
}

/// Sends what begins an upload to the project of what it names, or else home.
async fn sent(
    asked: &Asked<'_>,
    head: &Parts,
    (mut named, home): (BTreeSet<String>, Option<ProjectId>),
    payload: Payload,
) -> Result<Read, Failed> {
    let Asked { gateway, caller, uri, target } = *asked;
    named.extend(target.name.clone());
    let owner = gateway.resources.owner(&caller.user, &named).await;
    let owner = owner.map_err(|trouble| Failed::from_trouble(&trouble))?;
    let way = owner.as_ref().map_or(Way::Rather(home.as_ref()), Way::Owner);
    let path = upstream_path(uri, target);
    let sending = Sending { method: &head.method, path: &path, headers: &head.headers, way };
    read(send_counted(gateway, caller, sending, payload).await?).await
}

async fn home(asked: &Asked<'_>) -> Result<Option<ProjectId>, Failed> {
    let home = asked.gateway.resources.home(&asked.caller.user).await;
    home.map_err(|error| Failed::from_store(&error))
}

fn target(uri: &Uri) -> Result<Target, Failed> {
    let path = split(uri.path()).map(|(_, path)| path);
    path.and_then(Target::read).ok_or_else(|| nothing(uri.path()))
}

/// Our own address, as the client knows it.
fn base(gateway: &Gateway, head: &Parts) -> String {
    let trusted = &gateway.fixed.trusted_proxies;
    let said = gateway.fixed.external_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    said.unwrap_or_else(|| origin::address(head, trusted))
}

fn text<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

fn no_session() -> Failed {
    let message = "Google began no upload session that can be gone on with. Try again.";
    Failed::new(502, "server_error", "upstream_error", message.to_owned())
}
