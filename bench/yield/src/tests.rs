//! The program's goals on a small world: what it measures must stay true.

use std::time::Duration;

use pool::Strategy;
use whatif::google::Metering;

use crate::case::{self, CONTENDERS, Case, Contender};
use crate::options::Options;
use crate::report;
use crate::score::Score;
use crate::traffic::{self, Load, Shape};
use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(30);

fn options() -> Options {
    let patience_s = u32::try_from(PATIENCE.as_secs()).unwrap();
    Options { seed: 3, patience_s, before: 12, after: 6 }
}

fn run(contender: Contender, tenths: u64, shape: Shape, metering: Metering) -> Score {
    case::run(Case { contender, tenths, shape, metering }, &options())
}

fn headroom(tenths: u64) -> Vec<Score> {
    let ways = [(Shape::Poisson, Metering::Clock), (Shape::Bursty, Metering::Sliding)];
    let headroom = Contender::Pool(Strategy::Headroom);
    ways.map(|(shape, metering)| run(headroom, tenths, shape, metering)).into()
}

#[test]
fn at_half_the_capacity_every_call_is_answered() {
    for score in headroom(5) {
        assert_eq!((score.answered, score.client_429), (score.offered, 0));
        assert!(score.per_1000(score.repeated_429) <= 1.0, "{}", score.repeated_429);
        assert!(score.wait(99) < 1.0, "{}", score.wait(99));
    }
}

#[test]
fn at_the_capacity_nobody_is_refused_without_need() {
    for score in headroom(10) {
        // So short a run has seen few of the limits once; the whole one is held to 99.5 %.
        assert!(score.yielded() >= 0.99, "{}", score.yielded());
        assert_eq!(score.avoidable, 0);
        assert!(score.per_1000(score.repeated_429) <= 1.0, "{}", score.repeated_429);
        assert!(score.fairness >= 0.99, "{}", score.fairness);
    }
}

#[test]
fn above_the_capacity_none_of_it_is_wasted_and_everybody_has_a_share() {
    for score in headroom(30) {
        assert!(score.of_capacity() >= 0.985, "{}", score.of_capacity());
        assert!(score.per_1000(score.repeated_429) <= 1.0, "{}", score.repeated_429);
        assert!(score.fairness >= 0.97, "{}", score.fairness);
        assert!(score.answered <= score.possible);
    }
}

#[test]
fn a_rival_that_remembers_nothing_is_told_so_by_google() {
    let score = run(Contender::BlindRotation, 10, Shape::Poisson, Metering::Sliding);
    assert!(score.per_1000(score.repeated_429) > 100.0, "{}", score.per_1000(score.repeated_429));
    assert!(score.client_429 > 0 && score.yielded() < 0.99);
}

#[test]
fn the_same_seed_gives_the_same_run_and_every_call_one_end() {
    for contender in CONTENDERS {
        let once = run(contender, 5, Shape::Bursty, Metering::Clock);
        assert_eq!(once, run(contender, 5, Shape::Bursty, Metering::Clock), "{}", contender.name());
        assert_eq!(once.answered + once.client_429, once.offered, "{}", contender.name());
    }
}

#[test]
fn the_traffic_is_as_heavy_as_promised() {
    let world = World::standard((12, 6));
    for (shape, tenths) in [(Shape::Poisson, 10), (Shape::Bursty, 10), (Shape::Poisson, 30)] {
        let load = Load { shape, tenths, patience_ms: 1_000, seed: 9 };
        let capacity = |model| world.parts().iter().map(|part| world.capacity(model, *part)).sum::<u64>();
        let expected: u64 = world.models.iter().map(|model| capacity(model) * tenths / 10).sum();
        let calls = traffic::calls(&world, load);
        assert_eq!(calls.len() as u64, expected);
        assert!(calls.is_sorted_by_key(|call| call.at));
    }
}

#[test]
fn the_last_line_is_one_json_object_with_every_scheduler_and_load() {
    let rows: Vec<_> = CONTENDERS
        .into_iter()
        .flat_map(|contender| case::LOADS.map(|(tenths, _)| (contender, tenths)))
        .map(|(contender, tenths)| {
            let case = Case { contender, tenths, shape: Shape::Poisson, metering: Metering::Sliding };
            let score = Score { offered: 4, answered: 3, capacity: 4, possible: 4, ..Score::default() };
            (case, score)
        })
        .collect();
    let mut out = Vec::new();
    report::print(&mut out, &options(), &rows).unwrap();
    let text = String::from_utf8(out).unwrap();
    let json: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    for contender in CONTENDERS {
        for (_, load) in case::LOADS {
            let cell = &json[contender.name()][load];
            assert_eq!(cell["yield"], 0.75, "{cell}");
            let keys = ["upstream_429_per_1000", "avoidable_client_429", "p50_s", "p99_s", "fairness"];
            assert!(keys.iter().all(|key| cell[key].is_number()), "{cell}");
        }
    }
}
