//! The real pool and the real queue, driven as the gateway drives them.

use std::collections::HashMap;

use pool::queue::{Full, Overflow, Queue, QueueSettings, Ticket, UserIx, Wait};
use pool::{
    Ask, Blame, Cost, Ending, KeyId, KeySpec, Measure, Moment, Opening, Pool, ProjectId, ProjectSpec,
    Reservation, Settings, Settled, Strategy, Tier, Violation, Window,
};

use crate::engine::{Act, Call, Refusal, Reply, Scheduler};
use crate::google::{Quota, Verdict};
use crate::noise::Noise;
use crate::world::World;

/// Attempts of one call at most, as the relay has it.
const WALK: u32 = 32;
/// More openings than this need not be counted.
const ENOUGH: u64 = 4_096;

/// The gateway without its network. It learns every limit from Google's refusals.
#[derive(Debug)]
pub struct Gateway<'a> {
    world: &'a World,
    calls: &'a [Call],
    pool: Pool,
    queue: Queue,
    noise: Noise,
    /// By call.
    reservations: HashMap<usize, Reservation>,
    attempts: HashMap<usize, u32>,
    tickets: HashMap<usize, Ticket>,
    waiting: HashMap<Ticket, usize>,
}

impl<'a> Gateway<'a> {
    /// A gateway over the world's keys, which knows their projects and none of their limits.
    pub fn new(world: &'a World, calls: &'a [Call], strategy: Strategy, seed: u64) -> Self {
        let mut pool = Pool::new(Settings { strategy, ..Settings::default() });
        for id in (0..world.projects).filter_map(|id| u32::try_from(id).ok()) {
            let (id, tier) = (ProjectId(id), Tier::Unknown);
            pool.put_project(ProjectSpec { id, tier, weight: 1, priority: 0, enabled: true });
        }
        for (id, key) in world.keys.iter().enumerate() {
            let project = ProjectId(u32::try_from(key.project).unwrap_or(0));
            pool.put_key(KeySpec { id: key_id(id), project, enabled: true });
        }
        Self {
            world,
            calls,
            pool,
            queue: Queue::new(QueueSettings::default()),
            noise: Noise::new(seed, 77),
            reservations: HashMap::new(),
            attempts: HashMap::new(),
            tickets: HashMap::new(),
            waiting: HashMap::new(),
        }
    }

    fn ask(&self, call: usize) -> Ask<'a> {
        let Call { model, guess, .. } = self.calls[call];
        let world = self.world;
        let model = world.models[model].name.as_str();
        let cost = Cost { requests: 1, tokens: self.pool.calibrated(model, guess) };
        Ask { model, cost, ..Ask::default() }
    }

    /// Sends the call if some project has room for it now.
    fn try_send(&mut self, call: usize, now: i64, acts: &mut Vec<Act>) -> Result<(), Opening> {
        let reservation = self.pool.take(&self.ask(call), Moment(now), self.noise.bits()).1?;
        acts.push(Act::Send { call, key: reservation.key.0 as usize });
        self.reservations.insert(call, reservation);
        Ok(())
    }

    /// Lets the call wait, at its old place if it had one; or refuses it.
    fn wait(&mut self, call: usize, now: i64, acts: &mut Vec<Act>) {
        let Call { user, deadline, .. } = self.calls[call];
        let ask = self.ask(call);
        let deadline = Moment(deadline);
        let outlook = self.pool.outlook(&ask, (Moment(now), deadline), ENOUGH);
        let wait = Wait { user: UserIx(user as u64), model: ask.model, cost: ask.cost, deadline, outlook };
        let joined = match self.tickets.get(&call) {
            Some(ticket) => self.queue.rejoin(*ticket, &wait, Moment(now)).map(|()| *ticket),
            None => self.queue.join(&wait, Moment(now)),
        };
        match joined {
            Ok(ticket) => {
                self.tickets.insert(call, ticket);
                self.waiting.insert(ticket, call);
                acts.push(Act::WakeAt(deadline.0));
                self.pump(ask.model, now, acts);
            }
            Err(full) => acts.push(Act::Refuse { call, why: self.reason(&ask, full, now) }),
        }
    }

    /// Why a call may not wait: the queue is full, or what the pool says of it.
    fn reason(&self, ask: &Ask<'_>, full: Full, now: i64) -> Refusal {
        if full.why != Overflow::Patience {
            return Refusal::QueueFull;
        }
        match self.pool.choose(ask, Moment(now), 0).opens {
            Opening::Now | Opening::At(..) => Refusal::Busy,
            Opening::Day(_) => Refusal::DayUsedUp,
            Opening::NotOffered => Refusal::NotOffered,
            Opening::NoKey | Opening::Tried => Refusal::NoKey,
            Opening::TooLarge { .. } => Refusal::TooLarge,
        }
    }

    /// Sends whose turn it is, as long as there is room.
    fn pump(&mut self, model: &str, now: i64, acts: &mut Vec<Act>) {
        while self.queue.is_waiting(model) {
            let least = Ask { model, cost: Cost { requests: 1, tokens: 0 }, ..Ask::default() };
            let opens = self.pool.choose(&least, Moment(now), 0).opens;
            if opens != Opening::Now {
                return acts.push(Act::WakeAt(when(opens)));
            }
            let turns: Vec<Ticket> = self.queue.turns(model, Moment(now)).collect();
            let mut next = i64::MAX;
            let sent = turns.into_iter().find(|ticket| {
                let Some(call) = self.waiting.get(ticket).copied() else { return false };
                let sent = self.try_send(call, now, acts);
                next = next.min(sent.err().map_or(i64::MAX, when));
                sent.is_ok()
            });
            let Some(ticket) = sent else { return acts.push(Act::WakeAt(next)) };
            self.queue.serve(ticket, Moment(now));
            self.waiting.remove(&ticket);
        }
    }

    fn expire(&mut self, now: i64, acts: &mut Vec<Act>) {
        for ticket in self.queue.expire(Moment(now)) {
            acts.extend(self.waiting.remove(&ticket).map(|call| Act::Refuse { call, why: Refusal::Waited }));
        }
    }

    fn again(&mut self, call: usize, now: i64, acts: &mut Vec<Act>) {
        let attempts = self.attempts.entry(call).or_default();
        *attempts += 1;
        if *attempts >= WALK {
            acts.push(Act::Refuse { call, why: Refusal::GaveUp });
        } else if self.try_send(call, now, acts).is_err() {
            self.wait(call, now, acts);
        }
    }
}

