//! Each fault as a client sees it.

use serde_json::{Value, json};
use simulator::{Fault, Options, Script};

use crate::bed::{Bed, FLASH, say, text_of};

const STREAM: &str = "streamGenerateContent?alt=sse";
const WHOLE: &str = "generateContent";

#[tokio::test]
async fn status_faults_have_their_status_and_their_words() {
    let bed = Bed::roomy().await;
    for (fault, status, words) in [
        ("429-minute", 429, "GenerateRequestsPerMinutePerProjectPerModel"),
        ("429-tokens", 429, "InputTokensPerModelPerMinute"),
        ("429-day", 429, "GenerateRequestsPerDayPerProjectPerModel"),
        ("429-both", 429, "\"quotaId\": \"GenerateRequestsPerMinutePerProjectPerModel\""),
        ("429-zero", 429, "\"quotaValue\": \"0\""),
        ("429-bare", 429, "Resource has been exhausted (e.g. check quota)."),
        ("429-help", 429, "google.rpc.Help"),
        ("429-old", 429, "quota_limit_value"),
        ("429-html", 429, "automated queries"),
        ("429-billing", 429, "prepayment credits are depleted"),
        ("429-capacity", 429, "MODEL_CAPACITY_EXHAUSTED"),
        ("500", 500, "An internal error has occurred"),
        ("500-html", 500, "<!DOCTYPE html>"),
        ("502", 502, "<!DOCTYPE html>"),
        ("503", 503, "The model is overloaded"),
        ("503-capacity", 503, "experiencing high demand"),
        ("503-deadline", 503, "Deadline expired before operation could complete."),
        ("503-array", 503, "[\n"),
        ("504", 504, "Deadline Exceeded"),
        ("401", 401, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        ("400-key-invalid", 400, "API_KEY_INVALID"),
        ("400-key-expired", 400, "API key expired"),
        ("400-credentials", 400, "Multiple authentication credentials"),
        ("400-region", 400, "FAILED_PRECONDITION"),
        ("400-context", 400, "The input token count (1200293) exceeds"),
        ("400-bare", 400, "Request contains an invalid argument."),
        ("400-image", 400, "Unable to process input image."),
        ("400-states", 400, "too many states for serving"),
        ("400-signature", 400, "Corrupted thought signature."),
        ("400-html", 400, "Error 400 (Bad Request)!!1"),
        ("403-service-disabled", 403, "SERVICE_DISABLED"),
        ("403-suspended", 403, "CONSUMER_SUSPENDED"),
        ("403-leaked", 403, "reported as leaked"),
        ("403-blocked", 403, "API_KEY_SERVICE_BLOCKED"),
        ("403-referrer", 403, "API_KEY_HTTP_REFERRER_BLOCKED"),
        ("403-permission", 403, "The caller does not have permission"),
        ("403-file", 403, "permission to access the File"),
        ("404-model", 404, "is not found for API version v1beta"),
        ("404-retired", 404, "is no longer available"),
        ("413", 413, "Request payload size exceeds the limit"),
        ("error-json-200", 200, "UNAVAILABLE"),
        ("html-200", 200, "<!DOCTYPE html>"),
    ] {
        let reply = bed.faulty(fault, WHOLE).await.unwrap();
        assert_eq!(reply.status, status, "{fault}");
        assert!(reply.text().contains(words), "{fault}: {}", reply.text());
    }
    for (fault, status) in [("429-empty", 429), ("empty-200", 200)] {
        let reply = bed.faulty(fault, WHOLE).await.unwrap();
        assert_eq!((reply.status, reply.bytes.len()), (status, 0), "{fault}");
    }
    assert_eq!(bed.simulator.state()["quotas"], json!([]), "refusals by a fault are not metered");
}

#[tokio::test]
async fn errors_keep_the_content_type_of_the_request() {
    let bed = Bed::roomy().await;
    let sse = bed.faulty("503", STREAM).await.unwrap();
    assert_eq!(sse.headers["content-type"], "text/event-stream");
    assert!(sse.text().starts_with("{\n"), "a plain error, not an event");
    let array = bed.faulty("503", "streamGenerateContent").await.unwrap();
    assert_eq!(array.json()[0]["error"]["code"], 503);
    let unknown = bed.faulty("no-such-fault", WHOLE).await.unwrap();
    assert!(unknown.message().contains("unknown fault 'no-such-fault'"));
}

/// The finish reasons, or `-`, of each event.
fn finishes(events: &[Value]) -> String {
    let reason = |event: &Value| event["candidates"][0]["finishReason"].as_str().unwrap_or("-").to_owned();
    events.iter().map(reason).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn content_faults_leave_the_marks_they_are_named_for() {
    let bed = Bed::roomy().await;
    let whole = finishes(&bed.faulty("", STREAM).await.unwrap().events());
    let count = whole.split(' ').count();
    let unfinished = |count: usize| vec!["-"; count].join(" ");
    assert_eq!(whole, format!("{} STOP", unfinished(count - 1)));
    for (fault, expected) in [
        ("error-first", "-".to_owned()),
        ("error-mid:2", "- - -".to_owned()),
        ("eof-early", unfinished(count / 2)),
        ("eof-balanced", unfinished(count)),
        ("blocked", "-".to_owned()),
        ("malformed-call", "MALFORMED_FUNCTION_CALL".to_owned()),
        ("unexpected-call", "UNEXPECTED_TOOL_CALL".to_owned()),
        ("recitation", "RECITATION".to_owned()),
        ("pup-limited", "PUP_LIMITED_DISABLED".to_owned()),
        ("missing-signature-finish", "MISSING_THOUGHT_SIGNATURE".to_owned()),
        ("safety", format!("{} SAFETY", unfinished((count - 1).div_ceil(2)))),
        ("unknown-finish", format!("{} SOLAR_FLARE", unfinished(count - 1))),
        ("thought-only", "STOP".to_owned()),
        ("empty-parts", "STOP".to_owned()),
        ("empty-stop", "STOP".to_owned()),
        ("empty", "-".to_owned()),
        ("finish-first", format!("STOP {}", unfinished(count - 1))),
        ("finish-alone", format!("{} STOP", unfinished(count))),
        ("signature-empty-part", format!("{} STOP", unfinished(count))),
        ("stop-every-chunk", vec!["STOP"; count].join(" ")),
        ("usage-only", format!("{whole} -")),
    ] {
        let reply = bed.faulty(fault, STREAM).await.unwrap();
        assert!(reply.complete && reply.status == 200, "{fault}");
        assert_eq!(finishes(&reply.events()), expected, "{fault}");
    }
}

#[tokio::test]
async fn content_faults_change_what_they_say_they_change() {
    let bed = Bed::roomy().await;
    let events = async |fault: &str| bed.faulty(fault, STREAM).await.unwrap().events();
    let last = async |fault: &str| events(fault).await.pop().unwrap();
    assert_eq!(last("error-mid").await["error"]["status"], "UNAVAILABLE");
    assert_eq!(last("blocked").await["promptFeedback"]["blockReason"], "PROHIBITED_CONTENT");
    assert!(last("empty").await.get("candidates").is_none());
    assert!(last("usage-only").await.get("candidates").is_none());
    assert!(events("no-usage").await.iter().all(|event| event.get("usageMetadata").is_none()));
    assert_eq!(last("thought-only").await["candidates"][0]["content"]["parts"][0]["thought"], true);
    assert_eq!(last("empty-parts").await["candidates"][0]["content"]["parts"], json!([]));
    assert!(last("empty-stop").await["candidates"][0].get("content").is_none());
    assert_eq!(last("signature-empty-part").await["candidates"][0]["content"]["parts"][0]["text"], "");
    let usage = |event: &Value, name: &str| event["usageMetadata"][name].as_u64().unwrap();
    let (good, less) = (last("").await, last("shrinking-usage").await);
    assert!(usage(&less, "candidatesTokenCount") < usage(&good, "candidatesTokenCount"));
    let inclusive = last("inclusive-thoughts").await;
    assert_eq!(
        usage(&inclusive, "promptTokenCount") + usage(&inclusive, "candidatesTokenCount"),
        usage(&inclusive, "totalTokenCount")
    );
    let raw = bed.faulty("error-raw", STREAM).await.unwrap().text();
    assert!(raw.starts_with("data: ") && raw.contains("\r\n\r\n{\n  \"error\""), "{raw}");
    let image = events("big-image:2").await;
    assert!(
        image[0]["candidates"][0]["content"]["parts"][0]["inlineData"]["data"].as_str().unwrap().len()
            > 2 << 20
    );
}

#[tokio::test]
async fn content_faults_act_on_plain_answers_too() {
    let bed = Bed::roomy().await;
    let whole = async |fault: &str| bed.faulty(fault, WHOLE).await.unwrap().json();
    assert_eq!(whole("malformed-call").await["candidates"][0]["finishReason"], "MALFORMED_FUNCTION_CALL");
    assert_eq!(whole("blocked").await["promptFeedback"]["blockReason"], "PROHIBITED_CONTENT");
    assert!(whole("no-usage").await.get("usageMetadata").is_none());
    assert_eq!(whole("error-first").await["error"]["code"], 503);
}

#[tokio::test]
async fn byte_faults_change_the_bytes_and_not_the_words() {
    let bed = Bed::roomy().await;
    let good = bed.faulty("", STREAM).await.unwrap();
    for fault in ["dribble", "split-utf8", "slow-first:5", "slow-chunks:1", "lf", "cr", "no-final-blank"] {
        let reply = bed.faulty(fault, STREAM).await.unwrap();
        assert_eq!(text_of(&reply.events()), text_of(&good.events()), "{fault}");
        assert!(reply.complete, "{fault}");
    }
    let reads = async |fault: &str| bed.faulty(fault, STREAM).await.unwrap().reads;
    assert!(reads("dribble").await > 20 * good.events().len(), "one byte per write");
    assert!(reads("split-utf8").await > good.events().len());
    let text = async |fault: &str| bed.faulty(fault, STREAM).await.unwrap().text();
    assert!(good.text().ends_with("\r\n\r\n"));
    assert!(!text("lf").await.contains('\r') && !text("cr").await.contains('\n'));
    assert!(text("no-final-blank").await.ends_with('}'));
}

#[tokio::test]
async fn broken_connections_break() {
    let bed = Bed::roomy().await;
    assert!(bed.faulty("reset-before", STREAM).await.is_err());
    for action in [STREAM, WHOLE] {
        let reply = bed.faulty("reset", action).await.unwrap();
        assert!(!reply.complete && !reply.bytes.is_empty() && reply.status == 200, "{action}");
    }
    assert!(bed.hangs_after("silence", 0).await);
    assert!(bed.hangs_after("silence-mid:2", 2).await);
}

#[tokio::test]
async fn http2_carries_the_same_answers_and_resets() {
    let bed = Bed::roomy().await.over_http2();
    let reply = bed.stream(FLASH, &say("hello")).await;
    assert!(reply.complete && text_of(&reply.events()).contains("hello"));
    assert!(bed.faulty("reset-before", STREAM).await.is_err());
    assert!(!bed.faulty("reset", STREAM).await.unwrap().complete);
}

#[tokio::test]
async fn the_router_serves_without_our_server() {
    let bed = Bed::roomy().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = bed.simulator.router();
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let mut bed = bed;
    bed.base = base;
    assert_eq!(bed.generate(FLASH, &say("hi")).await.status, 200);
    let cut = bed.faulty("reset-before", STREAM).await;
    assert!(cut.is_err() || cut.is_ok_and(|reply| !reply.complete && reply.bytes.is_empty()));
}

#[tokio::test]
async fn clients_that_leave_are_counted_and_leave_nothing_open() {
    let bed = Bed::roomy().await;
    assert!(bed.hangs_after("silence-mid", 1).await && bed.hangs_after("silence", 0).await);
    // The server notices by itself; other calls give it the turns to do so.
    for _ in 0..200 {
        if bed.simulator.state()["open_streams"] == 0 {
            break;
        }
        bed.generate(FLASH, &say("hi")).await;
    }
    let state = bed.simulator.state();
    assert_eq!((&state["open_streams"], &state["aborted_streams"]), (&json!(0), &json!(2)));
}

#[tokio::test]
async fn scripts_pick_their_calls() {
    let script = r#"{"rules": [{"model": "gemini-3.8-flash", "after": 1, "times": 1, "fault": ["503"]}]}"#;
    let script = Some(Script::from_json(script).unwrap());
    let bed = Bed::start(Options { script, clock_start: Some(0), ..Options::default() }).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(bed.generate(FLASH, &say("hi")).await.status);
    }
    assert_eq!(statuses, [200, 503, 200]);
    let posted = bed.post("/__sim/script", &[], &json!({"rules": [{"fault": "404-model"}]})).await;
    assert_eq!(posted.status, 200);
    assert_eq!(bed.generate(FLASH, &say("hi")).await.status, 404);
    assert_eq!(bed.post("/__sim/script", &[], &json!({"rules": [{"fault": "x"}]})).await.status, 400);
    assert_eq!(bed.simulator.state()["total"]["rejected"]["fault:404-model"], 1);
}

#[tokio::test]
async fn every_fault_does_something() {
    let bed = Bed::roomy().await;
    let good = bed.faulty("", STREAM).await.unwrap();
    for fault in Fault::names().filter(|name| {
        !name.starts_with("slow")
            && !name.starts_with("silence")
            && *name != "dribble"
            && *name != "split-utf8"
    }) {
        let same = bed.faulty(fault, STREAM).await.is_ok_and(|reply| {
            let shape = |events: &[Value]| {
                events
                    .iter()
                    .map(|event| (event["candidates"].clone(), event["usageMetadata"].clone()))
                    .collect::<Vec<_>>()
            };
            let framing = |text: &str| text.matches("\r\n").count();
            let readable = reply.text().starts_with("data: ")
                && reply.complete
                && framing(&reply.text()) == framing(&good.text());
            readable && shape(&reply.events()) == shape(&good.events())
        });
        assert!(!same, "{fault}");
    }
}
