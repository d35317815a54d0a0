//! Every body of the catalogue `wire.md` §9.1, and what is done about it.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::gemini::quota::Window;

fn error(code: u16, status: &str, message: &str, details: &Value) -> String {
    json!({"error": {"code": code, "message": message, "status": status, "details": details}}).to_string()
}

fn reason(reason: &str) -> Value {
    json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com", "consumer": "projects/987654321",
                     "containerInfo": "AIzaSyDUMMYDUMMYDUMMYDUMMYDUMMYDUMMY123"}}])
}

fn quota(violations: &Value, delay: &str) -> Value {
    json!([{"@type": "type.googleapis.com/google.rpc.Help", "links": []},
           {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations},
           {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}])
}

fn invalid(message: &str) -> String {
    error(400, "INVALID_ARGUMENT", message, &json!([]))
}

/// Name, status, body, label, retry, bench.
type Row = (&'static str, u16, String, &'static str, Retry, Bench);

const WALK: Retry = Retry::Elsewhere { max: u8::MAX };

fn key_rows() -> Vec<Row> {
    let invalid_key =
        Bench::KeyDead { reason: DeadReason::Invalid, confirm_after: Some(Duration::from_mins(1)) };
    let expired = Bench::KeyDeadUnlessYoung {
        reason: DeadReason::Expired,
        young: Duration::from_hours(1),
        pause: Duration::from_mins(15),
    };
    let leaked = Bench::KeyDead { reason: DeadReason::Leaked, confirm_after: None };
    let hour = Bench::KeyFor(Duration::from_hours(1));
    let denied = |message: &str, details: &Value| error(403, "PERMISSION_DENIED", message, details);
    vec![
        (
            "E1",
            400,
            error(
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
                &reason("API_KEY_INVALID"),
            ),
            "key_invalid",
            WALK,
            invalid_key.clone(),
        ),
        (
            "E2",
            400,
            error(
                400,
                "INVALID_ARGUMENT",
                "API key expired. Please renew the API key.",
                &reason("API_KEY_INVALID"),
            ),
            "key_expired",
            WALK,
            expired,
        ),
        (
            "E3",
            401,
            error(
                401,
                "UNAUTHENTICATED",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
                &reason("ACCESS_TOKEN_TYPE_UNSUPPORTED"),
            ),
            "key_invalid",
            WALK,
            invalid_key,
        ),
        (
            "E4",
            400,
            invalid("Multiple authentication credentials received. Please pass only one."),
            "credentials_doubled",
            Retry::No,
            Bench::Nothing,
        ),
        (
            "E10",
            403,
            denied("Your API key was reported as leaked. Please use another API key.", &json!([])),
            "key_leaked",
            WALK,
            leaked,
        ),
        (
            "E11",
            403,
            denied(
                "Permission denied: Consumer 'api_key:AIzaSyDUMMYDUMMYDUMMYDUMMYDUMMYDUMMY123' has been suspended.",
                &reason("CONSUMER_SUSPENDED"),
            ),
            "project_suspended",
            WALK,
            Bench::ProjectDead(DeadReason::Suspended),
        ),
        (
            "E11 denied",
            403,
            denied("Your project has been denied access. Please contact support.", &json!([])),
            "project_suspended",
            WALK,
            Bench::ProjectDead(DeadReason::Suspended),
        ),
        (
            "E12",
            403,
            denied(
                "Generative Language API has not been used in project 987654321 before or it is disabled.",
                &reason("SERVICE_DISABLED"),
            ),
            "key_misconfigured",
            WALK,
            hour.clone(),
        ),
        (
            "E13",
            403,
            denied(
                "Requests to this API generativelanguage.googleapis.com method google.ai.StreamGenerateContent are blocked.",
                &reason("API_KEY_SERVICE_BLOCKED"),
            ),
            "key_misconfigured",
            WALK,
            hour.clone(),
        ),
        (
            "E14",
            403,
            denied("Requests from referer <empty> are blocked.", &json!([])),
            "key_misconfigured",
            WALK,
            hour,
        ),
        (
            "E15",
            403,
            denied("You do not have permission to access the File abc or it may not exist.", &json!([])),
            "resource_forbidden",
            Retry::Owner,
            Bench::Nothing,
        ),
        (
            "E15 cache",
            403,
            denied("CachedContent not found (or permission denied)", &json!([])),
            "resource_forbidden",
            Retry::Owner,
            Bench::Nothing,
        ),
        (
            "E16",
            403,
            denied("The caller does not have permission", &json!([])),
            "permission_denied",
            Retry::Elsewhere { max: 1 },
            Bench::KeyModelFor(Duration::from_mins(10)),
        ),
        (
            "E30",
            400,
            error(400, "FAILED_PRECONDITION", "Generation stopped: PUP_LIMITED_DISABLED", &json!([])),
            "account_limited",
            WALK,
            Bench::ProjectFor(Duration::from_hours(1)),
        ),
    ]
}

