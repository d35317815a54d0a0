//! What the metrics say of calls.

use dialect::model::Catalogue;

use super::*;
use crate::clock::{ManualClock, Moment};
use crate::telemetry::{Exposition, Metrics};

fn watcher() -> Watcher {
    Watcher::new(Tracer::default(), Arc::new(ManualClock::new(Moment(0))))
}

fn begun(user: &str, model: &str, label: &str) -> Begun {
    Begun {
        request: String::from("req_1"),
        user: user.to_owned(),
        surface: "openai.chat",
        route: "/v1/chat/completions",
        asked: model.to_owned(),
        model: model.to_owned(),
        label: label.to_owned(),
        streamed: false,
        price: Catalogue::builtin().get("gemini-2.5-flash").unwrap().price("2026-11-22").cloned(),
        parent: None,
        address: String::new(),
        agent: String::new(),
        witness: None,
        at: Instant::now(),
    }
}

fn flop() -> Flop {
    Flop { label: "overloaded", status: 503, reason: String::from("try later"), counted: false }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_measured_where_it_spends_its_time() {
    let metrics = Metrics::default();
    let _here = metrics::set_default_local_recorder(&metrics);
    let watch = watcher().begin(begun("u", "m", "m"));
    let wait = |ms| tokio::time::advance(Duration::from_millis(ms));
    wait(30).await;
    let queue = watch.queue();
    wait(3_000).await;
    drop(queue);
    let first = watch.attempt("p", "k");
    wait(500).await;
    first.failed(flop());
    let second = watch.attempt("p", "k");
    wait(200).await;
    second.serves();
    watch.counted(&Tokens { input: 10, cached: 4, output: 7, thoughts: 2, total: 17 });
    wait(5_000).await;
    watch.end(ANSWERED);
    watch.end("never");
    drop(watch);
    drop(watcher().begin(begun("u", "m", "m")));
    let text = metrics.page().render(Exposition::Prometheus);
    for line in [
        r#"pollux_calls_total{surface="openai.chat",model="m",outcome="answered"} 1"#,
        r#"pollux_calls_total{surface="openai.chat",model="m",outcome="client_gone"} 1"#,
        "pollux_calls_open 0",
        r#"pollux_first_event_seconds_sum{surface="openai.chat",model="m"} 3.73"#,
        r#"pollux_overhead_seconds_sum{surface="openai.chat"} 0.03"#,
        r#"pollux_retries_total{cause="overloaded"} 1"#,
        r#"pollux_tokens_total{model="m",kind="cached"} 4"#,
        r#"pollux_cost_microdollars_total{model="m"} 19"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn ten_thousand_odd_models_and_users_make_no_more_series_than_one() {
    let metrics = Metrics::default();
    metrics::with_local_recorder(&metrics, || {
        for number in 0..10_000 {
            let watch = watcher().begin(begun(&format!("user {number}"), &format!("odd-{number}"), "other"));
            let attempt = watch.attempt(&format!("project {number}"), &format!("key {number}"));
            attempt.head(200, Duration::from_millis(1));
            attempt.serves();
            watch.counted(&Tokens::default());
            watch.end(ANSWERED);
        }
    });
    let text = metrics.page().render(Exposition::Prometheus);
    assert!(metrics.series() <= 12, "{} series\n{text}", metrics.series());
    let made_up = ["odd-", "user ", "project ", "key "];
    let mut samples = text.lines().filter(|line| !line.starts_with('#'));
    assert!(samples.all(|line| made_up.iter().all(|name| !line.contains(name))), "{text}");
}
