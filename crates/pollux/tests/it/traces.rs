//! Traces as a collector gets them: one tree for each call.

use hyper::{Method, StatusCode};

use crate::bed::{Bed, Plan, chat};
use crate::collector::{Collector, Span};

const MODEL: &str = "gemini-2.5-flash";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Spans until the root of a call is among them; a tree is sent in one piece.
async fn tree(collector: &mut Collector) -> Vec<Span> {
    let received = collector.next().await;
    assert_eq!(received.headers["content-type"], "application/x-protobuf");
    assert_eq!(received.headers["authorization"], "Bearer of-the-collector");
    assert_eq!(received.headers["x-tenant"], "t");
    let (resource, spans) = received.read();
    assert_eq!(resource["service.name"], "bed");
    spans
}

fn children<'a>(spans: &'a [Span], parent: &Span) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.parent == parent.id).collect()
}

fn names<'a>(spans: &[&'a Span]) -> Vec<&'a str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

async fn call(bed: &Bed, faults: &str) {
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let more = [("traceparent", traceparent.as_str()), ("x-sim-fault", faults)];
    bed.post_with("/v1/chat/completions", &chat(MODEL, "hello", true), &more).await;
}

#[tokio::test]
async fn a_call_is_a_tree_of_attempts() {
    let mut collector = Collector::start().await;
    let plan = collector.asked_by(Plan::default()).set("POLLUX_TRUST_TRACEPARENT", "on");
    let bed = plan.start().await;
    call(&bed, "503").await;
    let spans = tree(&mut collector).await;
    let root = spans.iter().find(|span| span.parent == PARENT).unwrap();
    assert!(spans.iter().all(|span| span.trace == TRACE && span.id.len() == 16), "{spans:#?}");
    assert!(
        spans.iter().all(|span| span.start >= root.start && span.start <= span.end && span.end <= root.end)
    );
    assert_eq!((root.name.as_str(), root.kind, root.failed), ("POST /v1/chat/completions", 2, false));
    let says = |span: &Span, name: &str| span.attributes.get(name).cloned().unwrap_or_default();
    for (name, expected) in [
        ("pollux.outcome", "answered"),
        ("pollux.attempts", "2"),
        ("pollux.surface", "openai.chat"),
        ("gen_ai.request.model", MODEL),
        ("http.route", "/v1/chat/completions"),
    ] {
        assert_eq!(says(root, name), expected, "{name}");
    }
    assert!(says(root, "pollux.request.id").starts_with("req_"));
    assert!(says(root, "pollux.overhead_ms").parse::<f64>().unwrap() >= 0.0);
    let below = children(&spans, root);
    let attempt = format!("generate_content {MODEL}");
    assert_eq!(names(&below), ["queue", &attempt, "pause", "queue", &attempt, "settle"], "{spans:#?}");

    let (failed, served) = (below[1], below[4]);
    assert_eq!((failed.kind, failed.failed, served.failed), (3, true, false));
    assert_eq!(says(failed, "error.type"), says(served, "pollux.retry.cause"));
    assert_eq!(says(failed, "http.response.status_code"), "503");
    assert_ne!(says(failed, "pollux.project.id"), says(served, "pollux.project.id"));
    for (name, expected) in [
        ("gen_ai.operation.name", "generate_content"),
        ("gen_ai.provider.name", "gcp.gemini"),
        ("gen_ai.request.model", MODEL),
        ("gen_ai.response.model", MODEL),
        ("gen_ai.response.finish_reasons", "STOP"),
        ("pollux.attempt.number", "2"),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(says(served, name), expected, "{name}");
    }
    assert!(says(served, "gen_ai.usage.input_tokens").parse::<u64>().unwrap() > 0);
    assert!(says(served, "gen_ai.usage.output_tokens").parse::<u64>().unwrap() > 0);
    assert!(!says(served, "pollux.key.id").is_empty());
    assert_eq!(names(&children(&spans, failed)), ["first_event"]);
    assert_eq!(names(&children(&spans, served)), ["first_event", "stream"]);
    bed.stop().await;
}

#[tokio::test]
async fn a_client_that_is_not_trusted_is_only_linked_to() {
    let mut collector = Collector::start().await;
    let bed = collector.asked_by(Plan::default()).start().await;
    call(&bed, "").await;
    let spans = tree(&mut collector).await;
    let root = spans.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_ne!(root.trace, TRACE);
    assert_eq!(root.links, [TRACE]);
    assert!(spans.iter().filter(|span| span.id != root.id).all(|span| span.links.is_empty()));
    // Google learns nothing of it.
    assert!(!bed.simulator.state().to_string().contains(TRACE));
    bed.stop().await;
}

#[tokio::test]
async fn refusals_and_clients_that_go_away_end_their_tree_too() {
    let mut collector = Collector::start().await;
    let bed = collector.asked_by(Plan::default()).start().await;
    call(&bed, "400-bare").await;
    let spans = tree(&mut collector).await;
    let root = spans.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_eq!((root.attributes["pollux.outcome"].as_str(), root.failed), ("request", true));
    let open = bed.open(&chat(MODEL, "hello", true), "silence-mid").await;
    drop(open);
    let spans = tree(&mut collector).await;
    let root = spans.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_eq!((root.attributes["pollux.outcome"].as_str(), root.failed), ("client_gone", true));
    bed.stop().await;
}

#[tokio::test]
async fn a_ratio_of_nothing_traces_nothing_and_a_collector_that_refuses_is_counted() {
    let mut collector = Collector::answering(StatusCode::BAD_REQUEST).await;
    let silent = collector.asked_by(Plan::default()).set("OTEL_TRACES_SAMPLER_ARG", "0").start().await;
    call(&silent, "").await;
    silent.stop().await;
    let bed = collector.asked_by(Plan::default()).start().await;
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
    let (_, spans) = collector.next().await.read();
    let roots = spans.iter().filter(|span| span.parent.is_empty()).count();
    assert_eq!(
        (roots, spans[0].attributes["pollux.streamed"].as_str()),
        (1, "false"),
        "the whole answer only"
    );
    bed.stop().await;
    let again = Plan::default().start().await;
    let page = again.metrics("text/plain").await.body;
    let lost = "pollux_traces_lost_total{reason=\"collector\"} ";
    assert!(page.lines().any(|line| line.starts_with(lost)), "{page}");
    assert_eq!(again.send(Method::GET, "/health", &[], "").await.status, 200);
}
