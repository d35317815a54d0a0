//! `POST /v1/chat/completions`.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dialect::openai::chat::request::ChatRequest;
use dialect::openai::chat::translate::{Context, to_gemini};
use dialect::openai::chat::{Encoding, Stamp, Translated, whole};
use http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

use crate::access;
use crate::http::caller::Caller;
use crate::http::calling::{self, Meaning, Understood};
use crate::http::failed::Failed;
use crate::http::watching::Arrived;
use crate::http::{Gateway, media, ratelimit, rules};
use crate::limits::Admission;
use crate::relay::Answer;

mod scribe;

use scribe::ChatScribe;

/// Answers a chat completion, whole or streamed, and says how the user stands.
pub(super) async fn create(
    State(gateway): State<Gateway>,
    Caller(caller): Caller,
    headers: HeaderMap,
    request: Body,
) -> Response {
    let prepared = prepare(&gateway, &caller, request, &headers).await;
    let prepared = media::bring(&gateway, prepared).await;
    let (standing, answered) = calling::answer(&gateway, &caller, prepared, |understood, admission| {
        serve(&gateway, &caller, understood, admission)
    })
    .await;
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    ratelimit::note(response.headers_mut(), &standing, gateway.clock.now());
    response
}

async fn serve(
    gateway: &Gateway,
    caller: &access::Caller,
    understood: Understood<Encoding>,
    admission: Admission,
) -> Result<Response, Failed> {
    let Understood { call, encoding, ignored, explain } = understood;
    let stamp = calling::stamp(gateway);
    let refused = |refusal| Failed::from_refusal(&refusal, gateway.clock.now());
    let mut response = if call.streamed {
        let scribe = ChatScribe::new(gateway.clone(), caller.clone(), encoding, stamp);
        calling::stream(gateway.clone(), (call, admission), scribe, explain).await.map_err(refused)?
    } else {
        let answer = Box::pin(gateway.relay.whole(call, admission)).await.map_err(refused)?;
        let mut response = complete(gateway, caller, &answer, &encoding, stamp).await;
        calling::note_decision(response.headers_mut(), gateway, &answer.served, explain);
        response
    };
    calling::note_ignored(response.headers_mut(), &ignored);
    Ok(response)
}

/// Reads and translates the request, and gathers what binds it to a project.
async fn prepare(
    gateway: &Gateway,
    caller: &access::Caller,
    request: Body,
    headers: &HeaderMap,
) -> Result<Understood<Encoding>, Failed> {
    let (bytes, cargo) = calling::read(gateway, request).await?;
    let at = Instant::now();
    let mut request = ChatRequest::parse(&bytes)?;
    drop(bytes);
    let settings = gateway.settings.now();
    request.default_model(&settings.default_model);
    let asked = request.require_model()?.to_owned();
    let model = calling::model(gateway, caller, &asked, &settings)?;
    request.answer_as(&model.answered_as);
    let kept = calling::recall(gateway, caller, &request.call_ids()).await;
    let recall = calling::remembered(&kept);
    let policy = rules::policy(&settings, &model);
    let context = Context { capabilities: &model.capabilities, policy: &policy, recall: &recall };
    let streamed = request.stream();
    let Translated { request, encoding, ignored, hints } = to_gemini(request, &context)?;
    let (surface, route) = ("openai.chat", "/v1/chat/completions");
    let arrived = Arrived { surface, route, headers, caller, asked: &asked, at };
    let meaning = Meaning { model, request, hints, streamed, cargo };
    let call = calling::call(gateway, arrived, meaning, &kept);
    Ok(Understood { call, encoding, ignored, explain: calling::asks_why(gateway, headers) })
}

/// A whole answer, once what later calls need is kept.
async fn complete(
    gateway: &Gateway,
    caller: &access::Caller,
    answer: &Answer,
    encoding: &Encoding,
    stamp: Stamp,
) -> Response {
    let completion = whole::completion(&answer.response, encoding, stamp);
    calling::keep(gateway, caller, completion.remembered, &answer.served.project).await;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    calling::note_model(&mut headers, answer.response.model_version.as_deref());
    let warnings: Vec<&str> = completion.warnings.iter().map(|warning| warning.name()).collect();
    calling::note_warnings(&mut headers, &warnings);
    (headers, completion.body).into_response()
}
