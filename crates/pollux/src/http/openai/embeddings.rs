//! `POST /v1/embeddings`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::gemini::usage::{Tokens, UsageMetadata};
use dialect::openai::embeddings::{EmbeddingsRequest, vectors};
use http::{HeaderMap, HeaderValue};
use pool::account::Standing;
use pool::estimate::estimate_text;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::access;
use crate::catalog::Meant;
use crate::http::caller::Caller;
use crate::http::calling::{self, Understood};
use crate::http::failed::Failed;
use crate::http::layers::REQUEST_ID;
use crate::http::watching::Arrived;
use crate::http::{Gateway, body, ratelimit};
use crate::limits::Admission;
use crate::relay::{Raw, RawAnswer};

/// What one request of several to Google gave.
struct Part {
    vectors: Vec<Vec<f32>>,
    tokens: u64,
}

/// Embeds texts, a hundred in each request to Google. Each of these is a call of its own in the log.
pub(super) async fn create(
    State(gateway): State<Gateway>,
    Caller(caller): Caller,
    headers: HeaderMap,
    request: Body,
) -> Response {
    let (standing, answered) = embed(&gateway, &caller, &headers, request).await;
    let mut response = answered.map_or_else(IntoResponse::into_response, |body| Json(body).into_response());
    ratelimit::note(response.headers_mut(), &standing, gateway.clock.now());
    response
}

async fn embed(
    gateway: &Gateway,
    caller: &access::Caller,
    headers: &HeaderMap,
    request: Body,
) -> (Vec<Standing>, Result<Value, Failed>) {
    let mut standing = Vec::new();
    let (request, model) = match understand(gateway, caller, request).await {
        Ok(understood) => understood,
        Err(failed) => return (standing, Err(failed)),
    };
    let (mut all, mut tokens) = (Vec::with_capacity(request.inputs.len()), 0_u64);
    for (at, (body, texts)) in request.batches(&model.upstream_id).into_iter().enumerate() {
        let estimate = texts.iter().map(|text| estimate_text(text)).sum();
        let raw = Raw {
            path: format!("/v1beta/models/{}:batchEmbedContents", model.upstream_id),
            body: Bytes::from(body.to_string()),
            bucket: None,
            tokens: estimate,
            ..Raw::default()
        };
        let answered = part(gateway, caller, &numbered(headers, at), (&request, model.clone(), raw)).await;
        standing = answered.0;
        match answered.1 {
            Ok(part) if part.vectors.len() == texts.len() => {
                all.extend(part.vectors);
                tokens = tokens.saturating_add(part.tokens);
            }
            Ok(_) => return (standing, Err(no_vectors())),
            Err(failed) => return (standing, Err(failed)),
        }
    }
    (standing, Ok(request.answer(all, tokens)))
}

async fn understand(
    gateway: &Gateway,
    caller: &access::Caller,
    request: Body,
) -> Result<(EmbeddingsRequest, Meant), Failed> {
    let bytes = body::read(request, gateway.fixed.max_body).await?;
    let request = EmbeddingsRequest::parse(&bytes)?;
    let Some(name) = request.model.as_deref().filter(|name| !name.is_empty()) else {
        let message = "model: missing. Name an embedding model, for example gemini-embedding-001.".to_owned();
        return Err(
            Failed::new(400, "invalid_request_error", "missing_required_parameter", message).about("model")
        );
    };
    let model = calling::model(gateway, caller, name, &gateway.settings.now())?;
    Ok((request, model))
}

async fn part(
    gateway: &Gateway,
    caller: &access::Caller,
    headers: &HeaderMap,
    (request, model, raw): (&EmbeddingsRequest, Meant, Raw),
) -> (Vec<Standing>, Result<Part, Failed>) {
    let asked = request.model.as_deref().unwrap_or_default();
    let (surface, route) = ("openai.embeddings", "/v1/embeddings");
    let arrived = Arrived { surface, route, headers, caller, asked, at: Instant::now() };
    let estimate = raw.tokens;
    let call = calling::raw(gateway, arrived, model, raw);
    let understood = Understood { call, encoding: estimate, ignored: Vec::new(), explain: false };
    calling::answer(gateway, caller, Ok(understood), |understood, admission| {
        send(gateway, understood, admission)
    })
    .await
}

async fn send(gateway: &Gateway, understood: Understood<u64>, admission: Admission) -> Result<Part, Failed> {
    let Understood { call, encoding: estimate, .. } = understood;
    let sent = Box::pin(gateway.relay.raw(call, admission, counted)).await;
    let RawAnswer { body, .. } =
        sent.map_err(|refusal| Failed::from_refusal(&refusal, gateway.clock.now()))?;
    let tokens = counted(&body).map_or(estimate, |tokens| tokens.input);
    vectors(&body).map(|vectors| Part { vectors, tokens }).ok_or_else(no_vectors)
}

/// What Google says that it read; older models say nothing.
fn counted(body: &[u8]) -> Option<Tokens> {
    #[derive(Deserialize)]
    struct Told {
        #[serde(rename = "usageMetadata")]
        usage: UsageMetadata,
    }
    serde_json::from_slice::<Told>(body).ok().map(|told| told.usage.tokens())
}

/// The request's headers with an id of its own for each request to Google: the first has that of the request.
fn numbered(headers: &HeaderMap, at: usize) -> HeaderMap {
    let mut headers = headers.clone();
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(|id| format!("{id}-{}", at + 1));
    if at > 0
        && let Some(Ok(id)) = id.map(|id| HeaderValue::from_str(&id))
    {
        headers.insert(REQUEST_ID, id);
    }
    headers
}

fn no_vectors() -> Failed {
    let message = "Google sent no embeddings for these texts. Is the model an embedding model?";
    Failed::new(502, "server_error", "upstream_error", message.to_owned())
}
