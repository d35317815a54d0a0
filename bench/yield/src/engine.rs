//! Virtual time: arrivals, requests on their way to Google, replies, and timers, in order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::google::{Google, Metering, Verdict};
use crate::traffic::Call;
use crate::world::World;

/// What a scheduler wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Send a call with a key.
    Send { call: usize, key: usize },
    /// Tell the client 429.
    Refuse { call: usize },
    /// Wake me at that moment.
    WakeAt(i64),
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) call: usize,
    pub(crate) key: usize,
    pub(crate) verdict: &'a Verdict,
}

/// A scheduler under test. It knows calls, keys and replies; never the limits.
pub(crate) trait Scheduler {
    /// A call comes in.
    fn arrive(&mut self, call: usize, now: i64, acts: &mut Vec<Act>);
    /// A request came back.
    fn reply(&mut self, reply: Reply<'_>, now: i64, acts: &mut Vec<Act>);
    /// A moment it asked for has come.
    fn wake(&mut self, now: i64, acts: &mut Vec<Act>);
}

/// One request to Google.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) call: usize,
    pub(crate) key: usize,
    pub(crate) sent: i64,
    pub(crate) replied: i64,
    pub(crate) verdict: Verdict,
}

/// What became of the calls.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// In the order they were sent.
    pub(crate) attempts: Vec<Attempt>,
    /// By call: the attempt that was answered.
    pub(crate) answered: Vec<Option<usize>>,
    /// By call: when the client was refused.
    pub(crate) refused: Vec<Option<i64>>,
    /// What passed Google's meter, by bucket.
    pub(crate) passed: Vec<Vec<(i64, u64)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Meter(usize),
    Reply(usize),
}

struct Engine<'a> {
    calls: &'a [Call],
    google: Google<'a>,
    events: BinaryHeap<Reverse<(i64, u64, Event)>>,
    wakes: BTreeSet<i64>,
    order: u64,
    trace: Trace,
}

/// Plays the calls to a scheduler until nothing is left to happen.
pub(crate) fn play(
    world: &World,
    metering: Metering,
    calls: &[Call],
    scheduler: &mut dyn Scheduler,
) -> Trace {
    let trace = Trace {
        attempts: Vec::new(),
        answered: vec![None; calls.len()],
        refused: vec![None; calls.len()],
        passed: Vec::new(),
    };
    let google = Google::new(world, metering);
    let mut engine =
        Engine { calls, google, events: BinaryHeap::new(), wakes: BTreeSet::new(), order: 0, trace };
    let mut arrivals = calls.iter().enumerate().peekable();
    let mut acts = Vec::new();
    loop {
        let arrival = arrivals.peek().map_or(i64::MAX, |(_, call)| call.at);
        let event = engine.events.peek().map_or(i64::MAX, |Reverse((at, ..))| *at);
        let wake = engine.wakes.first().copied().unwrap_or(i64::MAX);
        let now = arrival.min(event).min(wake);
        if now == i64::MAX {
            break;
        }
        if event == now {
            engine.step(scheduler, &mut acts);
        } else if wake == now {
            engine.wakes.pop_first();
            scheduler.wake(now, &mut acts);
        } else if let Some((index, _)) = arrivals.next() {
            scheduler.arrive(index, now, &mut acts);
        }
        acts.drain(..).for_each(|act| engine.act(act, now));
    }
    engine.trace.passed = engine.google.passed;
    engine.trace
}

impl Engine<'_> {
    fn act(&mut self, act: Act, now: i64) {
        match act {
            Act::Send { call, key } => {
                let index = self.trace.attempts.len();
                let verdict = Verdict::DeadKey;
                self.trace.attempts.push(Attempt { call, key, sent: now, replied: now, verdict });
                self.after(now + self.calls[call].there_ms, Event::Meter(index));
            }
            Act::Refuse { call } => self.trace.refused[call] = Some(now),
            Act::WakeAt(at) => {
                if at < i64::MAX {
                    self.wakes.insert(at.max(now + 1));
                }
            }
        }
    }

    fn after(&mut self, at: i64, event: Event) {
        self.order += 1;
        self.events.push(Reverse((at, self.order, event)));
    }

    fn step(&mut self, scheduler: &mut dyn Scheduler, acts: &mut Vec<Act>) {
        let Some(Reverse((now, _, event))) = self.events.pop() else { return };
        match event {
            Event::Meter(index) => {
                let Attempt { call, key, .. } = self.trace.attempts[index];
                let Call { model, tokens, refusal_ms, answer_ms, .. } = self.calls[call];
                let verdict = self.google.meter(key, model, tokens, now);
                let back = if verdict == Verdict::Passed { answer_ms } else { refusal_ms };
                let attempt = &mut self.trace.attempts[index];
                (attempt.verdict, attempt.replied) = (verdict, now + back);
                self.after(now + back, Event::Reply(index));
            }
            Event::Reply(index) => {
                let Attempt { call, key, ref verdict, .. } = self.trace.attempts[index];
                if *verdict == Verdict::Passed {
                    self.trace.answered[call] = Some(index);
                }
                scheduler.reply(Reply { call, key, verdict }, now, acts);
            }
        }
    }
}
