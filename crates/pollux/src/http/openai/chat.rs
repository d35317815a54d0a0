//! `POST /v1/chat/completions`.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dialect::openai::chat::request::ChatRequest;
use dialect::openai::chat::translate::{Context, to_gemini};
use dialect::openai::chat::{Encoding, Hints, Stamp, Translated, whole};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::time::Instant;

use super::error::Failed;
use super::ratelimit;
use crate::access;
use crate::http::answer::Running;
use crate::http::caller::Caller;
use crate::http::watching::Arrived;
use crate::http::{Gateway, answer, body, rules, watching};
use crate::keyring::Wish;
use crate::limits::{Admission, Denial, Tariff};
use crate::relay::{Affinity, Answer, Call, Served};
use crate::shared::Kept;
use crate::store::record::Priority;
use crate::telemetry::call as watched;

mod scribe;

use scribe::ChatScribe;

const IGNORED: HeaderName = HeaderName::from_static("x-pollux-ignored-params");
const UPSTREAM_MODEL: HeaderName = HeaderName::from_static("x-pollux-upstream-model");
const DECISION: HeaderName = HeaderName::from_static("x-pollux-decision");
const WARNING: HeaderName = HeaderName::from_static("x-pollux-warning");
const SIM_FAULT: HeaderName = HeaderName::from_static("x-sim-fault");

/// Answers a chat completion, whole or streamed, and says how the user stands.
pub(super) async fn create(
    State(gateway): State<Gateway>,
    Caller(caller): Caller,
    headers: HeaderMap,
    request: Body,
) -> Response {
    let (standing, answered) = match prepare(&gateway, &caller, request, &headers).await {
        Ok(prepared) => match admit(&gateway, &caller, &prepared.call).await {
            Ok(admission) => {
                (admission.standing().to_vec(), serve(&gateway, caller, prepared, admission).await)
            }
            Err(Denial { refused, standing }) => {
                prepared.call.watch.refuse(watched::LIMITED, 429);
                (standing, Err(Failed::from_refused(&refused, gateway.clock.now())))
            }
        },
        Err(failed) => (gateway.limits.standing(&caller.user, &caller.rules.caps).await, Err(failed)),
    };
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    ratelimit::note(response.headers_mut(), &standing, gateway.clock.now());
    response
}

/// A request that was understood.
struct Prepared {
    call: Call,
    encoding: Encoding,
    ignored: Vec<String>,
    /// The client may know why the call went where it went.
    explain: bool,
}

/// Reserves the most that a call may take.
async fn admit(gateway: &Gateway, caller: &access::Caller, call: &Call) -> Result<Admission, Denial> {
    let tariff = Tariff::new(gateway.catalog.price(&call.model, gateway.clock.now()));
    gateway.limits.admit(&caller.user, &caller.rules.caps, &call.most_tokens(), tariff).await
}

async fn serve(
    gateway: &Gateway,
    caller: access::Caller,
    prepared: Prepared,
    admission: Admission,
) -> Result<Response, Failed> {
    let Prepared { call, encoding, ignored, explain } = prepared;
    let stamp = Stamp { created: gateway.clock.now().0 / 1_000, seed: gateway.dice.seed() };
    let mut response = if call.streamed {
        let scribe = ChatScribe::new(gateway.clone(), caller, encoding, stamp);
        stream(gateway.clone(), (call, admission), scribe, explain).await?
    } else {
        let answer = Box::pin(gateway.relay.whole(call, admission)).await;
        let answer = answer.map_err(|refusal| Failed::from_refusal(&refusal, gateway.clock.now()))?;
        let mut response = complete(gateway, &caller, &answer, &encoding, stamp).await;
        note_decision(response.headers_mut(), gateway, &answer.served, explain);
        response
    };
    note_names(response.headers_mut(), IGNORED, &ignored);
    Ok(response)
}

/// Reads and translates the request, and gathers what binds it to a project.
async fn prepare(
    gateway: &Gateway,
    caller: &access::Caller,
    request: Body,
    headers: &HeaderMap,
) -> Result<Prepared, Failed> {
    let bytes = body::read(request, gateway.fixed.max_body).await?;
    let at = Instant::now();
    let mut request = ChatRequest::parse(&bytes)?;
    drop(bytes);
    let now = gateway.clock.now();
    let settings = gateway.settings.now();
    request.default_model(&settings.default_model);
    let asked = request.require_model()?.to_owned();
    let model = gateway.model(&asked, &settings);
    let model = model.map_err(|unknown| unknown_model(&unknown.to_string()))?;
    if !caller.scope.allows_model(&model.upstream_id) {
        return Err(not_allowed(&model.upstream_id));
    }
    let kept = gateway.shared.calls(caller.user.as_str(), &request.call_ids(), now).await;
    let recall = kept.iter().map(|(id, kept)| (id.clone(), kept.call.clone())).collect();
    let policy = rules::policy(&settings, &model);
    let context = Context { capabilities: &model.capabilities, policy: &policy, recall: &recall };
    let streamed = request.stream();
    let Translated { mut request, encoding, ignored, hints } = to_gemini(request, &context)?;
    rules::inject(&settings, caller, &mut request, &model);
    let affinity = affinity(caller, &hints, |id| kept.get(id).map(|kept| kept.project.clone()));
    let fault = headers.get(SIM_FAULT).filter(|_| gateway.fixed.sim_faults);
    let (surface, route) = ("openai.chat", "/v1/chat/completions");
    let arrived = Arrived { surface, route, headers, caller, asked: &asked, at };
    let watch = watching::watch(gateway, arrived, &model.upstream_id, streamed);
    let call = Call {
        watch,
        user: caller.user.as_str().to_owned(),
        private: caller.private,
        weight: caller.weight,
        turns: caller.weight.saturating_mul(turns(caller.rules.priority)),
        model: model.upstream_id,
        capabilities: model.capabilities,
        request,
        streamed,
        affinity,
        sim_fault: fault.and_then(|value| value.to_str().ok()).map(str::to_owned),
    };
    Ok(Prepared { call, encoding, ignored, explain: asks_why(gateway, headers) })
}

