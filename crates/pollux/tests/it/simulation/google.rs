//! What Google saw, as the simulator noted it, and what it would have let through: by a reckoning of its own, which
//! shares no mistake with the pool's.

use serde_json::Value;
use simulator::Simulator;

use super::plan::Plan;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// One request that reached Google.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) at_ms: i64,
    pub(super) key: String,
    pub(super) project: usize,
    pub(super) model: String,
    pub(super) status: u64,
    pub(super) reason: Option<String>,
    pub(super) faults: Vec<String>,
    pub(super) confidential: bool,
}

impl Seen {
    fn of(entry: &Value) -> Self {
        let text = |name: &str| entry[name].as_str().map(str::to_owned);
        let key = text("key").unwrap_or_default();
        let faults = entry["faults"].as_array().unwrap().iter();
        Self {
            at_ms: entry["at_ms"].as_i64().unwrap(),
            project: key[1..2].parse().unwrap(),
            key,
            model: text("model").unwrap_or_default(),
            status: entry["status"].as_u64().unwrap(),
            reason: text("reason"),
            faults: faults.map(|fault| fault.as_str().unwrap().to_owned()).collect(),
            confidential: entry["body"].to_string().contains("confidential"),
        }
    }

    /// Refused for a quota that it really was above.
    pub(super) fn was_above(&self) -> Option<&str> {
        self.reason.as_deref().filter(|reason| reason.starts_with("quota-"))
    }

    /// The line of the transcript.
    pub(super) fn line(&self) -> String {
        let Self { at_ms, key, project: _, model, status, reason, faults, confidential } = self;
        format!("{at_ms} {key} {model} {status} {reason:?} {faults:?} {confidential}")
    }
}

/// Everything Google saw, in order.
pub(super) fn saw(simulator: &Simulator) -> Vec<Seen> {
    simulator.state()["recent"].as_array().unwrap().iter().map(Seen::of).collect()
}

/// The day in Los Angeles in 2026.
pub(super) fn pacific_day(at_ms: i64) -> i64 {
    let summer = 1_772_964_000_000..1_793_523_600_000; // 2026-03-08T10:00Z to 2026-11-01T09:00Z
    let hours = if summer.contains(&at_ms) { 7 } else { 8 };
    (at_ms - hours * HOUR).div_euclid(24 * HOUR)
}

/// Whether some project would have let one more call through at that moment, beyond all doubt.
pub(super) fn has_room(plan: &Plan, seen: &[Seen], model: &str, at_ms: i64) -> Option<usize> {
    // What the pool keeps as a margin, and more.
    let margin = 400;
    plan.limits.iter().enumerate().position(|(project, limits)| {
        let accepted = |of: &&Seen| of.project == project && of.model == model && of.status == 200;
        let before: Vec<i64> =
            seen.iter().filter(accepted).map(|seen| seen.at_ms).filter(|at| *at <= at_ms).collect();
        let minute = before.iter().filter(|at| at_ms - **at < MINUTE + margin).count() as u64;
        let today = before.iter().filter(|at| pacific_day(**at) == pacific_day(at_ms)).count() as u64;
        minute < limits.rpm.unwrap() && today < limits.rpd.unwrap()
    })
}