fn request_rows() -> Vec<Row> {
    let stays = |name, status, body, label| (name, status, body, label, Retry::No, Bench::Nothing);
    vec![
        (
            "E5",
            400,
            error(400, "FAILED_PRECONDITION", "User location is not supported for the API use.", &json!([])),
            "region_blocked",
            Retry::OtherEgress,
            Bench::EgressFor(Duration::from_mins(10)),
        ),
        stays(
            "E6",
            400,
            invalid(
                "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
            ),
            "context_too_long",
        ),
        stays(
            "E6 short",
            400,
            invalid("The input token count exceeds the maximum number of tokens allowed 1048576."),
            "context_too_long",
        ),
        stays("E7", 400, invalid("Request contains an invalid argument."), "invalid_request"),
        stays(
            "E8",
            400,
            invalid(
                "Invalid JSON payload received. Unknown name \"x\" at 'generation_config': Cannot find field.",
            ),
            "invalid_request",
        ),
        (
            "E8 id",
            400,
            invalid(
                "Invalid JSON payload received. Unknown name \"id\" at 'contents[1].parts[0].function_call': Cannot find field.",
            ),
            "invalid_request",
            Retry::SameRepaired(Repair::StripFunctionIds),
            Bench::Nothing,
        ),
        stays(
            "E9",
            400,
            invalid("Unable to process input image. Please retry or report in the issue tracker."),
            "invalid_request",
        ),
        stays(
            "schema",
            400,
            invalid("The specified schema produces a constraint that has too many states for serving."),
            "invalid_request",
        ),
        (
            "E17",
            404,
            error(
                404,
                "NOT_FOUND",
                "models/gemini-9 is not found for API version v1beta, or is not supported for generateContent. Call ModelService.ListModels.",
                &json!([]),
            ),
            "model_not_found",
            Retry::Elsewhere { max: 1 },
            Bench::KeyModelFor(Duration::from_hours(6)),
        ),
        (
            "E15 404",
            404,
            error(404, "NOT_FOUND", "CachedContent not found", &json!([])),
            "resource_forbidden",
            Retry::Owner,
            Bench::Nothing,
        ),
        stays("E31", 413, String::new(), "payload_too_large"),
        stays(
            "E31 400",
            400,
            invalid("Request payload size exceeds the limit: 20971520 bytes."),
            "payload_too_large",
        ),
        stays(
            "interactions",
            400,
            json!({"error": {"code": "invalid_request", "message": "bad"}}).to_string(),
            "invalid_request",
        ),
        stays(
            "page",
            400,
            "<!DOCTYPE html><html><title>Error 400 (Bad Request)!!1</title><p>no</html>".to_owned(),
            "invalid_request",
        ),
    ]
}

