//! The parts.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use dialect::gemini::event::{Event, parse_event};
use dialect::gemini::outcome::classify;
use dialect::gemini::response::GenerateContentResponse;
use dialect::gemini::sse::Decoder;
use dialect::lift::lift;
use dialect::model::{Capabilities, Catalogue};
use dialect::openai::chat::request::ChatRequest;
use dialect::openai::chat::stream::Encoder;
use dialect::openai::chat::translate::{Context, to_gemini};
use dialect::openai::chat::{Policy, Stamp, Translated, whole};
use pollux::journal::{self, Fsync};
use pollux::secret::MasterKey;
use pollux::telemetry::call::{ANSWERED, Begun, Ended, Ledger};
use pool::account::{Account, Caps, Limit, Sum, Zone};
use pool::{
    Ask, Cost, Ending, KeyId, KeySpec, Moment, Pool, ProjectId, ProjectSpec, Settings, Settled, Tier,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Part;

const MODEL: &str = "gemini-3.8-flash";
const NOW: Moment = Moment(1_795_377_600_000);
const STAMP: Stamp = Stamp { created: 1_795_377_600, seed: 7 };

/// All of them.
pub(super) const PARTS: [Part; 10] = [
    Part { name: "decode request", make: decode_request },
    Part { name: "encode answer", make: encode_answer },
    Part { name: "one stream event", make: stream_event },
    Part { name: "split 64 KB of SSE", make: split_sse },
    Part { name: "lift a 1 MB image", make: lift_image },
    Part { name: "classify 429", make: classify_429 },
    Part { name: "choose key", make: choose_key },
    Part { name: "admit", make: admit },
    Part { name: "journal append", make: journal_append },
    Part { name: "key lookup", make: key_lookup },
];

#[expect(clippy::expect_used, reason = "a benchmark stops at what cannot be")]
fn capabilities() -> Arc<Capabilities> {
    Catalogue::builtin().get(MODEL).expect("a model of the catalogue").capabilities.clone()
}

#[expect(clippy::expect_used, reason = "a benchmark stops at what cannot be")]
fn translate(body: &[u8], capabilities: &Capabilities) -> Translated {
    let request = ChatRequest::parse(body).expect("a good request");
    let (policy, recall) = (Policy::default(), HashMap::new());
    let context = Context { capabilities, policy: &policy, recall: &recall };
    to_gemini(request, &context).expect("a request that can be translated")
}

fn chat() -> Vec<u8> {
    let question = "What is the capital of France, and since when? Answer in two sentences.";
    json!({"model": MODEL, "stream": false, "messages": [{"role": "user", "content": question}]})
        .to_string()
        .into_bytes()
}

fn gemini(text: &str, reason: Option<&str>) -> String {
    json!({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, "finishReason": reason}],
        "usageMetadata": {"promptTokenCount": 18, "candidatesTokenCount": 36, "totalTokenCount": 54,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 18}]},
        "modelVersion": MODEL, "responseId": "bench0000000000000000000"})
    .to_string()
}

fn decode_request() -> Box<dyn FnMut()> {
    let (body, capabilities) = (chat(), capabilities());
    Box::new(move || drop(black_box(translate(&body, &capabilities))))
}

