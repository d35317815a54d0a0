//! Two models of what other gateways do. Neither knows projects, windows or days; neither waits.

use whatif::engine::{Act, Refusal, Reply, Scheduler};
use whatif::google::Verdict;

/// Keys in turn; after a failure the next one, three times at most; nothing is remembered.
#[derive(Debug)]
pub(crate) struct BlindRotation {
    keys: usize,
    cursor: usize,
    /// By call.
    retries: Vec<u8>,
}

/// Keys in turn; one that failed three times in a row is left out for a minute, for every model.
#[derive(Debug)]
pub(crate) struct FailureEjection {
    rotation: BlindRotation,
    failures: Vec<u8>,
    out_until: Vec<i64>,
}

const RETRIES: u8 = 3;
const FAILURES: u8 = 3;
const COOL_DOWN_MS: i64 = 60_000;

impl BlindRotation {
    pub(crate) fn new(keys: usize, calls: usize) -> Self {
        Self { keys, cursor: 0, retries: vec![0; calls] }
    }

    fn turn(&mut self) -> usize {
        let key = self.cursor % self.keys;
        self.cursor += 1;
        key
    }

    fn may_retry(&mut self, call: usize) -> bool {
        self.retries[call] += 1;
        self.retries[call] <= RETRIES
    }
}

impl Scheduler for BlindRotation {
    fn arrive(&mut self, call: usize, _now: i64, acts: &mut Vec<Act>) {
        let key = self.turn();
        acts.push(Act::Send { call, key });
    }

    fn reply(&mut self, reply: Reply<'_>, now: i64, acts: &mut Vec<Act>) {
        let call = reply.call;
        if *reply.verdict == Verdict::Passed {
            return;
        }
        if self.may_retry(call) {
            self.arrive(call, now, acts);
        } else {
            acts.push(Act::Refuse { call, why: Refusal::GaveUp });
        }
    }

    fn wake(&mut self, _now: i64, _acts: &mut Vec<Act>) {}
}

impl FailureEjection {
    pub(crate) fn new(keys: usize, calls: usize) -> Self {
        let rotation = BlindRotation::new(keys, calls);
        Self { rotation, failures: vec![0; keys], out_until: vec![i64::MIN; keys] }
    }
}

impl Scheduler for FailureEjection {
    fn arrive(&mut self, call: usize, now: i64, acts: &mut Vec<Act>) {
        for _ in 0..self.rotation.keys {
            let key = self.rotation.turn();
            if self.out_until[key] <= now {
                return acts.push(Act::Send { call, key });
            }
        }
        acts.push(Act::Refuse { call, why: Refusal::GaveUp });
    }

    fn reply(&mut self, reply: Reply<'_>, now: i64, acts: &mut Vec<Act>) {
        let Reply { call, key, verdict } = reply;
        if *verdict == Verdict::Passed {
            self.failures[key] = 0;
            return;
        }
        self.failures[key] += 1;
        if self.failures[key] >= FAILURES {
            self.failures[key] = 0;
            self.out_until[key] = now + COOL_DOWN_MS;
        }
        if self.rotation.may_retry(call) {
            self.arrive(call, now, acts);
        } else {
            acts.push(Act::Refuse { call, why: Refusal::GaveUp });
        }
    }

    fn wake(&mut self, _now: i64, _acts: &mut Vec<Act>) {}
}
