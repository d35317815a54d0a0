//! `POST /v1beta/models/{model}:{method}`: every method of a model, known or not.

use std::collections::HashMap;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::gemini::resource::{Made, named_in};
use dialect::gemini::usage::{Tokens, UsageMetadata};
use dialect::lift::lift;
use dialect::openai::chat::Hints;
use http::{HeaderMap, HeaderValue, Uri, header};
use serde::Deserialize;
use tokio::time::Instant;

use super::Refused;
use super::resources::with_query;
use super::scribe::{ArrayScribe, EventScribe};
use crate::access;
use crate::http::caller::Caller;
use crate::http::calling::{self, Meaning, Understood};
use crate::http::failed::Failed;
use crate::http::watching::Arrived;
use crate::http::{Gateway, body, ratelimit};
use crate::limits::Admission;
use crate::relay::{Raw, RawAnswer, Served};
use crate::resources::Maker;

/// How it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// One answer.
    Whole,
    /// Server-sent events.
    Events,
    /// An array that grows.
    Array,
    /// Whatever Google says.
    Raw,
}

/// Answers any method of a model.
pub(super) async fn create(
    State(gateway): State<Gateway>,
    caller: Result<Caller, Failed>,
    OriginalUri(uri): OriginalUri,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let caller = match caller {
        Ok(Caller(caller)) => caller,
        Err(failed) => return Refused(failed).into_response(),
    };
    let (head, request) = request.into_parts();
    let name = name.map_or_else(|_| "�".to_owned(), |Path(name)| name);
    let understood = understand(&gateway, &caller, (&uri, &name), (&head.headers, request)).await;
    let (standing, answered) = calling::answer(&gateway, &caller, understood, |understood, admission| {
        serve(&gateway, &caller, understood, admission)
    })
    .await;
    let mut response = answered.unwrap_or_else(|failed| Refused(failed).into_response());
    ratelimit::note(response.headers_mut(), &standing, gateway.clock.now());
    response
}

async fn understand(
    gateway: &Gateway,
    caller: &access::Caller,
    (uri, name): (&Uri, &str),
    (headers, request): (&HeaderMap, Body),
) -> Result<Understood<Method>, Failed> {
    let bytes = body::read(request, gateway.fixed.max_body).await?;
    let at = Instant::now();
    let (asked, verb) = name.rsplit_once(':').ok_or_else(no_method)?;
    let model = calling::model(gateway, caller, asked, &gateway.settings.now())?;
    let method = Method::of(verb, uri.query().unwrap_or_default());
    let (surface, route) = ("gemini", "/v1beta/models/{model}:{method}");
    let arrived = Arrived { surface, route, headers, caller, asked, at };
    let call = if method == Method::Raw {
        let raw = raw(uri, (&model.upstream_id, verb), (headers, bytes));
        calling::raw(gateway, arrived, model, raw)
    } else {
        let (bytes, cargo) = lift(bytes, gateway.dice.seed());
        let request = serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?;
        let streamed = method != Method::Whole;
        let meaning = Meaning { model, request, hints: Hints::default(), streamed, cargo };
        calling::call(gateway, arrived, meaning, &HashMap::new())
    };
    Ok(Understood {
        call,
        encoding: method,
        ignored: Vec::new(),
        explain: calling::asks_why(gateway, headers),
    })
}

