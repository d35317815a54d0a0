//! A pool of a given size, part of it benched, and calls that go through it.

use std::fmt;

use pool::{
    Ask, Blame, Cost, Ending, KeyId, KeySpec, Limits, Measure, Moment, Opening, Pool, ProjectId, ProjectSpec,
    Provenance, Settings, Settled, Strategy, Tier, Violation, Window,
};

/// Noon in Los Angeles, so that day benches outlast the run.
const NOON: Moment = Moment(1_795_204_800_000);
/// Ten calls a second.
const STEP_MS: i64 = 100;
const NAMES: [&str; 4] = ["gemini-a", "gemini-b", "gemini-c", "gemini-d"];

/// How large a pool is, how much of it is benched, and who goes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) keys: u32,
    pub(crate) benched_percent: u32,
    pub(crate) strategy: Strategy,
}

/// A pool in the middle of its day.
pub(crate) struct Traffic {
    pool: Pool,
    now: Moment,
    calls: u64,
}

impl Cell {
    /// Every size with every share of benches and every strategy.
    pub(crate) fn all() -> Vec<Self> {
        let strategies = [Strategy::Headroom, Strategy::LeastUsed, Strategy::RoundRobin, Strategy::FillFirst];
        let sizes = [10, 1_000, 10_000, 100_000];
        let pairs = strategies.iter().flat_map(|strategy| [10, 90].map(|percent| (*strategy, percent)));
        pairs
            .flat_map(|(strategy, benched_percent)| {
                sizes.map(|keys| Self { keys, benched_percent, strategy })
            })
            .collect()
    }

    pub(crate) const fn name(self) -> &'static str {
        match self.strategy {
            Strategy::Headroom => "headroom",
            Strategy::LeastUsed => "least_used",
            Strategy::RoundRobin => "round_robin",
            Strategy::FillFirst => "fill_first",
        }
    }

    /// Where one project must carry all calls it gets room for them; else projects fill up now and then.
    const fn limits(self) -> Limits {
        let rpm = if self.keys <= 10 && self.benched_percent > 50 { 2_000 } else { 500 };
        Limits { rpm: Some(rpm), tpm: Some(4_000_000), rpd: Some(100_000), tpd: None }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys={} benched={}%", self.name(), self.keys, self.benched_percent)
    }
}

impl Traffic {
    /// Every key has a project of its own, which is the most work and memory per key. Each has served one call of
    /// each model within the last minute, and an even share is benched until midnight.
    pub(crate) fn new(cell: Cell, models: usize) -> Self {
        let mut pool = Pool::new(Settings { strategy: cell.strategy, ..Settings::default() });
        for id in 0..cell.keys {
            let (project, key) = (ProjectId(id), KeyId(id));
            pool.put_project(ProjectSpec {
                id: project,
                tier: Tier::Free,
                weight: 1,
                priority: 0,
                enabled: true,
            });
            pool.put_key(KeySpec { id: key, project, enabled: true });
        }
        let mut traffic = Self { pool, now: NOON, calls: 0 };
        for model in NAMES.iter().take(models) {
            traffic.pool.set_limits(None, model, cell.limits(), Provenance::Declared);
            for id in 0..cell.keys {
                traffic.serve(&Ask { require: Some(ProjectId(id)), ..ask(model) });
                if id % 10 < cell.benched_percent / 10 {
                    traffic.bench(id, model);
                }
            }
        }
        traffic
    }

    /// One call: choose, reserve, settle.
    pub(crate) fn call(&mut self) -> bool {
        self.now = self.now.plus_ms(STEP_MS);
        self.serve(&ask(NAMES[0]))
    }

    fn serve(&mut self, ask: &Ask<'_>) -> bool {
        self.calls += 1;
        let decision = self.pool.choose(ask, self.now, self.calls);
        if decision.opens != Opening::Now {
            return false;
        }
        let Ok(reservation) = self.pool.reserve(&decision.shortlist, ask, self.now) else { return false };
        let actual = Settled { input_tokens: Some(900 + self.calls % 200), outcome: Ending::Success };
        self.pool.settle(reservation, actual, self.now);
        true
    }

    fn bench(&mut self, key: u32, model: &str) {
        let violation = Violation {
            window: Window::Day,
            measure: Measure::Requests,
            limit: Some(100_000),
            bucket_model: None,
        };
        let blame = Blame::Quota { violations: vec![violation], retry_after_ms: None, free_tier: true };
        self.pool.blame(KeyId(key), model, &blame, self.now, u64::from(key));
    }
}

fn ask(model: &str) -> Ask<'_> {
    Ask { model, cost: Cost { requests: 1, tokens: 1_000 }, ..Ask::default() }
}
