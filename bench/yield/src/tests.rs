//! later
use crate::*;
use crate::traffic::*; use crate::world::*; use crate::google::*; use pool::Strategy;
#[test]
fn dbg() {
    let strategy = Strategy::Headroom; 
        let world = World::standard((60, 30));
        let load = Load { shape: Shape::Poisson, tenths: 10, patience_ms: 30_000, seed: 1 };
        let calls = traffic::calls(&world, load);
        let mut s = gateway::Gateway::new(&world, &calls, strategy, 1);
        let trace = engine::play(&world, Metering::Sliding, &calls, &mut s);
        let mut map = std::collections::BTreeMap::new();
        for a in &trace.attempts { if let Verdict::Exhausted{quotas, ..} = &a.verdict { for (q,_) in quotas { 
            *map.entry((calls[a.call].model, *q as u8, (a.sent - world.parts()[0].from)/600_000, world.keys[a.key].project)).or_insert(0) += 1; } } }
        for (k,v) in map { if v>3 {println!("{k:?} {v}"); }}
        let sc = score::Score::of(&world, &calls, &trace);
        for m in 0..3 { for slot in 0..18 { let from = world.parts()[0].from + slot*300_000; 
            let r: Vec<usize> = (0..calls.len()).filter(|i| calls[*i].model==m && trace.refused[*i].is_some() && calls[*i].at>=from && calls[*i].at<from+300_000).collect();
            if r.is_empty() {continue;}
            let early = r.iter().filter(|i| trace.refused[**i].unwrap() < calls[**i].deadline).count();
            let mut t2 = trace.clone(); for i in 0..calls.len() { if !r.contains(&i) { t2.refused[i]=None; } }
            println!("m{m} slot {slot} refused {} early {early} avoidable {}", r.len(), hindsight::avoidable(&world,&calls,&t2));
            if slot==11 && m==1 { for p in 0..20 { let l=&trace.passed[p*3+1]; print!("{}:{} ", p, l.iter().filter(|(t,_)| *t<MIDNIGHT).count()); } println!(); for i in r.iter().take(50) { print!("{}/{} ", calls[*i].at-MIDNIGHT, trace.refused[*i].unwrap()-calls[*i].at); } println!(); }
        }}
        println!("yield {:.4} possible {:.4} avoid {} fair {:.4} p50 {} p99 {} refused {} 429 {}", sc.yielded(), sc.yielded()/sc.yielded_of_possible(), sc.avoidable, sc.fairness, sc.wait(50), sc.wait(99), sc.client_429, sc.upstream_429);
}
