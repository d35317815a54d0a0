//! later
use crate::google::*;
use crate::traffic::*;
use crate::world::*;
use crate::*;
use pool::Strategy;
#[test]
fn dbg() {
    for patience in [10_000, 30_000] {
        for shape in [Shape::Poisson, Shape::Bursty] {
            for tenths in [10, 30] {
                let strategy = Strategy::LeastUsed;
                let world = World::standard((60, 30));
                let load = Load { shape, tenths, patience_ms: patience, seed: 1 };
                let calls = traffic::calls(&world, load);
                let mut s = gateway::Gateway::new(&world, &calls, strategy, 1);
                let trace = engine::play(&world, Metering::Sliding, &calls, &mut s);
                let sc = score::Score::of(&world, &calls, &trace);
                println!(
                    "{patience} {shape:?} {tenths} yield {:.4} possible {:.4} avoid {} fair {:.4} p50 {} p99 {} refused {}",
                    sc.yielded(),
                    sc.yielded() / sc.yielded_of_possible(),
                    sc.avoidable,
                    sc.fairness,
                    sc.wait(50),
                    sc.wait(99),
                    sc.client_429
                );
                for m in 0..3 {
                    let mut got = [0; 2];
                    let mut early = [0; 2];
                    for (i, c) in calls.iter().enumerate() {
                        if c.model == m {
                            let h = usize::from(world.demand[c.user] > 1);
                            if trace.answered[i].is_some() {
                                got[h] += 1;
                            } else if trace.refused[i].unwrap() < c.deadline {
                                early[h] += 1;
                            }
                        }
                    }
                    println!(
                        "   model {m} light {} heavy {} per user; early {:?}",
                        got[0] / 45,
                        got[1] / 5,
                        early
                    );
                }
            }
        }
    }
}
