//! What becomes of a request once a surface has understood it: a call, its admission, its answer. The same for every
//! surface that speaks to models; each says refusals in its own words.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::resource::named_by;
use dialect::lift::{Cargo, lift};
use dialect::openai::chat::{Hints, Remembered, Stamp};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::answer::{self, Running, Scribe};
use super::failed::Failed;
use super::watching::{self, Arrived};
use super::{Gateway, body, rules};
use crate::access::Caller;
use crate::catalog::Meant;
use crate::keyring::Wish;
use crate::limits::{Admission, Denial, Tariff};
use crate::relay::{Affinity, Call, Raw, Refusal, Served};
use crate::settings::Values;
use crate::shared::Kept;
use crate::store::record::Priority;
use crate::telemetry::call::{self as watched, Witness};
use pool::account::Standing;

const IGNORED: HeaderName = HeaderName::from_static("x-pollux-ignored-params");
const UPSTREAM_MODEL: HeaderName = HeaderName::from_static("x-pollux-upstream-model");
const DECISION: HeaderName = HeaderName::from_static("x-pollux-decision");
const WARNING: HeaderName = HeaderName::from_static("x-pollux-warning");
const SIM_FAULT: HeaderName = HeaderName::from_static("x-sim-fault");

/// What a surface made of a request.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) model: Meant,
    pub(super) request: GenerateContentRequest,
    pub(super) hints: Hints,
    pub(super) streamed: bool,
    pub(super) cargo: Cargo,
}

/// A request that was understood.
#[derive(Debug)]
pub(super) struct Understood<E> {
    pub(super) call: Box<Call>,
    /// What the surface has to know to say the answer.
    pub(super) encoding: E,
    pub(super) ignored: Vec<String>,
    /// The client may know why the call went where it went.
    pub(super) explain: bool,
}

/// The body of a request, and what of it is too long to be read.
pub(super) async fn read(gateway: &Gateway, request: Body) -> Result<(Bytes, Cargo), Failed> {
    let bytes = body::read(request, gateway.fixed.max_body).await?;
    Ok(lift(bytes, gateway.dice.seed()))
}

/// Admits a request that was understood and has it served; also says how the user stands.
pub(super) async fn answer<E, T, F>(
    gateway: &Gateway,
    caller: &Caller,
    understood: Result<Understood<E>, Failed>,
    serve: impl FnOnce(Understood<E>, Admission) -> F,
) -> (Vec<Standing>, Result<T, Failed>)
where
    F: Future<Output = Result<T, Failed>>,
{
    let understood = match understood {
        Ok(understood) => bind(gateway, caller, understood).await,
        Err(failed) => Err(failed),
    };
    let understood = match understood {
        Ok(understood) => understood,
        Err(failed) => {
            return (gateway.limits.standing(&caller.user, &caller.rules.caps).await, Err(failed));
        }
    };
    match admit(gateway, caller, &understood.call).await {
        Ok(admission) => (admission.standing().to_vec(), Box::pin(serve(understood, admission)).await),
        Err(Denial { refused, standing }) => {
            understood.call.watch.refuse(watched::LIMITED, 429);
            (standing, Err(Failed::from_refused(&refused, gateway.clock.now())))
        }
    }
}

/// A call that names files, a cache or the like goes to the project that has them, and to no other.
async fn bind<E>(
    gateway: &Gateway,
    caller: &Caller,
    mut understood: Understood<E>,
) -> Result<Understood<E>, Failed> {
    let call = &mut understood.call;
    let named = match &mut call.raw {
        Some(raw) => std::mem::take(&mut raw.named),
        None => named_by(&call.request),
    };
    match gateway.resources.owner(&caller.user, &named).await {
        Ok(owner) => call.owner = owner.map(|project| project.as_str().to_owned()),
        Err(trouble) => {
            let failed = Failed::from_trouble(&trouble);
            call.watch.refuse("resource", failed.error.status);
            return Err(failed);
        }
    }
    Ok(understood)
}

/// The model that a client named, if it exists, is on, and is one that the client may use.
pub(super) fn model(
    gateway: &Gateway,
    caller: &Caller,
    name: &str,
    settings: &Values,
) -> Result<Meant, Failed> {
    let model = gateway.model(name, settings).map_err(|unknown| unknown_model(&unknown.to_string()))?;
    if !caller.scope.allows_model(&model.upstream_id) {
        return Err(not_allowed(&model.upstream_id));
    }
    Ok(model)
}

/// What is remembered of the tool calls in a conversation, and which project made them.
pub(super) async fn recall(gateway: &Gateway, caller: &Caller, ids: &[&str]) -> HashMap<String, Kept> {
    gateway.shared.calls(caller.user.as_str(), ids, gateway.clock.now()).await
}

/// The calls alone, as translators want them.
pub(super) fn remembered(kept: &HashMap<String, Kept>) -> HashMap<String, Remembered> {
    kept.iter().map(|(id, kept)| (id.clone(), kept.call.clone())).collect()
}