impl Scheduler for Gateway<'_> {
    fn arrive(&mut self, call: usize, now: i64, acts: &mut Vec<Act>) {
        self.expire(now, acts);
        let world = self.world;
        let model = world.models[self.calls[call].model].name.as_str();
        if self.queue.is_waiting(model) || self.try_send(call, now, acts).is_err() {
            self.wait(call, now, acts);
        } else {
            let user = UserIx(self.calls[call].user as u64);
            self.queue.went(user, model, self.ask(call).cost, Moment(now));
        }
    }

    fn reply(&mut self, reply: Reply<'_>, now: i64, acts: &mut Vec<Act>) {
        let Reply { call, key, verdict } = reply;
        self.expire(now, acts);
        let Call { model, tokens, guess, .. } = self.calls[call];
        let world = self.world;
        let model = world.models[model].name.as_str();
        let Some(reservation) = self.reservations.remove(&call) else { return };
        let (outcome, input_tokens) = match verdict {
            Verdict::Passed => (Ending::Success, Some(tokens)),
            Verdict::DeadKey | Verdict::Exhausted { .. } => (Ending::FailedNotCounted, None),
        };
        self.pool.settle(reservation, Settled { input_tokens, outcome }, Moment(now));
        match blame(verdict, world.free) {
            Some(blame) => {
                self.pool.blame(key_id(key), model, &blame, Moment(now), self.noise.bits());
                self.again(call, now, acts);
            }
            None => self.pool.see_estimate(model, guess, tokens, Moment(now)),
        }
        self.pump(model, now, acts);
    }

    fn wake(&mut self, now: i64, acts: &mut Vec<Act>) {
        self.expire(now, acts);
        let world = self.world;
        for model in &world.models {
            self.pump(&model.name, now, acts);
        }
    }
}

fn key_id(key: usize) -> KeyId {
    KeyId(u32::try_from(key).unwrap_or(u32::MAX))
}

fn when(opening: Opening) -> i64 {
    match opening {
        Opening::Now => 0,
        Opening::At(at, _) | Opening::Day(at) => at.0,
        Opening::NotOffered | Opening::NoKey | Opening::Tried | Opening::TooLarge { .. } => i64::MAX,
    }
}

fn blame(verdict: &Verdict, free_tier: bool) -> Option<Blame> {
    match verdict {
        Verdict::Passed => None,
        Verdict::DeadKey => Some(Blame::KeySuspect { reason: "invalid".into() }),
        Verdict::Exhausted { quotas, retry_ms } => {
            let violations = quotas.iter().map(|(quota, limit)| Violation {
                window: if *quota == Quota::Rpd { Window::Day } else { Window::Minute },
                measure: if *quota == Quota::Tpm { Measure::InputTokens } else { Measure::Requests },
                limit: Some(*limit),
                bucket_model: None,
            });
            let violations = violations.collect();
            Some(Blame::Quota { violations, retry_after_ms: Some(*retry_ms), free_tier })
        }
    }
}