#[expect(clippy::panic, reason = "a benchmark stops at what cannot be")]
fn answer(frame: &[u8]) -> GenerateContentResponse {
    match parse_event(frame) {
        Ok(Event::Response(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

fn encode_answer() -> Box<dyn FnMut()> {
    let encoding = translate(&chat(), &capabilities()).encoding;
    let text = "Paris is the capital of France. It has been, with interruptions, since the end of the tenth century.";
    let body = gemini(text, Some("STOP"));
    Box::new(move || drop(black_box(whole::completion(&answer(body.as_bytes()), &encoding, STAMP))))
}

fn stream_event() -> Box<dyn FnMut()> {
    let mut encoder = Encoder::new(translate(&chat(), &capabilities()).encoding, STAMP);
    let event = format!("data: {}\r\n\r\n", gemini("Paris is the capital of ", None));
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    Box::new(move || {
        out.clear();
        let _never_too_large = decoder.push(event.as_bytes());
        while let Some(frame) = decoder.next() {
            encoder.push(&answer(frame.bytes()), &mut out);
        }
        black_box(&out);
    })
}

fn split_sse() -> Box<dyn FnMut()> {
    let event = format!("data: {}\r\n\r\n", gemini("Paris is the capital of ", None));
    let body = event.repeat(65_536 / event.len());
    Box::new(move || {
        let mut decoder = Decoder::new();
        for piece in body.as_bytes().chunks(4_096) {
            let _never_too_large = decoder.push(piece);
            while let Some(frame) = decoder.next() {
                black_box(frame);
            }
        }
    })
}

fn lift_image() -> Box<dyn FnMut()> {
    let url = format!("data:image/jpeg;base64,{}", "AQIDBAUG".repeat(125_000));
    let image = json!({"type": "image_url", "image_url": {"url": url}});
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": [image]}]}).to_string();
    let body = body.into_bytes().into();
    Box::new(move || drop(black_box(lift(Clone::clone(&body), 7))))
}

fn classify_429() -> Box<dyn FnMut()> {
    let violation = json!({"quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "250",
        "quotaDimensions": {"model": MODEL, "location": "global"}});
    let body = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota.",
        "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}})
    .to_string();
    Box::new(move || drop(black_box(classify(429, Some("application/json"), body.as_bytes()))))
}

#[expect(clippy::expect_used, reason = "a benchmark stops at what cannot be")]
fn choose_key() -> Box<dyn FnMut()> {
    let mut pool = Pool::new(Settings::default());
    for id in 0..1_000 {
        let (project, key) = (ProjectId(id), KeyId(id));
        pool.put_project(ProjectSpec {
            id: project,
            tier: Tier::Free,
            weight: 1,
            priority: 0,
            enabled: true,
        });
        pool.put_key(KeySpec { id: key, project, enabled: true });
    }
    let (mut now, mut seed) = (NOW, 1_u64);
    let ask = Ask { model: MODEL, cost: Cost { requests: 1, tokens: 100 }, ..Ask::default() };
    Box::new(move || {
        (now, seed) = (now.plus_ms(50), seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        let reservation = pool.take(&ask, now, seed).1.expect("there is room");
        let settled = Settled { input_tokens: Some(90), outcome: Ending::Success };
        black_box(pool.settle(reservation, settled, now));
    })
}

#[expect(clippy::expect_used, reason = "a benchmark stops at what cannot be")]
fn admit() -> Box<dyn FnMut()> {
    let (mut account, mut now, zone) = (Account::default(), NOW, Zone::UTC);
    let limits = [Limit::Rpm, Limit::Tpm, Limit::Rpd, Limit::Concurrency, Limit::CostDay];
    let caps = limits.into_iter().fold(Caps::NONE, |caps, limit| caps.with(limit, Some(u64::MAX / 4)));
    let (need, took) =
        (Sum { requests: 1, tokens: 4_200, cost: 90 }, Sum { requests: 1, tokens: 54, cost: 2 });
    Box::new(move || {
        now = now.plus_ms(50);
        let held = account.take(&caps, need, &zone.when(now)).expect("there is room");
        account.settle(&held, Some(took));
    })
}

#[expect(clippy::expect_used, reason = "a benchmark stops at what cannot be")]
fn journal_append() -> Box<dyn FnMut()> {
    let folder = tempfile::tempdir().expect("a folder");
    let settings =
        journal::Settings { folder: folder.path().to_owned(), sync: Fsync::Never, at_most: u64::MAX };
    let (journal, writer, _shipper) = journal::open(&settings).expect("a journal");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    tasks.spawn_local(writer.run(CancellationToken::new()));
    Box::new(move || {
        let _folder = &folder;
        tasks.block_on(&runtime, journal.note(ended())).expect("it is written");
    })
}

fn ended() -> Ended {
    let begun = Begun {
        request: "req_01hqk2m3n4p5q6r7s8t9".to_owned(),
        user: "usr_01hqk2m3n4p5q6r7s8t9".to_owned(),
        surface: "openai.chat",
        route: "/v1/chat/completions",
        asked: MODEL.to_owned(),
        model: MODEL.to_owned(),
        label: MODEL.to_owned(),
        streamed: false,
        price: None,
        parent: None,
        address: "192.0.2.7".to_owned(),
        agent: "bench".to_owned(),
        at: tokio::time::Instant::now(),
        witness: None,
    };
    Ended {
        begun,
        began: NOW,
        took: Duration::from_millis(900),
        prepared: Duration::from_millis(1),
        waited: Duration::ZERO,
        google: Duration::from_millis(890),
        first_event: Some(Duration::from_millis(891)),
        attempts: Vec::new(),
        decision: String::new(),
        outcome: ANSWERED,
        status: 200,
        tokens: None,
        estimated: false,
        cost: None,
        model_version: Some(MODEL.to_owned()),
    }
}

fn key_lookup() -> Box<dyn FnMut()> {
    let lookup = MasterKey::new([7; 32]).lookup("bench");
    let keys = (0..10_000).map(|n| (lookup.hash(&format!("sk-pollux-{n:032}")), n));
    let users: HashMap<[u8; 32], u32> = keys.collect();
    let key = format!("sk-pollux-{:032}", 4_711);
    Box::new(move || {
        black_box(users.get(&lookup.hash(black_box(&key))));
    })
}