fn quota_rows() -> Vec<Row> {
    let exhausted = |details: &Value| {
        error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan.", details)
    };
    let minute = json!([{"quotaMetric": "x/generate_content_free_tier_requests", "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaDimensions": {"model": "gemini-3.8-flash"}, "quotaValue": "5"}]);
    let both = json!([{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}, {"quotaId": "generaterequestsperdayperprojectpermodel", "quotaValue": 20}]);
    let none = json!([{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "0"}]);
    let old = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_limit": "GenerateContentRequestsPerMinutePerProjectPerRegion", "quota_limit_value": "60"}}]);
    let pause = |first| Bench::ProjectModelBackoff {
        first: Duration::from_secs(first),
        last: Duration::from_mins(5),
    };
    let twice = Retry::Elsewhere { max: 2 };
    let absent = Bench::ProjectModelAbsent(Duration::from_hours(24));
    let wait = |delay: Option<u64>| Bench::ProjectModelMinute { retry_delay: delay.map(Duration::from_secs) };
    vec![
        ("E18 minute", 429, exhausted(&quota(&minute, "26s")), "quota_exhausted", WALK, wait(Some(26))),
        ("E18 day", 429, exhausted(&quota(&both, "3s")), "quota_exhausted", WALK, Bench::ProjectModelDay),
        (
            "E18 array",
            429,
            format!("[{}]", exhausted(&quota(&minute, "26s"))),
            "quota_exhausted",
            WALK,
            wait(Some(26)),
        ),
        ("E19", 429, exhausted(&quota(&none, "5s")), "model_not_offered", WALK, absent.clone()),
        (
            "E19 message",
            429,
            error(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota.\n* Quota exceeded for metric: x/generate_content_free_tier_requests, limit: 0, model: gemini-3.1-pro\nPlease retry in 5.2s.",
                &json!([]),
            ),
            "model_not_offered",
            WALK,
            absent,
        ),
        (
            "E20",
            429,
            error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", &json!([])),
            "throttled",
            twice,
            pause(5),
        ),
        (
            "E21",
            429,
            exhausted(&json!([{"@type": "type.googleapis.com/google.rpc.Help", "links": []}])),
            "throttled",
            twice,
            pause(5),
        ),
        (
            "E22",
            429,
            error(
                429,
                "RESOURCE_EXHAUSTED",
                "Your prepayment credits are depleted. Please go to AI Studio.",
                &json!([]),
            ),
            "billing_depleted",
            WALK,
            Bench::ProjectFor(Duration::from_hours(1)),
        ),
        (
            "E23",
            429,
            error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric.", &old),
            "quota_exhausted",
            WALK,
            wait(None),
        ),
        (
            "E24",
            429,
            error(
                429,
                "RESOURCE_EXHAUSTED",
                "No capacity available for model gemini-x. Please retry in 40s.",
                &reason("MODEL_CAPACITY_EXHAUSTED"),
            ),
            "throttled",
            twice,
            pause(40),
        ),
        (
            "automated",
            429,
            "<html><body>Our systems have detected automated queries</body></html>".to_owned(),
            "egress_flagged",
            Retry::OtherEgress,
            Bench::EgressFor(Duration::from_hours(1)),
        ),
        ("inner 429", 500, exhausted(&quota(&minute, "26s")), "quota_exhausted", WALK, wait(Some(26))),
        (
            "E18 cut",
            429,
            r#"{"error": {"code": 429, "message": "You exceeded your current quo"#.to_owned(),
            "throttled",
            twice,
            pause(5),
        ),
    ]
}

fn server_rows() -> Vec<Row> {
    let busy = Bench::ModelFor { least: Duration::from_secs(1), most: Duration::from_secs(5) };
    let busy_retry =
        Retry::ElsewhereAfter { max: 2, least: Duration::from_millis(500), most: Duration::from_secs(2) };
    let away = Bench::EgressAfter { failures: 3, pause: Duration::from_secs(30) };
    let again = Retry::SameOrElsewhere { max: 2 };
    let page = "<html><title>502 Bad Gateway</title></html>".to_owned();
    vec![
        (
            "E25",
            500,
            error(500, "INTERNAL", "An internal error has occurred. Please retry or report it.", &json!([])),
            "internal",
            again,
            Bench::Nothing,
        ),
        ("E25 cut", 500, "{\"error\": {\"co".to_owned(), "internal", again, Bench::Nothing),
        (
            "E26",
            503,
            error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", &json!([])),
            "overloaded",
            busy_retry,
            busy.clone(),
        ),
        (
            "E26 demand",
            503,
            error(503, "UNAVAILABLE", "This model is currently experiencing high demand.", &json!([])),
            "overloaded",
            busy_retry,
            busy,
        ),
        (
            "E27",
            503,
            error(503, "UNAVAILABLE", "Deadline expired before operation could complete.", &json!([])),
            "deadline_exceeded",
            Retry::SameIfEarly,
            Bench::Nothing,
        ),
        (
            "E28",
            504,
            error(504, "DEADLINE_EXCEEDED", "Deadline Exceeded", &json!([])),
            "deadline_exceeded",
            Retry::SameIfEarly,
            Bench::Nothing,
        ),
        (
            "E29 499",
            499,
            error(499, "CANCELLED", "The operation was cancelled.", &json!([])),
            "unavailable",
            WALK,
            away.clone(),
        ),
        ("E29 409", 409, error(409, "ABORTED", "Aborted", &json!([])), "unavailable", WALK, away.clone()),
        ("E29 501", 501, error(501, "UNIMPLEMENTED", "no", &json!([])), "unavailable", WALK, away.clone()),
        ("E29 502", 502, page, "unavailable", WALK, away.clone()),
        ("E29 408", 408, String::new(), "unavailable", WALK, away.clone()),
        ("503 empty", 503, String::new(), "unavailable", WALK, away),
    ]
}

