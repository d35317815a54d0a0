//! Virtual time: arrivals, requests on their way to Google, replies, and timers, in order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::google::{Google, Metering, Verdict};
use crate::world::World;

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// When it comes.
    pub at: i64,
    /// When its patience ends.
    pub deadline: i64,
    /// Whose it is.
    pub user: usize,
    /// Its model, by its place in the world.
    pub model: usize,
    /// Input tokens as Google will count them.
    pub tokens: u64,
    /// Input tokens as a gateway would guess them.
    pub guess: u64,
    /// From sending to Google's meter.
    pub there_ms: i64,
    /// From the meter back, if refused.
    pub refusal_ms: i64,
    /// From the meter to the end of the answer.
    pub answer_ms: i64,
}

/// Why a client was told 429 or worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Every project is at its limit for longer than the call would wait.
    Busy,
    /// Every project has used up its day.
    DayUsedUp,
    /// It waited, and its patience ended.
    Waited,
    /// As many calls wait as may.
    QueueFull,
    /// No project is offered the model.
    NotOffered,
    /// It needs more input tokens than any project has a minute.
    TooLarge,
    /// There is no usable key.
    NoKey,
    /// It was tried as often as a call may be.
    GaveUp,
}

impl Refusal {
    /// A short name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::DayUsedUp => "day_used_up",
            Self::Waited => "waited",
            Self::QueueFull => "queue_full",
            Self::NotOffered => "not_offered",
            Self::TooLarge => "too_large",
            Self::NoKey => "no_key",
            Self::GaveUp => "gave_up",
        }
    }

    /// Whether the pool had run dry: with more quota, the call would have been answered.
    pub const fn is_want_of_room(self) -> bool {
        matches!(self, Self::Busy | Self::DayUsedUp | Self::Waited | Self::QueueFull)
    }
}

/// What a scheduler wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send a call with a key.
    Send {
        /// Which.
        call: usize,
        /// With which.
        key: usize,
    },
    /// Tell the client 429.
    Refuse {
        /// Which.
        call: usize,
        /// Why.
        why: Refusal,
    },
    /// Wake me at that moment.
    WakeAt(i64),
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// Which call.
    pub call: usize,
    /// With which key.
    pub key: usize,
    /// What Google said.
    pub verdict: &'a Verdict,
}

/// A scheduler under test. It knows calls, keys and replies; never the limits.
pub trait Scheduler {
    /// A call comes in.
    fn arrive(&mut self, call: usize, now: i64, acts: &mut Vec<Act>);
    /// A request came back.
    fn reply(&mut self, reply: Reply<'_>, now: i64, acts: &mut Vec<Act>);
    /// A moment it asked for has come.
    fn wake(&mut self, now: i64, acts: &mut Vec<Act>);
}

/// One request to Google.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which call.
    pub call: usize,
    /// With which key.
    pub key: usize,
    /// When it was sent.
    pub sent: i64,
    /// When the reply was back.
    pub replied: i64,
    /// What Google said.
    pub verdict: Verdict,
}

/// What became of the calls.
#[derive(Clone, Debug)]
pub struct Trace {
    /// In the order they were sent.
    pub attempts: Vec<Attempt>,
    /// By call: the attempt that was answered.
    pub answered: Vec<Option<usize>>,
    /// By call: when the client was refused, and why.
    pub refused: Vec<Option<(i64, Refusal)>>,
    /// What passed Google's meter, by bucket.
    pub passed: Vec<Vec<(i64, u64)>>,
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
pub fn play(world: &World, metering: Metering, calls: &[Call], scheduler: &mut dyn Scheduler) -> Trace {
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
            Act::Refuse { call, why } => self.trace.refused[call] = Some((now, why)),
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
