//! Days of a gateway in seconds: traffic, faults and the clocks of gateway and simulator follow a seed.
//!
//! Which of several equal projects serves is still drawn afresh, so a seed narrows a failure down without repeating every
//! choice; the pool's own simulation (`make simulate-pool`) is deterministic to the last one.

use std::time::Duration;

use serde_json::json;

use crate::bed::{Bed, Plan};
use crate::reply::Reply;

const MODEL: &str = "gemini-3.8-flash";
const SEEDS: u64 = 24;
const STEPS: u32 = 50;
const PROJECTS: u32 = 3;
const RPM: u64 = 3;

/// Failures that pass.
const FAULTS: &[&str] = &[
    "429-minute",
    "429-tokens",
    "429-bare",
    "429-help",
    "500",
    "502",
    "503",
    "error-first",
    "reset-before",
    "empty-stop",
    "malformed-call",
    "403-service-disabled",
    "404-model",
];

/// Seconds between two calls.
const PAUSES: &[u64] = &[0, 1, 5, 20, 70, 600, 5_400, 18_000];

/// Dice that fall the same way for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((mixed ^ (mixed >> 27)) % bound as u64).unwrap()
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

#[tokio::test]
async fn whatever_the_day_brings_the_gateway_recovers() {
    let mut hours = 0.0;
    for seed in 0..SEEDS {
        hours += live(seed).await;
    }
    println!("{SEEDS} seeds, {STEPS} steps each: {hours:.0} virtual hours");
}

/// One life; gives its virtual hours.
async fn live(seed: u64) -> f64 {
    let plan = Plan { projects: PROJECTS, keys_per_project: 2, ..Plan::default() };
    let bed = plan.limits(Some(RPM), Some(60)).start().await;
    let (mut dice, mut seconds) = (Dice(seed), 0);
    for step in 0..STEPS {
        let pause = *dice.of(PAUSES);
        seconds += pause;
        bed.advance(Duration::from_secs(pause));
        let faulty = dice.below(3) == 0;
        if faulty {
            let rule = json!({ "times": 1 + dice.below(3), "fault": dice.of(FAULTS) });
            bed.script(json!({ "rules": [rule] }));
        }
        let reply =
            if dice.below(2) == 0 { bed.chat(MODEL, "hi").await } else { bed.stream(MODEL, "hi", "").await };
        bed.script(json!({}));
        let place = format!("seed {seed}, step {step}");
        assert!(faulty || [200, 404, 429, 503].contains(&reply.status), "{place}: {}", reply.body);
        if reply.status == 429 {
            seconds += keeps_its_word(&bed, reply, &place).await;
        }
    }
    everybody_is_back(&bed, seed).await;
    f64::from(u32::try_from(seconds).unwrap()) / 3_600.0 + 26.0
}

/// Who waits as long as a refusal says is served, if not at the first time: an incident may be found out meanwhile.
async fn keeps_its_word(bed: &Bed, refusal: Reply, place: &str) -> u64 {
    let (mut reply, mut seconds) = (refusal, 0);
    for _ in 0..4 {
        let wait =
            reply.header("retry-after").unwrap_or_else(|| panic!("{place}: no retry-after: {}", reply.body));
        let wait = wait.parse::<u64>().unwrap() + 2;
        bed.advance(Duration::from_secs(wait));
        seconds += wait;
        reply = bed.chat(MODEL, "hi").await;
        if reply.status == 200 {
            return seconds;
        }
    }
    panic!("{place}: {seconds} s later still {}", reply.body);
}

/// No bench is for ever: a day and two hours later every project serves its minute's worth.
async fn everybody_is_back(bed: &Bed, seed: u64) {
    bed.advance(Duration::from_hours(26));
    let before = by_project(bed);
    for call in 0..u64::from(PROJECTS) * RPM {
        let reply = bed.chat(MODEL, "hi").await;
        assert_eq!(reply.status, 200, "seed {seed}, call {call} of the day after: {}", reply.body);
    }
    let served: Vec<u64> = by_project(bed).into_iter().zip(before).map(|(now, then)| now - then).collect();
    assert_eq!(served, vec![RPM; PROJECTS as usize], "seed {seed}");
}

/// Calls accepted so far, project by project.
fn by_project(bed: &Bed) -> Vec<u64> {
    let mut counts = vec![0; PROJECTS as usize];
    for (label, count) in bed.accepted() {
        let project: usize = label[1..2].parse().unwrap();
        counts[project] += count;
    }
    counts
}
