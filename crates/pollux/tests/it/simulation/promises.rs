//! What the gateway promises, held against what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use pollux::clock::Clock;
use pollux::secret::hint;
use pool::KeyState;
use serde_json::Value;

use super::call::{End, Ended};
use super::google::{Seen, has_room, pacific_day};
use super::life::Accusation;
use super::plan::{KEYS_EACH, Plan};
use super::world::{ADMIN, MASTER, World};

/// How far a day's end is spread, and a little.
const DAY_SPREAD: i64 = 123_000;
/// How long room may stand open while somebody waits: one look of those who wait, and the pool's margin.
const NOTICED: i64 = 600;

/// Every call has one end, in time, and says what it may say.
pub(super) fn of_each_call(plan: &Plan, ended: &[Ended]) {
    for call in ended {
        let took = Duration::from_millis(u64::try_from(call.over_ms - call.began_ms).unwrap());
        let longest = if call.order.streamed { Duration::from_mins(23) } else { Duration::from_mins(10) };
        assert!(took <= longest, "took {took:?}: {call:?}");
        let End::Answer { status, .. } = &call.how else { continue };
        assert_ne!(call.code(), "gateway_error", "{call:?}");
        if plan.is_calm() {
            let private = call.order.user == 3 && plan.paid == 0;
            let allowed: &[u16] = if private { &[503] } else { &[200, 429] };
            assert!(allowed.contains(status), "{call:?}");
        }
        match status {
            200 if call.order.streamed => stream(call),
            200 => drop(serde_json::from_str::<Value>(call.body()).unwrap()),
            429 => assert!(call.header("retry-after").is_some(), "{call:?}"),
            _ => assert!(!call.code().is_empty(), "a refusal has a code: {call:?}"),
        }
    }
}

/// A stream commits once and ends once, cleanly or with an error.
fn stream(call: &Ended) {
    let events: Vec<&str> = call.events().collect();
    let done = events.iter().filter(|event| **event == "[DONE]").count();
    let parsed: Vec<Value> = events
        .iter()
        .filter(|event| **event != "[DONE]")
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    let errors = parsed.iter().filter(|event| event.get("error").is_some()).count();
    assert_eq!(done + errors, 1, "one end: {call:?}");
    let choice = |event: &&Value| event["choices"].get(0).is_some();
    let choices: Vec<&Value> = parsed.iter().filter(choice).collect();
    let roles = choices.iter().filter(|event| event["choices"][0]["delta"]["role"].is_string()).count();
    let finishes = choices.iter().filter(|event| event["choices"][0]["finish_reason"].is_string()).count();
    assert!(roles <= 1, "begins once: {call:?}");
    assert!(finishes <= 1 && (done == 0 || finishes == 1), "finishes once: {call:?}");
    assert!(!matches!(parsed.last(), Some(last) if errors == 1 && last.get("error").is_none()), "{call:?}");
    let ids: std::collections::BTreeSet<_> = choices.iter().map(|event| event["id"].as_str()).collect();
    assert!(ids.len() <= 1, "one answer: {call:?}");
}

/// What Google got: never above a limit that is known, private words only where they may go.
pub(super) fn of_each_request(plan: &Plan, seen: &[Seen]) {
    let mut learnt: BTreeMap<(usize, &str, &str), i64> = BTreeMap::new();
    for request in seen {
        assert!(
            !request.confidential || request.project < plan.paid,
            "private words went astray: {request:?}"
        );
        let Some(what) = request.was_above() else { continue };
        if plan.jumps || plan.restarts {
            // With another midnight, or a forgotten minute, only Google's refusal tells.
            continue;
        }
        assert!(!plan.declared, "above a declared limit: {request:?}");
        if plan.faults {
            // The refusal may come late, and others go the same way meanwhile.
            continue;
        }
        let place = (request.project, request.model.as_str(), what);
        let first = *learnt.entry(place).or_insert(request.at_ms);
        assert_eq!(first, request.at_ms, "above a learned limit: {request:?}");
    }
}