/// Turns of a user of weight 1.
fn turns(priority: Priority) -> u32 {
    match priority {
        Priority::Low => 1,
        Priority::Normal => Wish::USUAL_TURNS,
        Priority::High => Wish::USUAL_TURNS * 4,
    }
}

/// Open tool calls bind hardest: their signatures may be good for one project only.
fn affinity(
    caller: &access::Caller,
    hints: &Hints,
    made_by: impl Fn(&str) -> Option<String>,
) -> Vec<Affinity> {
    let open = hints.open_calls.iter().rev().find_map(|id| made_by(id)).map(Affinity::Project);
    let named = hints.cache_key.as_ref().map(|key| Affinity::Name(format!("{}/{key}", caller.user.as_str())));
    open.into_iter().chain(named).collect()
}

pub(super) fn unknown_model(message: &str) -> Failed {
    Failed::new(404, "invalid_request_error", "model_not_found", message.to_owned()).about("model")
}

/// The user may use other models only.
pub(super) fn not_allowed(model: &str) -> Failed {
    let message = format!(
        "This key may not use the model “{model}”. GET /v1/models lists those it may use; the administrator of this gateway \
         can allow more."
    );
    Failed::new(403, "invalid_request_error", "model_not_allowed", message).about("model").never()
}

/// Streams: with its real status if the first event comes before the heartbeat is due.
async fn stream(
    gateway: Gateway,
    (call, admission): (Call, Admission),
    scribe: ChatScribe,
    explain: bool,
) -> Result<Response, Failed> {
    let every = gateway.fixed.heartbeat_every;
    let after = gateway.settings.now().heartbeat_after;
    let mut running: Running = Box::pin({
        let gateway = gateway.clone();
        async move { gateway.relay.stream(call, admission).await }
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    match tokio::time::timeout(after, &mut running).await {
        Ok(Ok(stream)) => {
            note_model(&mut headers, stream.model_version());
            note_decision(&mut headers, &gateway, stream.served(), explain);
            Ok((headers, answer::open(stream, scribe, every)).into_response())
        }
        Ok(Err(refusal)) => Err(Failed::from_refusal(&refusal, gateway.clock.now())),
        Err(_) => Ok((headers, answer::waiting(running, scribe, every)).into_response()),
    }
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
    keep(gateway, caller, completion.remembered, &answer.served.project).await;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    note_model(&mut headers, answer.response.model_version.as_deref());
    let warnings: Vec<&str> = completion.warnings.iter().map(|warning| warning.name()).collect();
    note_names(&mut headers, WARNING, &warnings);
    (headers, completion.body).into_response()
}

/// Keeps the tool calls of an answer, so that clients which drop unknown fields still work (`wire.md` §4.6).
async fn keep(
    gateway: &Gateway,
    caller: &access::Caller,
    calls: Vec<dialect::openai::chat::Remembered>,
    project: &str,
) {
    if calls.is_empty() {
        return;
    }
    let kept = calls.into_iter().map(|call| Kept { call, project: project.to_owned() }).collect();
    gateway.shared.keep_calls(caller.user.as_str(), kept, gateway.clock.now()).await;
}

/// A header that lists names, if there are any.
fn note_names<T: AsRef<str>>(headers: &mut HeaderMap, header: HeaderName, names: &[T]) {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if !names.is_empty()
        && let Ok(names) = HeaderValue::from_str(&names.join(", "))
    {
        headers.insert(header, names);
    }
}

/// An admin may ask why a call went where it went, by sending the admin token in a header of its own.
fn asks_why(gateway: &Gateway, headers: &HeaderMap) -> bool {
    let token = headers.get(DECISION).and_then(|value| value.to_str().ok());
    token.is_some_and(|token| gateway.operators.token(Some(token)).is_ok())
}

fn note_decision(headers: &mut HeaderMap, gateway: &Gateway, served: &Served, explain: bool) {
    if explain
        && let Ok(why) = serde_json::to_string(&gateway.keyring.explain(&served.decision))
        && let Ok(why) = HeaderValue::from_str(&why)
    {
        headers.insert(DECISION, why);
    }
}

fn note_model(headers: &mut HeaderMap, version: Option<&str>) {
    if let Some(Ok(version)) = version.map(HeaderValue::from_str) {
        headers.insert(UPSTREAM_MODEL, version);
    }
}
