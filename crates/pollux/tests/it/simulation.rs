//! Days of a gateway in milliseconds: the whole program, its pool and a simulated Google in one thread and one seeded
//! time, with random faults, cut connections, users who leave, clocks that jump and restarts.
//!
//! A seed decides everything: each is lived twice and must come out the same to the last byte. One that breaks a promise
//! prints itself and goes into `KEPT`, with what it guards. `make simulate SEEDS=10000` lives more of them, and
//! `make simulate SEED=4711` one alone, with its story.

mod at_once;
mod call;
mod google;
mod life;
mod plan;
mod promises;
mod wires;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use self::life::Life;
use self::plan::{MODELS, Plan};
use self::world::World;

/// How many seeds are lived by the way.
const SEEDS: u64 = 3;

/// Seeds that broke a promise once, and which one.
const KEPT: &[(u64, &str)] = &[
    (26, "a request that is mended after Google had counted it takes another place in the bucket"),
    (27, "while a probe is out others wait for it, and are not told that Google has been failing"),
];

/// Whether the story is told while it happens.
static ALOUD: AtomicBool = AtomicBool::new(false);

#[expect(clippy::print_stdout, reason = "somebody asked for the story")]
fn aloud(line: &str) {
    if ALOUD.load(Ordering::Relaxed) {
        println!("{line}");
    }
}

/// What a life left behind.
struct Lived {
    transcript: Vec<String>,
    hours: i64,
    calls: usize,
}

/// Lives a seed and holds every promise against it.
fn live(seed: u64) -> Lived {
    within(Plan::of(seed), async |world| {
        let mut life = Life::new(Arc::clone(&world));
        life.live().await;
        recover(&world, &mut life).await
    })
}

/// A world, in a time that jumps from one thing that happens to the next.
fn within<T: 'static>(plan: Plan, happening: impl AsyncFnOnce(Arc<World>) -> T + 'static) -> T {
    let folder = TempDir::new().unwrap();
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let store = outside.block_on(world::open_store(&folder, &plan));
    let inside = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let beside = outside.handle().clone();
    let lived =
        inside.block_on(async move { happening(World::new(plan, folder, store, beside).await).await });
    drop(inside);
    Runtime::shutdown_background(outside);
    lived
}

/// A quiet day later everything is as it was; then the books are closed.
async fn recover(world: &World, life: &mut Life) -> Lived {
    sleep(Duration::from_hours(26)).await;
    let plan = &world.plan;
    let doubted = |project| life.accused.iter().any(|accusation| accusation.project() == project);
    let usable = (0..).zip(&plan.limits).filter(|(project, _)| !doubted(*project));
    let capacity: u64 = usable.map(|(_, limits)| limits.rpm.unwrap()).sum();
    let mut last = Vec::new();
    for _ in 0..4 {
        for model in MODELS {
            last = life.round(capacity, model).await;
        }
        sleep(Duration::from_secs(75)).await;
    }
    let seen = google::saw(&world.simulator);
    for request in &seen {
        aloud(&request.line());
    }
    promises::of_each_call(plan, &life.ended);
    promises::of_each_request(plan, &seen);
    promises::of_waiting(plan, &life.ended, &seen);
    promises::of_recovery(plan, &last, &seen, &life.accused);
    promises::of_benches(world, &life.accused).await;
    assert_eq!(world.simulator.state()["open_streams"], 0, "a request to Google is still open");
    world.stop(true).await;
    let log = std::fs::read_to_string(world.folder.path().join(world::CALL_LOG)).unwrap_or_default();
    assert!(!plan.notes_calls() || log.lines().count() == life.ended.len(), "each call is noted once");
    let story = world.story();
    promises::of_secrets(world, &format!("{}\n{log}", story.join("\n")));
    let hours = (world.course.true_ms() - plan.start) / 3_600_000;
    let transcript = story.into_iter().chain(seen.iter().map(google::Seen::line)).collect();
    Lived { transcript, hours, calls: life.ended.len() }
}

/// Twice the same, to the last byte.
fn live_twice(seed: u64) -> Lived {
    let (once, again) = (live(seed), live(seed));
    for (line, (first, second)) in once.transcript.iter().zip(&again.transcript).enumerate() {
        assert_eq!(first, second, "line {line} of the transcript hangs on more than the seed");
    }
    assert_eq!(once.transcript.len(), again.transcript.len());
    once
}

fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn a_seed_is_lived_twice_alike_and_every_promise_is_kept() {
    if let Some(seed) = number("SIMULATE_SEED") {
        println!("{:#?}", Plan::of(seed));
        ALOUD.store(true, Ordering::Relaxed);
        live(seed);
        return;
    }
    let first = number("SIMULATE_FIRST").unwrap_or(0);
    let seeds = first..first + number("SIMULATE_SEEDS").unwrap_or(SEEDS);
    let (mut hours, mut calls, mut failed, mut count) = (0, 0, Vec::new(), 0_u64);
    for seed in seeds {
        if let Ok(lived) = catch_unwind(AssertUnwindSafe(|| live_twice(seed))) {
            (hours, calls) = (hours + lived.hours, calls + lived.calls);
        } else {
            println!("seed {seed} failed");
            failed.push(seed);
        }
        count += 1;
    }
    println!("{count} seeds, each lived twice: {hours} virtual hours, {calls} calls, failed: {failed:?}");
    assert!(failed.is_empty(), "SIMULATE_SEED=… tells the story of one of them: {failed:?}");
    assert!(calls > 0, "nobody called");
}

#[test]
fn what_once_went_wrong_goes_right() {
    for (seed, promise) in KEPT {
        assert!(catch_unwind(|| live(*seed)).is_ok(), "seed {seed}: {promise}");
    }
}

/// A hedge that fails as well is to blame for its own failure, and the attempt that it stood by is not.
#[test]
fn a_hedge_answers_for_itself() {
    let plan = Plan::of(0).hedged();
    let dead: Vec<String> = within(plan, async |world| {
        let rules = r#"{"rules": [{"nth": 1, "fault": ["slow-first:3000", "500"]},
            {"nth": 2, "fault": ["slow-first:5000", "403-leaked"]}]}"#;
        world.simulator.set_script(simulator::Script::from_json(rules).unwrap());
        let model = MODELS[0];
        let order = call::Order { number: 0, user: 0, model, streamed: true, length: 9, leaves_after: None };
        let ended = call::make(Arc::clone(&world), order).await;
        assert_eq!(ended.status(), Some(200), "{ended:?}");
        let leaked = google::saw(&world.simulator).into_iter().find(|seen| seen.status == 403).unwrap();
        let texts = world.simulator.keys();
        let keys = world.running().gateway.keyring.list(None, 100).await.unwrap();
        let dead = keys.into_iter().filter(|key| matches!(key.live, pool::KeyState::Dead { .. }));
        let place = |hint: &str| texts.iter().position(|text| pollux::secret::hint(text) == hint).unwrap();
        let label = |place: usize| format!("p{}k{}", place / 2, place % 2);
        let dead: Vec<String> = dead.map(|key| label(place(&key.row.hint))).collect();
        assert_eq!(dead, [leaked.key]);
        dead
    });
    assert_eq!(dead.len(), 1);
}