async fn serve(
    gateway: &Gateway,
    caller: &access::Caller,
    understood: Understood<Method>,
    admission: Admission,
) -> Result<Response, Failed> {
    let Understood { call, encoding: method, explain, .. } = understood;
    let refused = |refusal| Failed::from_refusal(&refusal, gateway.clock.now());
    let (mut response, served) = match method {
        Method::Events => {
            let scribe = EventScribe(gateway.clone());
            let streaming = calling::stream(gateway.clone(), (call, admission), scribe, explain);
            return streaming.await.map_err(refused);
        }
        Method::Array => {
            let scribe = ArrayScribe::new(gateway.clone());
            let streaming = calling::stream(gateway.clone(), (call, admission), scribe, explain);
            return streaming.await.map_err(refused);
        }
        Method::Whole => {
            let answer = Box::pin(gateway.relay.whole(call, admission)).await.map_err(refused)?;
            (Json(answer.response).into_response(), answer.served)
        }
        Method::Raw => {
            let passed = Box::pin(gateway.relay.raw(call, admission, counts)).await;
            let RawAnswer { content_type, body, served } = passed.map_err(refused)?;
            let json = || HeaderValue::from_static("application/json; charset=UTF-8");
            let content_type = content_type.unwrap_or_else(json);
            remember(gateway, caller, &served, &body).await?;
            (([(header::CONTENT_TYPE, content_type)], body).into_response(), served)
        }
    };
    calling::note_decision(response.headers_mut(), gateway, &served, explain);
    Ok(response)
}

impl Method {
    fn of(verb: &str, query: &str) -> Self {
        match verb {
            "generateContent" => Self::Whole,
            "streamGenerateContent" if query.split('&').any(|pair| pair == "alt=sse") => Self::Events,
            "streamGenerateContent" => Self::Array,
            _ => Self::Raw,
        }
    }
}

/// The call as it goes on: same version of the API, same method, the model by its own name.
fn raw(uri: &Uri, (model, verb): (&str, &str), (headers, body): (&HeaderMap, Bytes)) -> Raw {
    let version =
        uri.path().split('/').nth(1).filter(|version| version.starts_with("v1")).unwrap_or("v1beta");
    let encode =
        |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let model = encode(model).replace("%2D", "-").replace("%2E", ".").replace("%5F", "_");
    let bucket = (verb == Raw::COUNTING).then_some(Raw::COUNTING);
    let tokens = if bucket.is_some() { 0 } else { u64::try_from(body.len() / 4).unwrap_or(u64::MAX) };
    let path = with_query(format!("/{version}/models/{model}:{}", encode(verb)), uri);
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.map(str::to_owned);
    let named = serde_json::from_slice(&body).map(|body| named_in(&body)).unwrap_or_default();
    Raw { path, content_type, body, bucket, tokens, named }
}

/// A batch, or something else that a model does in its own time, is its maker's from now on.
async fn remember(
    gateway: &Gateway,
    caller: &access::Caller,
    served: &Served,
    body: &[u8],
) -> Result<(), Failed> {
    #[derive(Deserialize)]
    struct Told {
        name: String,
    }
    let Ok(Told { name }) = serde_json::from_slice(body) else { return Ok(()) };
    if !name.starts_with("batches/") && !name.contains("/operations/") {
        return Ok(());
    }
    let maker = Maker { user: &caller.user, project: &served.project, key: &served.key };
    let made = vec![Made { name, expires: None }];
    gateway.resources.remember(maker, made).await.map_err(|error| Failed::from_store(&error))
}

/// What an answer says that it took. Counting takes nothing.
fn counts(body: &[u8]) -> Option<Tokens> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Told {
        total_tokens: Option<u64>,
        usage_metadata: Option<UsageMetadata>,
    }
    let Told { total_tokens, usage_metadata } = serde_json::from_slice(body).ok()?;
    usage_metadata.map(|usage| usage.tokens()).or_else(|| total_tokens.map(|_| Tokens::default()))
}

fn no_method() -> Failed {
    let message = "The path names no method. Write /v1beta/models/MODEL:generateContent, :streamGenerateContent, \
                   :countTokens or another method of the Gemini API.";
    Failed::new(404, "invalid_request_error", "unknown_url", message.to_owned())
}

fn malformed(error: &serde_json::Error) -> Failed {
    let message = format!("The body is no GenerateContentRequest: {error}.");
    Failed::new(400, "invalid_request_error", "invalid_json", message)
}
