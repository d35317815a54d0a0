//! What is worth an alert: a plain function of facts and thresholds.

use std::time::Duration;

use pool::States;

use crate::clock::{Moment, iso};
use crate::settings::Values;

/// Fewer calls than this say nothing about a share.
const ENOUGH_CALLS: u64 = 20;

/// How things stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) keys: States,
    /// Calls that ended lately.
    pub(super) calls: u64,
    /// Those of them that failed.
    pub(super) failed: u64,
    /// Since midnight UTC.
    pub(super) spent_microdollars: u64,
    /// Models whose day runs dry, and when.
    pub(super) dry: Vec<(String, Moment)>,
}

/// From when on something is worth an alert; none for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Thresholds {
    /// Percent of the keys that are not switched off.
    pub(super) pool_share: Option<u32>,
    pub(super) dead_keys: bool,
    /// Percent of calls.
    pub(super) error_share: Option<u32>,
    pub(super) dry_within: Option<Duration>,
    /// Dollars.
    pub(super) spend_day: Option<u32>,
}

/// Something that is worth an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) rule: &'static str,
    pub(super) subject: String,
    pub(super) message: String,
}

impl Thresholds {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            pool_share: values.alert_pool_share,
            dead_keys: values.alert_dead_keys,
            error_share: values.alert_error_share,
            dry_within: values.alert_dry_within,
            spend_day: values.alert_spend_day,
        }
    }
}

/// All that is worth one.
pub(super) fn findings(facts: &Facts, thresholds: &Thresholds, now: Moment) -> Vec<Finding> {
    let one = [
        pool_share(facts, thresholds),
        dead_keys(facts, thresholds),
        errors(facts, thresholds),
        spend(facts, thresholds),
    ];
    one.into_iter().flatten().chain(dry(facts, thresholds, now)).collect()
}

fn of(rule: &'static str, message: String) -> Finding {
    Finding { rule, subject: String::new(), message }
}

fn pool_share(facts: &Facts, thresholds: &Thresholds) -> Option<Finding> {
    let States { ready, benched, dead, disabled: _ } = facts.keys;
    let all = ready + benched + dead;
    let least = u64::from(thresholds.pool_share?);
    (all > 0 && ready * 100 < least * all).then(|| {
        of(
            "pool_share",
            format!("Only {ready} of {all} keys can serve now ({benched} wait, {dead} are dead)."),
        )
    })
}

fn dead_keys(facts: &Facts, thresholds: &Thresholds) -> Option<Finding> {
    let dead = facts.keys.dead;
    (thresholds.dead_keys && dead > 0).then(|| {
        let keys = if dead == 1 { "1 key is".to_owned() } else { format!("{dead} keys are") };
        of("dead_keys", format!("{keys} dead: Google refuses them for good. Replace or delete them."))
    })
}

fn errors(facts: &Facts, thresholds: &Thresholds) -> Option<Finding> {
    let Facts { calls, failed, .. } = *facts;
    let most = u64::from(thresholds.error_share?);
    (calls >= ENOUGH_CALLS && failed * 100 > most * calls)
        .then(|| of("error_share", format!("{failed} of the last {calls} calls failed.")))
}

fn spend(facts: &Facts, thresholds: &Thresholds) -> Option<Finding> {
    let most = u64::from(thresholds.spend_day?);
    let dollars = facts.spent_microdollars / 1_000_000;
    (facts.spent_microdollars > most * 1_000_000).then(|| {
        of("spend", format!("Calls of today cost more than ${most} at list price: ${dollars} so far."))
    })
}

fn dry(facts: &Facts, thresholds: &Thresholds, now: Moment) -> Vec<Finding> {
    let Some(within) = thresholds.dry_within else { return Vec::new() };
    let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
    let soon = facts.dry.iter().filter(|(_, at)| at.since(now) <= within);
    soon.map(|(model, at)| Finding {
        rule: "runs_dry",
        subject: model.clone(),
        message: format!("At the present rate the day's quota of {model} runs dry at {}.", iso(*at)),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_795_377_600_000);

    fn rules(facts: &Facts, thresholds: Thresholds) -> Vec<&'static str> {
        findings(facts, &thresholds, NOW).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn each_rule_at_its_threshold_and_beyond() {
        let none = Thresholds::default();
        let share = Thresholds { pool_share: Some(25), ..none };
        let keys = |ready, benched, dead| Facts {
            keys: States { ready, benched, dead, disabled: 9 },
            ..Facts::default()
        };
        let calls = |calls, failed| Facts { calls, failed, ..Facts::default() };
        let errors = Thresholds { error_share: Some(20), ..none };
        let spend = Thresholds { spend_day: Some(5), ..none };
        let costing =
            |dollars: u64| Facts { spent_microdollars: dollars * 1_000_000 + 1, ..Facts::default() };
        let dry = Thresholds { dry_within: Some(Duration::from_hours(2)), ..none };
        let at = |minutes: i64| Facts {
            dry: vec![("m".to_owned(), NOW.plus_ms(minutes * 60_000))],
            ..Facts::default()
        };
        for (facts, thresholds, expected) in [
            (keys(1, 3, 0), share, &[][..]),
            (keys(0, 3, 0), share, &["pool_share"][..]),
            (keys(0, 0, 0), share, &[]),
            (keys(0, 3, 0), none, &[]),
            (keys(5, 0, 1), Thresholds { dead_keys: true, ..none }, &["dead_keys"]),
            (calls(19, 19), errors, &[]),
            (calls(100, 20), errors, &[]),
            (calls(100, 21), errors, &["error_share"]),
            (costing(5), spend, &["spend"]),
            (costing(4), spend, &[]),
            (at(119), dry, &["runs_dry"]),
            (at(121), dry, &[]),
        ] {
            assert_eq!(rules(&facts, thresholds), expected, "{facts:?} {thresholds:?}");
        }
    }
}
