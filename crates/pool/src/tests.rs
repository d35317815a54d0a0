//! Tests of the pool as a whole.

mod blaming;
mod census;
mod choosing;
mod closing;
mod fleet;
mod holding;
mod outlook;
mod properties;
mod simulation;
mod upkeep;

use crate::*;

const MODEL: &str = "gemini-3.8-flash";
/// Noon in Los Angeles, 2026-11-20.
const NOON: Moment = Moment(1_795_204_800_000);
const HOUR: i64 = 3_600_000;

fn with(strategy: Strategy) -> Settings {
    Settings { strategy, ..Settings::default() }
}

/// Projects 0.. with so many keys each; key ids run on.
fn pool_of(projects: u32, keys_each: u32, settings: Settings) -> Pool {
    let mut pool = Pool::new(settings);
    for id in 0..projects {
        pool.put_project(project(id));
        for key in 0..keys_each {
            pool.put_key(key_spec(id * keys_each + key, id));
        }
    }
    pool
}

fn project(id: u32) -> ProjectSpec {
    ProjectSpec { id: ProjectId(id), tier: Tier::Free, weight: 1, priority: 0, enabled: true }
}

fn key_spec(id: u32, project: u32) -> KeySpec {
    KeySpec { id: KeyId(id), project: ProjectId(project), enabled: true }
}

fn ask() -> Ask<'static> {
    Ask { model: MODEL, cost: Cost { requests: 1, tokens: 100 }, ..Ask::default() }
}

fn rpm(limit: u64) -> Limits {
    Limits { rpm: Some(limit), ..Limits::default() }
}

fn declare(pool: &mut Pool, limits: Limits) {
    pool.set_limits(None, MODEL, limits, Provenance::Declared);
}

fn take(pool: &mut Pool, now: Moment) -> Result<Reservation, Opening> {
    pool.take(&ask(), now, 0).1
}

fn success(pool: &mut Pool, reservation: Reservation, now: Moment) -> Vec<Change> {
    pool.settle(reservation, Settled { input_tokens: Some(100), outcome: Ending::Success }, now)
}

fn day_quota(limit: Option<u64>) -> Blame {
    let violation = Violation { window: Window::Day, measure: Measure::Requests, limit, bucket_model: None };
    Blame::Quota { violations: vec![violation], retry_after_ms: Some(36_000), free_tier: true }
}

fn minute_quota(limit: Option<u64>, retry_after_ms: Option<i64>) -> Blame {
    let violation =
        Violation { window: Window::Minute, measure: Measure::Requests, limit, bucket_model: None };
    Blame::Quota { violations: vec![violation], retry_after_ms, free_tier: true }
}
