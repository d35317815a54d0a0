//! What a seed stands for: a pool, its quotas, its users, and how rough the days will be.

use pollux::id::Dice;
use simulator::{LimitOverride, Limits, MinuteWindow, Options, Tier};

const HOUR: i64 = 3_600_000;
/// Noon in Los Angeles on an ordinary day, and on the eves of the days when the clock changes there.
const STARTS: [i64; 3] = [1_795_377_600_000, 1_772_913_600_000, 1_793_473_200_000];

pub(super) const MODELS: [&str; 2] = ["gemini-3.8-flash", "gemini-3.6-flash"];
pub(super) const KEYS_EACH: u32 = 2;

const HEDGE: &str = "POLLUX_HEDGE_AFTER";

/// What a seed stands for.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn for itself")]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) start: i64,
    /// Quotas by project; the same for every model.
    pub(super) limits: Vec<Limits>,
    /// The gateway knows the quotas beforehand.
    pub(super) declared: bool,
    /// Google and the network fail.
    pub(super) faults: bool,
    /// The gateway's wall clock is put right now and then.
    pub(super) jumps: bool,
    /// The gateway is stopped and started again, or killed.
    pub(super) restarts: bool,
    /// Projects that are declared paid; private users may use these alone.
    pub(super) paid: usize,
    pub(super) window: MinuteWindow,
    pub(super) steps: u32,
    settings: Vec<(&'static str, &'static str)>,
}

/// One of these.
pub(super) fn one_of<T: Copy>(dice: &Dice, choices: &[T]) -> T {
    choices[usize::try_from(below(dice, choices.len() as u64)).unwrap()]
}

/// A number below `bound`.
pub(super) fn below(dice: &Dice, bound: u64) -> u64 {
    u64::try_from((u128::from(dice.roll()) * u128::from(bound)) >> 64).unwrap()
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let dice = Dice::seeded(seed ^ 0x706c_616e);
        let projects = 2 + below(&dice, 3);
        let limits = (0..projects).map(|_| {
            let rpm = 2 + below(&dice, 6);
            Limits { rpm: Some(rpm), tpm: Some(250_000), rpd: Some(rpm * (5 + below(&dice, 6))) }
        });
        let limits = limits.collect();
        let settings = vec![
            ("POLLUX_STRATEGY", one_of(&dice, &["headroom", "least_used", "round_robin", "fill_first"])),
            ("POLLUX_QUEUE_PATIENCE", one_of(&dice, &["0", "10s", "75s"])),
            (HEDGE, one_of(&dice, &["off", "off", "2s"])),
            ("POLLUX_DAILY_PACING", one_of(&dice, &["off", "off", "off", "on"])),
            ("POLLUX_PROJECT_CONCURRENCY", one_of(&dice, &["off", "off", "3"])),
            ("POLLUX_REQUEST_TIMEOUT", one_of(&dice, &["2m", "30s"])),
        ];
        Self {
            seed,
            start: one_of(&dice, &STARTS) + i64::try_from(below(&dice, 12)).unwrap() * HOUR,
            limits,
            declared: seed.is_multiple_of(2),
            faults: !seed.is_multiple_of(3),
            jumps: seed % 5 == 4,
            restarts: seed % 4 == 1,
            paid: usize::try_from(below(&dice, 2)).unwrap(),
            window: one_of(&dice, &[MinuteWindow::Sliding, MinuteWindow::Clock]),
            steps: 60,
            settings,
        }
    }

    /// The same with a hedge after two seconds.
    pub(super) fn hedged(mut self) -> Self {
        self.settings.retain(|(name, _)| *name != HEDGE);
        self.settings.push((HEDGE, "2s"));
        self
    }

    pub(super) fn setting(&self, name: &str) -> &'static str {
        self.settings.iter().find(|(known, _)| *known == name).unwrap().1
    }

    pub(super) fn settings(&self) -> &[(&'static str, &'static str)] {
        &self.settings
    }

    /// Whatever goes wrong is our own doing, and may be held against us.
    pub(super) fn is_calm(&self) -> bool {
        !self.faults && !self.jumps && !self.restarts
    }

    /// A call log that looks at the clock each second makes a day long, and notes of the one before a restart are late.
    pub(super) fn notes_calls(&self) -> bool {
        !self.restarts && self.seed % 8 == 2
    }

    pub(super) fn simulator(&self) -> Options {
        let limits = (0..).zip(&self.limits).map(|(project, limits)| LimitOverride {
            model: "*".to_owned(),
            project: Some(project),
            limits: *limits,
        });
        Options {
            projects: u32::try_from(self.limits.len()).unwrap(),
            keys_per_project: KEYS_EACH,
            tier: Tier::Paid,
            limits: limits.collect(),
            minute_window: self.window,
            clock_start: Some(self.start),
            clock_goes_on: true,
            seed: self.seed,
            recent_requests: 100_000,
            ..Options::default()
        }
    }
}
