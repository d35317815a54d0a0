//! What choosing a key costs: choose, reserve and settle of one call, and the memory of a key.
//!
//! First the table of `divan`, then the same work once more with our own clock and a counting allocator, for the last
//! line: one JSON object. Goals: a median of at most 2 µs, 100,000 keys at most three times as dear as 10, and at most
//! 300 bytes per key and active model. Some 75 bytes of a key are there whatever its models.

#![expect(clippy::print_stdout, reason = "a program whose output is its purpose")]

mod traffic;

use std::alloc::System;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use cap::Cap;
use divan::{Bencher, Divan};
use serde_json::{Value, json};

use traffic::{Cell, Traffic};

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Samples, and calls per sample: the whole takes half an hour of virtual time, so no bench ends meanwhile.
const SAMPLES: u32 = 200;
const SAMPLE: u32 = 100;
/// Every cell is measured so often, all cells in turn; the least median counts: what the work costs, not what the machine's
/// other guests cost.
const PASSES: usize = 3;

const GOAL_MEDIAN_NS: f64 = 2_000.0;
const GOAL_RATIO: f64 = 3.0;
const GOAL_BYTES: f64 = 300.0;

/// Medians in nanoseconds, by keys; of one strategy, by the share that is benched.
type Medians = Vec<(u32, f64)>;
type Shares = BTreeMap<String, Medians>;

fn main() {
    Divan::from_args().run_benches();
    println!("{}", report());
}

#[divan::bench(args = Cell::all(), sample_count = SAMPLES, sample_size = SAMPLE)]
fn choose_reserve_settle(bencher: Bencher<'_, '_>, cell: Cell) {
    let mut traffic = Traffic::new(cell, 1);
    bencher.bench_local(move || traffic.call());
}

fn report() -> Value {
    let cells = Cell::all();
    let mut medians = vec![f64::INFINITY; cells.len()];
    for _ in 0..PASSES {
        medians.iter_mut().zip(&cells).for_each(|(least, cell)| *least = least.min(median_ns(*cell)));
    }
    let mut strategies: BTreeMap<&str, Shares> = BTreeMap::new();
    for (cell, median) in cells.into_iter().zip(medians) {
        let shares = strategies.entry(cell.name()).or_default();
        shares.entry(format!("{}%", cell.benched_percent)).or_default().push((cell.keys, median));
    }
    let all = || strategies.values().flat_map(BTreeMap::values);
    let worst = |numbers: &mut dyn Iterator<Item = f64>| numbers.fold(0.0, f64::max);
    let median = worst(&mut all().flatten().map(|(_, ns)| *ns));
    let ratio = worst(&mut all().map(|medians| ratio(medians)));
    let sizes = [(1_000, 1), (1_000, 3), (10_000, 1), (10_000, 3), (100_000, 1), (100_000, 3)];
    let bytes: Vec<_> = sizes.iter().map(|(keys, models)| bytes_per_key(*keys, *models)).collect();
    let most = |with: u32| {
        let those = sizes.iter().zip(&bytes).filter(|((_, models), _)| *models == with);
        worst(&mut those.map(|(_, bytes)| *bytes))
    };
    let (with_one, with_three) = (most(1), most(3));
    let bytes = sizes
        .iter()
        .zip(&bytes)
        .map(|((keys, models), bytes)| (format!("{keys}x{models}"), json!(bytes.round())));
    json!({
        "median_ns": strategies.iter().map(|(name, shares)| (*name, shown(shares))).collect::<BTreeMap<_, _>>(),
        "worst_median_ns": median.round(),
        "worst_ratio_100000_to_10": hundredths(ratio),
        "bytes_per_key_and_model": bytes.collect::<Value>(),
        "goals_met": {
            "median": median <= GOAL_MEDIAN_NS,
            "ratio": ratio <= GOAL_RATIO,
            "bytes_with_one_model": with_one <= GOAL_BYTES,
            "bytes_with_three_models": with_three <= GOAL_BYTES,
        },
    })
}

fn shown(shares: &Shares) -> Value {
    let share = |medians: &Medians| {
        let mut sizes: BTreeMap<String, f64> =
            medians.iter().map(|(keys, ns)| (keys.to_string(), ns.round())).collect();
        sizes.insert("ratio".to_owned(), hundredths(ratio(medians)));
        sizes
    };
    shares.iter().map(|(name, medians)| (name.clone(), json!(share(medians)))).collect()
}

/// The largest pool against the smallest.
fn ratio(medians: &[(u32, f64)]) -> f64 {
    match (medians.first(), medians.last()) {
        (Some((_, small)), Some((_, large))) => large / small,
        _ => f64::INFINITY,
    }
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Of all samples, the median time of one call.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn median_ns(cell: Cell) -> f64 {
    let mut traffic = Traffic::new(cell, 1);
    let sample = |_| {
        let begun = Instant::now();
        let served = (0..SAMPLE).filter(|_| black_box(traffic.call())).count();
        let took = begun.elapsed().as_nanos();
        assert_eq!(served, SAMPLE as usize, "{cell}: a call found no room");
        took
    };
    let mut samples: Vec<u128> = (0..SAMPLES).map(sample).collect();
    samples.sort_unstable();
    let middle = samples.get(samples.len() / 2).copied().unwrap_or_default();
    f64::from(u32::try_from(middle).unwrap_or(u32::MAX)) / f64::from(SAMPLE)
}

/// What a pool of so many keys allocates in all, over keys × active models. Half of the keys are benched with a learned
/// limit, and each has served one call within the last minute.
fn bytes_per_key(keys: u32, models: u32) -> f64 {
    let before = MEMORY.allocated();
    let cell = Cell { keys, benched_percent: 50, strategy: pool::Strategy::Headroom };
    let traffic = Traffic::new(cell, models as usize);
    let held = MEMORY.allocated() - before;
    drop(traffic);
    f64::from(u32::try_from(held).unwrap_or(u32::MAX)) / f64::from(keys * models)
}