/// Nobody waits, and nobody is turned away, while a project has room; and who comes back when told to is served.
pub(super) fn of_waiting(plan: &Plan, ended: &[Ended], seen: &[Seen]) {
    let owned = |call: &&Ended| call.order.user != 3;
    if !plan.is_calm() || !plan.declared || plan.setting("POLLUX_DAILY_PACING") == "on" {
        return;
    }
    for call in ended.iter().filter(owned) {
        let model = call.order.model;
        let mut at = call.began_ms;
        while at + NOTICED <= call.over_ms {
            let idle = has_room(plan, seen, model, at).is_some_and(|project| {
                has_room(plan, seen, model, at + NOTICED).is_some()
                    && !seen.iter().any(|request| {
                        request.project == project && (at..=at + NOTICED).contains(&request.at_ms)
                    })
            });
            assert!(!idle, "idle at {at} while {call:?} waits");
            at += NOTICED;
        }
        // A project that has as many calls under way as it may has no room either.
        if call.status() == Some(429) && plan.setting("POLLUX_PROJECT_CONCURRENCY") == "off" {
            let room = has_room(plan, seen, model, call.over_ms);
            assert!(room.is_none(), "project {room:?} had room for {call:?}");
            keeps_its_word(plan, call, seen);
        }
    }
}

/// There is room when a refusal says so, and not much earlier.
fn keeps_its_word(plan: &Plan, call: &Ended, seen: &[Seen]) {
    let until: i64 = call.header("retry-after").unwrap().parse().unwrap();
    let opens = call.over_ms + until * 1_000;
    let before: Vec<Seen> = seen.iter().filter(|request| request.at_ms <= call.over_ms).cloned().collect();
    let model = call.order.model;
    assert!(has_room(plan, &before, model, opens + 400).is_some(), "no room at {opens}: {call:?}");
    if pacific_day(opens) == pacific_day(call.over_ms) {
        let early = has_room(plan, &before, model, opens - 2_000);
        assert!(early.is_none(), "{early:?} had room long before {opens}: {call:?}");
    } else {
        assert_ne!(pacific_day(opens), pacific_day(opens - DAY_SPREAD), "no midnight near {opens}: {call:?}");
    }
}

/// Nothing secret is said to anybody.
pub(super) fn of_secrets(world: &World, said: &str) {
    let mut secrets = world.simulator.keys();
    secrets.extend(world.users.iter().map(|user| user.key.clone()));
    secrets.extend([ADMIN.to_owned(), MASTER.to_owned()]);
    for secret in secrets {
        assert!(!said.contains(&secret), "a secret was told");
    }
}

/// After a quiet day nothing is held back any more but keys that Google has ended, and nobody is under way.
pub(super) async fn of_benches(world: &World, accused: &[Accusation]) {
    let keyring = &world.running().gateway.keyring;
    let texts = world.simulator.keys();
    let labels =
        (0..).zip(&texts).map(|(at, text)| (hint(text), format!("p{}k{}", at / KEYS_EACH, at % KEYS_EACH)));
    let labels: BTreeMap<String, String> = labels.collect();
    let now = world.course.now();
    let doubted = |hint: &str| {
        let project = &labels[hint][1..2];
        accused.iter().any(|accusation| accusation.project().to_string() == project)
    };
    for key in keyring.list(None, 1_000).await.unwrap() {
        let label = &labels[&key.row.hint];
        match key.live {
            KeyState::Ready => {}
            KeyState::Dead { .. } => assert!(
                accused.iter().any(|accusation| accusation.is_about(label)),
                "{label} is dead without a reason: {accused:?}"
            ),
            // Its time is over, and somebody will have to try it.
            KeyState::Benched(bench) if bench.until <= now && doubted(&key.row.hint) => {}
            other => panic!("{label} is held back: {other:?}"),
        }
    }
    for model in &keyring.snapshot().models {
        assert!(model.bench.is_none(), "{model:?}");
        for bucket in &model.buckets {
            assert_eq!(bucket.in_flight, 0, "nobody calls: {bucket:?}");
            let doubted = accused.iter().any(|accusation| accusation.project() == bucket.project.0);
            assert!(doubted || bucket.bench.is_none(), "{bucket:?}");
        }
    }
}

/// Everybody is served again, by everybody.
pub(super) fn of_recovery(plan: &Plan, round: &[Ended], seen: &[Seen], accused: &[Accusation]) {
    if plan.setting("POLLUX_DAILY_PACING") == "on" {
        return;
    }
    for call in round {
        assert_eq!(call.status(), Some(200), "{call:?}");
    }
    let began = round.iter().map(|call| call.began_ms).min().unwrap();
    for project in 0..plan.limits.len() {
        let served =
            seen.iter().filter(|request| request.at_ms >= began && request.project == project).count();
        let doubted =
            accused.iter().any(|accusation| accusation.project() == u32::try_from(project).unwrap());
        assert!(doubted || served > 0, "project {project} serves nobody");
    }
}
