//! From a call log to numbers.

use clap::Parser;
use serde_json::Value;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    replay: Replay,
}

fn command(arguments: &str) -> Replay {
    let line = format!("replay calls.jsonl {arguments}");
    Line::try_parse_from(line.split_whitespace()).unwrap_or_else(|error| panic!("{error}")).replay
}

fn play(log: &str, arguments: &str) -> Value {
    let recording = log::parse(log.as_bytes()).unwrap();
    let (arrivals, scenario) = command(arguments).scenario(&recording);
    print::json(&recording, &replay(&arrivals, &scenario))
}

fn complaint(log: &str) -> String {
    format!("{:#}", log::parse(log.as_bytes()).unwrap_err())
}

#[test]
fn four_projects_answer_more_than_one_and_are_told_off_less() {
    let sample = sample::log();
    for limits in ["", "--rpm 5", "--rpm 10 --rpd 40 --clock-minute", "--tpm 30000"] {
        let one = play(&sample, limits);
        let four = play(&sample, &format!("--projects 4 {limits}"));
        let number = |report: &Value, name: &str| report[name].as_f64().unwrap();
        assert!(number(&one, "answers") < number(&four, "answers"), "{limits}: {one} {four}");
        let refused = |report: &Value| {
            report["refused"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>()
        };
        assert!(refused(&one) > refused(&four), "{limits}: {one} {four}");
        assert_eq!(one["answers"].as_u64().unwrap() + refused(&one), 300);
    }
    let [one, four] = ["", "--projects 4"].map(|arguments| play(&sample, arguments));
    assert!(one["upstream_429"].as_u64().unwrap() > four["upstream_429"].as_u64().unwrap(), "{one} {four}");
}

#[test]
fn enough_projects_answer_everything() {
    for strategy in ["headroom", "least_used", "round_robin", "fill_first"] {
        let report = play(&sample::log(), &format!("--projects 40 --tier paid --strategy {strategy}"));
        assert_eq!((&report["answers"], &report["dry"]), (&Value::from(300), &Value::Array(Vec::new())));
    }
}

#[test]
fn a_line_that_is_wrong_is_named_with_its_reason() {
    let good = r#"{"at":1,"user":"u","model":"m","input_tokens":1}"#;
    let table = [
        (format!("{good}\n\n{{\"at\":1"), "line 3: EOF while parsing an object (column 7)"),
        (
            format!("{good}\n{{\"at\":1,\"user\":\"u\",\"model\":\"m\"}}"),
            "line 2: missing field `input_tokens` (column 31)",
        ),
        (
            String::from(r#"{"at":"noon","user":"u","model":"m","input_tokens":1}"#),
            "line 1: `at` is no moment; write ISO 8601 or milliseconds since 1970",
        ),
        (
            String::from(r#"{"at":9223372036854775807,"user":"u","model":"m","input_tokens":1}"#),
            "line 1: `at` is no moment; write ISO 8601 or milliseconds since 1970",
        ),
        (
            String::from(r#"{"at":1,"user":"u","model":"m","input_tokens":18446744073709551615}"#),
            "line 1: `input_tokens` is above 1000000000",
        ),
        (
            String::from(r#"{"at":true,"user":"u","model":"m","input_tokens":1}"#),
            "line 1: `at` is no moment; write ISO 8601 or milliseconds since 1970 (column 10)",
        ),
        (String::from("\n"), "there is no call in it"),
    ];
    for (text, expected) in table {
        assert_eq!(complaint(&text), expected, "{text}");
    }
}

#[test]
fn what_no_pool_would_answer_is_left_out() {
    let log = r#"{"at":1,"user":"u","model":"m","input_tokens":1,"outcome":"request"}
{"at":"2026-11-22T20:00:00Z","user":"u","model":"m","input_tokens":1,"outcome":"busy"}
{"at":"2026-11-22T12:00:01-08:00","user":"u","model":"m","input_tokens":1,"outcome":"answered","attempts":1}"#;
    let report = play(log, "--rpm 1 --patience 0");
    assert_eq!((&report["calls"], &report["left_out"]), (&Value::from(2), &Value::from(1)));
    assert_eq!(report["recorded"], serde_json::json!({"answers": 1, "others": {"busy": 1}}));
    assert_eq!(report["dry"][0]["at"], "2026-11-22T20:00:01.12Z", "{report}");
}

#[test]
fn names_that_share_a_quota_share_it_here() {
    let line =
        |model| format!("{{\"at\":1795377600000,\"user\":\"u\",\"model\":\"{model}\",\"input_tokens\":1}}\n");
    let log = line("gemini-3.1-pro-preview") + &line("gemini-3.1-pro-preview-customtools");
    let recording = log::parse(log.as_bytes()).unwrap();
    let (_, scenario) = command("").scenario(&recording);
    let names: Vec<_> = scenario.world.models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["gemini-3.1-pro"]);
}

#[test]
fn people_can_read_it() {
    let recording = log::parse(sample::log().as_bytes()).unwrap();
    let (arrivals, scenario) = command("--projects 2 --keys-per-project 3").scenario(&recording);
    insta::assert_snapshot!(print::text(&recording, &scenario, &replay(&arrivals, &scenario)), @r"
    calls          300 of 5 users, 2026-11-22T20:00:01.761Z to 2026-11-22T20:14:58.856Z
    as recorded    300 (100.0 %)
    pool           projects 2, keys 6, headroom, sliding minutes, patience 10 s; each project has:
                   gemini-3.5-flash-lite: RPM 15, TPM 250000, RPD 500
                   gemini-3.8-flash: RPM 5, TPM 250000, RPD 20
    answers        267 (89.0 %); not: day_used_up 32, waited 1
    upstream 429s  4 (15.0 per 1,000 answers)
    wait           p50 0.00 s, p99 1.14 s
    fairness       0.9931
    ran dry        gemini-3.8-flash at 2026-11-22T20:08:10.039Z (day_used_up)
    ");
}

#[test]
fn limits_are_named_one_way_only() {
    for wrong in ["--tier free --rpm 5", "--projects 0", "--patience soon"] {
        let line = format!("replay calls.jsonl {wrong}");
        assert!(Line::try_parse_from(line.split_whitespace()).is_err(), "{wrong}");
    }
    assert!(Line::try_parse_from(["replay"]).is_err());
    assert!(Line::try_parse_from(["replay", "--sample"]).is_ok());
}
