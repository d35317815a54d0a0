//! Every body of the catalogue `wire.md` §9.1, and what is done about it.

use super::*;

/// Name, status, then cause, retry and bench as they print, and the body.
struct Row {
    name: &'static str,
    status: u16,
    decision: [&'static str; 3],
    body: &'static str,
}

fn rows() -> Vec<Row> {
    let lines: Vec<&str> = include_str!("tests/bodies.txt")
        .lines()
        .skip_while(|line| line.starts_with('#') || line.is_empty())
        .collect();
    let rows = lines.chunks(2).map(|pair| {
        let [name, status, cause, retry, bench] =
            pair[0].splitn(5, " | ").collect::<Vec<_>>().try_into().unwrap();
        Row { name, status: status.parse().unwrap(), decision: [cause, retry, bench], body: pair[1] }
    });
    rows.collect()
}

fn body(name: &str) -> &'static [u8] {
    rows().into_iter().find(|row| row.name == name).unwrap().body.as_bytes()
}

#[test]
fn every_body_of_the_catalogue() {
    let rows = rows();
    for number in 1..=31 {
        let name = format!("E{number}");
        assert!(rows.iter().any(|row| row.name.split(' ').next() == Some(&name)), "{name} has a body");
    }
    for Row { name, status, decision, body } in rows {
        let outcome = classify(status, Some("application/json; charset=UTF-8"), body.as_bytes());
        let (retry, bench) = (outcome.cause.retry(), outcome.cause.bench());
        let got = [outcome.cause.label(), &format!("{retry:?}"), &format!("{bench:?}")];
        assert_eq!(got, decision, "{name}");
        assert_eq!(outcome.status, status, "{name}");
        assert!(!outcome.message.contains("AIza"), "{name}: {}", outcome.message);
        let array = format!("[{body}]");
        if body.starts_with("{\"") && serde_json::from_str::<serde_json::Value>(body).is_ok() {
            assert_eq!(classify(status, None, array.as_bytes()), outcome, "{name} as an array");
        }
    }
}

#[test]
fn what_an_outcome_keeps() {
    let outcome = classify(403, None, body("E11"));
    assert_eq!(outcome.rpc_status.as_deref(), Some("PERMISSION_DENIED"));
    assert_eq!(outcome.consumer.as_deref(), Some("987654321"));
    assert_eq!(outcome.message, "Permission denied: Consumer 'api_key:***' has been suspended.");

    let outcome = classify(502, Some("text/html"), b"<html><head><title> Error 502 </title></head></html>");
    assert_eq!(outcome.message, "Error 502");
    let outcome = classify(200, None, br#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#);
    assert_eq!((outcome.status, outcome.cause), (503, Cause::Overloaded));
    let reason = "SERVICE_DISABLED".to_owned();
    assert_eq!(classify(403, None, body("E12")).cause, Cause::KeyMisconfigured { reason });
}

#[test]
fn any_bytes_are_classified() {
    let bodies =
        ["", "null", "[]", "[[]]", "7", "\"x\"", "{}", "{\"error\":null}", "{\"error\":[]}", "\u{0}\u{fffd}"];
    for body in bodies.into_iter().chain(["{\"error\":{\"code\":\"?\",\"details\":{}}}"]) {
        for status in [0, 100, 200, 302, 400, 401, 403, 404, 418, 429, 500, 503, 599, 999] {
            let outcome = classify(status, None, body.as_bytes());
            assert!(!outcome.cause.label().is_empty());
            assert!(outcome.cause.bench() == Bench::Nothing || outcome.cause.retry() != Retry::No);
        }
    }
}
