//! `POST /v1/messages/count_tokens`: counted by Google, which is exact and uses up no quota of answers.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::anthropic::request::MessagesRequest;
use dialect::anthropic::to_gemini;
use dialect::gemini::usage::Tokens;
use dialect::openai::chat::translate::Context;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::error;
use crate::access;
use crate::http::caller::Caller;
use crate::http::calling::{self, Understood};
use crate::http::failed::Failed;
use crate::http::watching::Arrived;
use crate::http::{Gateway, body, rules};
use crate::limits::Admission;
use crate::relay::{Raw, RawAnswer};

/// Counts the input tokens of a request.
pub(super) async fn count(
    State(gateway): State<Gateway>,
    caller: Result<Caller, Failed>,
    headers: HeaderMap,
    request: Body,
) -> Response {
    let caller = match caller {
        Ok(Caller(caller)) => caller,
        Err(failed) => return error::answer(&failed, &headers),
    };
    let understood = understand(&gateway, &caller, request, &headers).await;
    let (_, counted) = calling::answer(&gateway, &caller, understood, |understood, admission| {
        serve(&gateway, understood, admission)
    })
    .await;
    let mut response = counted.unwrap_or_else(|failed| error::answer(&failed, &headers));
    error::identify(&mut response, &headers);
    response
}

async fn understand(
    gateway: &Gateway,
    caller: &access::Caller,
    request: Body,
    headers: &HeaderMap,
) -> Result<Understood<()>, Failed> {
    let bytes = body::read(request, gateway.fixed.max_body).await?;
    let at = Instant::now();
    let request = MessagesRequest::parse(&bytes)?;
    let settings = gateway.settings.now();
    let asked = request.require_model()?.to_owned();
    let model = calling::model(gateway, caller, &asked, &settings)?;
    let kept = calling::recall(gateway, caller, &request.call_ids()).await;
    let recall = calling::remembered(&kept);
    let policy = rules::policy(&settings, &model);
    let context = Context { capabilities: &model.capabilities, policy: &policy, recall: &recall };
    let mut request = serde_json::to_value(to_gemini(request, &context)?.request).unwrap_or_default();
    request["model"] = json!(format!("models/{}", model.upstream_id));
    let raw = Raw {
        path: format!("/v1beta/models/{}:countTokens", model.upstream_id),
        body: Bytes::from(json!({"generateContentRequest": request}).to_string()),
        bucket: Some(Raw::COUNTING),
        tokens: 0,
        ..Raw::default()
    };
    let (surface, route) = ("anthropic.count_tokens", "/v1/messages/count_tokens");
    let arrived = Arrived { surface, route, headers, caller, asked: &asked, at };
    let call = calling::raw(gateway, arrived, model, raw);
    Ok(Understood { call, encoding: (), ignored: Vec::new(), explain: false })
}

async fn serve(
    gateway: &Gateway,
    understood: Understood<()>,
    admission: Admission,
) -> Result<Response, Failed> {
    // Counting uses nothing up.
    let counted = gateway.relay.raw(understood.call, admission, |_| Some(Tokens::default()));
    let RawAnswer { body, .. } =
        Box::pin(counted).await.map_err(|refusal| Failed::from_refusal(&refusal, gateway.clock.now()))?;
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(tokens) = told["totalTokens"].as_u64() {
        return Ok(Json(json!({"input_tokens": tokens})).into_response());
    }
    let message = "Google counted nothing. Try again.";
    Err(Failed::new(502, "server_error", "upstream_error", message.to_owned()))
}