#[test]
fn every_body_of_the_catalogue() {
    let rows = [key_rows(), request_rows(), quota_rows(), server_rows()].concat();
    for number in 1..=31 {
        let name = format!("E{number}");
        assert!(rows.iter().any(|row| row.0.split(' ').next() == Some(&name)), "{name} has a row");
    }
    for (name, status, body, label, retry, bench) in rows {
        let outcome = classify(status, Some("application/json; charset=UTF-8"), body.as_bytes());
        assert_eq!(outcome.cause.label(), label, "{name}");
        assert_eq!(outcome.cause.retry(), retry, "{name}");
        assert_eq!(outcome.cause.bench(), bench, "{name}");
        assert_eq!(outcome.status, status, "{name}");
        assert!(!outcome.message.contains("AIza"), "{name}: {}", outcome.message);
    }
}

#[test]
fn what_an_outcome_keeps() {
    let body = key_rows().into_iter().find(|row| row.0 == "E11").unwrap().2;
    let outcome = classify(403, None, body.as_bytes());
    assert_eq!(outcome.rpc_status.as_deref(), Some("PERMISSION_DENIED"));
    assert_eq!(outcome.consumer.as_deref(), Some("987654321"));
    assert_eq!(outcome.message, "Permission denied: Consumer 'api_key:***' has been suspended.");

    let outcome = classify(502, Some("text/html"), b"<html><head><title> Error 502 </title></head></html>");
    assert_eq!(outcome.message, "Error 502");
    let outcome = classify(200, None, br#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#);
    assert_eq!((outcome.status, outcome.cause), (503, Cause::Overloaded));
    let twelfth = classify(403, None, key_rows()[7].2.as_bytes());
    assert_eq!(twelfth.cause, Cause::KeyMisconfigured { reason: "SERVICE_DISABLED".to_owned() });
}

#[test]
fn a_minute_pause_is_bounded() {
    for (delay, second, pause) in [
        (Some(26), 10, 26),
        (Some(0), 10, 1),
        (Some(4000), 10, 120),
        (None, 10, 50),
        (None, 59, 1),
        (None, 75, 1),
    ] {
        assert_eq!(minute_pause(delay.map(Duration::from_secs), second), Duration::from_secs(pause));
    }
    assert_eq!(Window::Minute.max(Window::Day), Window::Day);
}

#[test]
fn any_bytes_are_classified() {
    for body in [
        "",
        "null",
        "[]",
        "[[]]",
        "7",
        "\"x\"",
        "{}",
        "{\"error\":null}",
        "{\"error\":[]}",
        "\u{0}\u{fffd}",
        "{\"error\":{\"code\":\"?\",\"details\":{}}}",
    ] {
        for status in [0, 100, 200, 302, 400, 401, 403, 404, 418, 429, 500, 503, 599, 999] {
            let outcome = classify(status, None, body.as_bytes());
            let _ = (outcome.cause.retry(), outcome.cause.bench(), outcome.cause.label());
        }
    }
}
