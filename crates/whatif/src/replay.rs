//! A recorded day of calls against a pool that was not there.

use std::collections::BTreeMap;

use pool::Strategy;

use crate::engine::{self, Call, Trace};
use crate::fair::{jain, max_min};
use crate::gateway::Gateway;
use crate::google::{Metering, Verdict};
use crate::world::World;

/// How long an answer takes if nothing was recorded.
const USUAL_ANSWER_MS: i64 = 2_000;
/// From sending to Google's meter, and back from there when it refuses.
const THERE_MS: i64 = 40;
const REFUSAL_MS: i64 = 80;

/// A call as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: i64,
    /// Whose it was.
    pub user: String,
    /// What it asked for.
    pub model: String,
    /// What Google counted, or was expected to.
    pub input_tokens: u64,
    /// How long its answer took; none if it had no answer of the first attempt.
    pub answer_ms: Option<i64>,
}

/// What is to be tried.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The pool; it must have every model of the arrivals.
    pub world: World,
    /// Who goes first.
    pub strategy: Strategy,
    /// What Google's minute is.
    pub metering: Metering,
    /// How long a call waits for room.
    pub patience_ms: i64,
    /// Dice.
    pub seed: u64,
}

/// The first call of a model that found no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dry {
    /// Which model.
    pub model: String,
    /// When the call was refused.
    pub at: i64,
    /// Why.
    pub why: &'static str,
}

/// What would have become of the calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// All calls.
    pub calls: u64,
    /// Those with an answer.
    pub answers: u64,
    /// Those without, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Google's refusals for want of quota, which no client sees as long as another project has room.
    pub upstream_429: u64,
    /// Milliseconds from arrival to the sending of the attempt that was answered, sorted.
    pub waits_ms: Vec<i64>,
    /// Jain's index over users of answers divided by the max-min fair share of all answers.
    pub fairness: f64,
    /// By model, in order of time.
    pub dry: Vec<Dry>,
}

impl Report {
    /// Google's 429s for each thousand answers; none without an answer.
    pub fn upstream_429_per_1000(&self) -> Option<f64> {
        (self.answers > 0).then(|| 1_000.0 * float(self.upstream_429) / float(self.answers))
    }

    /// The wait in milliseconds that so many in a hundred answers did not exceed.
    pub fn wait_ms(&self, percent: usize) -> i64 {
        let place = self.waits_ms.len().saturating_sub(1) * percent / 100;
        self.waits_ms.get(place).copied().unwrap_or(0)
    }
}

/// Plays the arrivals, in whatever order they are, to the real pool and queue.
pub fn replay(arrivals: &[Arrival], scenario: &Scenario) -> Report {
    let Scenario { world, strategy, metering, patience_ms, seed } = scenario;
    let mut arrivals: Vec<&Arrival> = arrivals.iter().collect();
    arrivals.sort_by_key(|arrival| arrival.at);
    let mut users = BTreeMap::new();
    let calls: Vec<Call> = arrivals
        .iter()
        .filter_map(|arrival| {
            let count = users.len();
            let user = *users.entry(arrival.user.as_str()).or_insert(count);
            let model = world.models.iter().position(|model| model.name == arrival.model)?;
            Some(call(arrival, (user, model), *patience_ms))
        })
        .collect();
    let mut gateway = Gateway::new(world, &calls, *strategy, *seed);
    let trace = engine::play(world, *metering, &calls, &mut gateway);
    report(world, &calls, users.len(), &trace)
}

fn call(arrival: &Arrival, (user, model): (usize, usize), patience_ms: i64) -> Call {
    let Arrival { at, input_tokens, answer_ms, .. } = arrival;
    Call {
        at: *at,
        deadline: at.saturating_add(patience_ms),
        user,
        model,
        tokens: *input_tokens,
        guess: *input_tokens,
        there_ms: THERE_MS,
        refusal_ms: REFUSAL_MS,
        answer_ms: answer_ms.map_or(USUAL_ANSWER_MS, |ms| (ms - THERE_MS).max(1)),
    }
}

fn report(world: &World, calls: &[Call], users: usize, trace: &Trace) -> Report {
    let attempts = trace.answered.iter().map(|index| trace.attempts.get((*index)?));
    let sent: Vec<Option<i64>> = attempts.map(|attempt| Some(attempt?.sent)).collect();
    let mut waits_ms: Vec<i64> =
        sent.iter().zip(calls).filter_map(|(sent, call)| Some((*sent)? - call.at)).collect();
    waits_ms.sort_unstable();
    let mut refused = BTreeMap::new();
    for (_, why) in trace.refused.iter().flatten() {
        *refused.entry(why.label()).or_default() += 1;
    }
    let exhausted = |verdict: &Verdict| matches!(verdict, Verdict::Exhausted { .. });
    let answered: Vec<bool> = sent.iter().map(Option::is_some).collect();
    Report {
        calls: calls.len() as u64,
        answers: waits_ms.len() as u64,
        refused,
        upstream_429: trace.attempts.iter().filter(|attempt| exhausted(&attempt.verdict)).count() as u64,
        waits_ms,
        fairness: fairness(world.models.len(), calls, users, &answered),
        dry: dry(world, calls, trace),
    }
}