/// The call that a request asks for, watched from now on.
pub(super) fn call(
    gateway: &Gateway,
    arrived: Arrived<'_>,
    meaning: Meaning,
    kept: &HashMap<String, Kept>,
) -> Box<Call> {
    let Meaning { model, mut request, hints, streamed, cargo } = meaning;
    let Arrived { caller, headers, .. } = arrived;
    model.extras.apply(&mut request, &model.capabilities);
    rules::inject(&gateway.settings.now(), caller, &mut request, &model);
    let affinity = affinity(caller, &hints, |id| kept.get(id).map(|kept| kept.project.clone()));
    let fault = headers.get(SIM_FAULT).filter(|_| gateway.fixed.sim_faults);
    let sheet = gateway.bodies.sheet(watching::id(headers));
    if let Some(sheet) = &sheet {
        sheet.asks_gemini(&request, &cargo);
    }
    let witness = sheet.map(|sheet| -> Arc<dyn Witness> { sheet });
    let watch = watching::watch(gateway, arrived, (&model.upstream_id, streamed), witness);
    Box::new(Call {
        watch,
        user: caller.user.as_str().to_owned(),
        private: caller.private,
        weight: caller.weight,
        turns: caller.weight.saturating_mul(turns(caller.rules.priority)),
        model: model.upstream_id,
        capabilities: model.capabilities,
        request,
        cargo,
        raw: None,
        streamed,
        affinity,
        owner: None,
        sim_fault: fault.and_then(|value| value.to_str().ok()).map(str::to_owned),
    })
}

/// A call that is passed on as it is.
pub(super) fn raw(gateway: &Gateway, arrived: Arrived<'_>, model: Meant, raw: Raw) -> Box<Call> {
    let (request, hints) = (GenerateContentRequest::default(), Hints::default());
    let meaning = Meaning { model, request, hints, streamed: false, cargo: Cargo::default() };
    let mut call = call(gateway, arrived, meaning, &HashMap::new());
    call.raw = Some(raw);
    call
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
fn affinity(caller: &Caller, hints: &Hints, made_by: impl Fn(&str) -> Option<String>) -> Vec<Affinity> {
    let open = hints.open_calls.iter().rev().find_map(|id| made_by(id)).map(Affinity::Project);
    let named = hints.cache_key.as_ref().map(|key| Affinity::Name(format!("{}/{key}", caller.user.as_str())));
    open.into_iter().chain(named).collect()
}

/// Reserves the most that a call may take.
async fn admit(gateway: &Gateway, caller: &Caller, call: &Call) -> Result<Admission, Denial> {
    let tariff = Tariff::new(gateway.catalog.price(&call.model, gateway.clock.now()));
    gateway.limits.admit(&caller.user, &caller.rules.caps, &call.most_tokens(), tariff).await
}

/// What changes from call to call and cannot be computed.
pub(super) fn stamp(gateway: &Gateway) -> Stamp {
    Stamp { created: gateway.clock.now().0 / 1_000, seed: gateway.dice.seed() }
}

/// Streams: with its real status if the first event comes before the heartbeat is due.
pub(super) async fn stream<S: Scribe>(
    gateway: Gateway,
    (call, admission): (Box<Call>, Admission),
    scribe: S,
    explain: bool,
) -> Result<Response, Refusal> {
    let every = gateway.fixed.heartbeat_every;
    let after = gateway.settings.now().heartbeat_after;
    let mut running: Running = Box::pin({
        let gateway = gateway.clone();
        async move { gateway.relay.stream(call, admission).await }
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(S::CONTENT_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    // It goes from hand to hand with every event.
    let scribe = Box::new(scribe);
    match tokio::time::timeout(after, &mut running).await {
        Ok(Ok(stream)) => {
            note_model(&mut headers, stream.model_version());
            note_decision(&mut headers, &gateway, stream.served(), explain);
            Ok((headers, answer::open(stream, scribe, every)).into_response())
        }
        Ok(Err(refusal)) => Err(refusal),
        Err(_) => Ok((headers, answer::waiting(running, scribe, every)).into_response()),
    }
}

/// Keeps the tool calls of an answer, so that clients which drop unknown fields still work (`wire.md` §4.6).
pub(super) async fn keep(gateway: &Gateway, caller: &Caller, calls: Vec<Remembered>, project: &str) {
    if calls.is_empty() {
        return;
    }
    let kept = calls.into_iter().map(|call| Kept { call, project: project.to_owned() }).collect();
    gateway.shared.keep_calls(caller.user.as_str(), kept, gateway.clock.now()).await;
}

/// An admin may ask why a call went where it went, by sending the admin token in a header of its own.
pub(super) fn asks_why(gateway: &Gateway, headers: &HeaderMap) -> bool {
    let token = headers.get(DECISION).and_then(|value| value.to_str().ok());
    token.is_some_and(|token| gateway.operators.token(Some(token)).is_ok())
}

/// Names the parameters that were not carried.
pub(super) fn note_ignored(headers: &mut HeaderMap, names: &[String]) {
    note_names(headers, IGNORED, names);
}

/// Names what of an answer could not be passed on.
pub(super) fn note_warnings(headers: &mut HeaderMap, names: &[&str]) {
    note_names(headers, WARNING, names);
}

fn note_names<T: Display>(headers: &mut HeaderMap, header: HeaderName, names: &[T]) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    if !names.is_empty()
        && let Ok(names) = HeaderValue::from_str(&names.join(", "))
    {
        headers.insert(header, names);
    }
}

/// Says why a call went where it went, to whom it concerns.
pub(super) fn note_decision(headers: &mut HeaderMap, gateway: &Gateway, served: &Served, explain: bool) {
    if explain
        && let Ok(why) = serde_json::to_string(&gateway.keyring.explain(&served.decision))
        && let Ok(why) = HeaderValue::from_str(&why)
    {
        headers.insert(DECISION, why);
    }
}

/// Names the model that answered.
pub(super) fn note_model(headers: &mut HeaderMap, version: Option<&str>) {
    if let Some(Ok(version)) = version.map(HeaderValue::from_str) {
        headers.insert(UPSTREAM_MODEL, version);
    }
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