fn fairness(models: usize, calls: &[Call], users: usize, answered: &[bool]) -> f64 {
    let (mut got, mut due) = (vec![0.0; users], vec![0.0; users]);
    for model in 0..models {
        let (mut wanted, mut answers) = (vec![0; users], 0);
        for (call, answered) in calls.iter().zip(answered).filter(|(call, _)| call.model == model) {
            wanted[call.user] += 1;
            answers += u64::from(*answered);
            got[call.user] += f64::from(u8::from(*answered));
        }
        due.iter_mut().zip(max_min(&wanted, answers)).for_each(|(due, share)| *due += share);
    }
    let ratios = got.iter().zip(&due).filter(|(_, due)| **due > 0.0).map(|(got, due)| got / due);
    jain(&ratios.collect::<Vec<_>>())
}

fn dry(world: &World, calls: &[Call], trace: &Trace) -> Vec<Dry> {
    let mut first: BTreeMap<usize, Dry> = BTreeMap::new();
    for (call, refused) in calls.iter().zip(&trace.refused) {
        let Some((at, why)) = refused.filter(|(_, why)| why.is_want_of_room()) else { continue };
        let name = &world.models[call.model].name;
        let dry = Dry { model: name.clone(), at, why: why.label() };
        let earliest = first.entry(call.model).or_insert_with(|| dry.clone());
        if at < earliest.at {
            *earliest = dry;
        }
    }
    let mut dry: Vec<Dry> = first.into_values().collect();
    dry.sort_by(|left, right| (left.at, &left.model).cmp(&(right.at, &right.model)));
    dry
}

fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{MINUTE, Model};

    /// 2026-11-21T20:00:00Z: noon in Los Angeles.
    const NOON: i64 = 1_795_291_200_000;

    /// Twenty calls a minute for ten minutes, by four users, the first of them as busy as the others together.
    fn day() -> Vec<Arrival> {
        let arrival = |n: i64| Arrival {
            at: NOON + n * 3_000,
            user: format!("u{}", if n % 2 == 0 { 0 } else { 1 + n / 2 % 3 }),
            model: String::from("m"),
            input_tokens: 1_000,
            answer_ms: Some(1_500),
        };
        (0..200).map(arrival).collect()
    }

    fn scenario(projects: usize, rpm: Option<u64>, rpd: Option<u64>) -> Scenario {
        let model = Model { name: String::from("m"), rpm, tpm: None, rpd };
        Scenario {
            world: World::of(projects, 2, vec![model]),
            strategy: Strategy::Headroom,
            metering: Metering::Sliding,
            patience_ms: 10_000,
            seed: 1,
        }
    }

    #[test]
    fn more_projects_answer_more_and_are_told_off_less() {
        let one = replay(&day(), &scenario(1, Some(5), None));
        let four = replay(&day(), &scenario(4, Some(5), None));
        let eight = replay(&day(), &scenario(8, Some(5), None));
        assert!(one.answers < four.answers && four.answers <= eight.answers, "{one:?} {four:?}");
        assert!(one.upstream_429_per_1000() > eight.upstream_429_per_1000());
        assert_eq!((eight.answers, eight.refused.len(), eight.dry.len()), (200, 0, 0));
        // Five a minute, and what the first and the last minute share with their neighbours.
        assert!((50..=60).contains(&one.answers), "{}", one.answers);
        assert_eq!(one.answers + one.refused.values().sum::<u64>(), one.calls);
    }

    #[test]
    fn a_day_that_is_used_up_is_named_with_its_moment() {
        let report = replay(&day(), &scenario(1, None, Some(20)));
        assert_eq!((report.answers, report.refused["day_used_up"]), (20, 180));
        let dry = Dry { model: String::from("m"), at: NOON + 60_120, why: "day_used_up" };
        assert_eq!(report.dry, [dry]);
    }

    #[test]
    fn a_model_that_nobody_is_offered_runs_dry_of_nothing() {
        let report = replay(&day(), &scenario(2, Some(0), None));
        assert_eq!((report.answers, &report.dry), (0, &Vec::new()));
        assert_eq!(report.refused, BTreeMap::from([("not_offered", 200)]));
    }

    #[test]
    fn without_limits_everything_is_answered_at_once_and_fairly() {
        let report = replay(&day(), &scenario(1, None, None));
        assert_eq!((report.answers, report.upstream_429, report.wait_ms(99)), (200, 0, 0));
        assert!((report.fairness - 1.0).abs() < 1e-9);
    }

    #[test]
    fn order_of_lines_does_not_matter_and_dice_are_seeded() {
        let scenario = scenario(2, Some(5), Some(60));
        let mut shuffled = day();
        shuffled.reverse();
        assert_eq!(replay(&day(), &scenario), replay(&shuffled, &scenario));
    }

    #[test]
    fn calls_spread_over_days_find_the_day_anew() {
        let mut two_days = day();
        let tomorrow = day().into_iter().map(|call| Arrival { at: call.at + 24 * 60 * MINUTE, ..call });
        two_days.extend(tomorrow);
        let report = replay(&two_days, &scenario(1, None, Some(50)));
        assert_eq!(report.answers, 100);
    }
}
