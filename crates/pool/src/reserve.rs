//! Reserving before a call is sent, settling after it came back.

use crate::Moment;
use crate::bench::Bench;
use crate::change::{Change, Scope, What};
use crate::choose::{Ask, Candidate, Cost, Decision, Opening};
use crate::incident::Incident;
use crate::limits::Gauge;
use crate::model::{Ctx, Model};
use crate::roster::{KeyId, ProjectId};
use crate::state::Pool;

/// A call's place in its bucket. Settle or abandon it; one that is lost stays counted, and its place in flight
/// is forgotten after `lease_ms`.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "settle it, or the estimate stays counted"]
pub struct Reservation {
    /// The project that serves.
    pub project: ProjectId,
    /// The key that serves.
    pub key: KeyId,
    /// When it was made.
    pub sent: Moment,
    /// What it reserved.
    pub cost: Cost,
    pub(crate) model: usize,
    mark: Moment,
    day: i32,
    /// The call is a probe; benches know it by this.
    probe: Option<Moment>,
}

/// What became of a reserved call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Input tokens that Google counted, if known.
    pub input_tokens: Option<u64>,
    /// How it ended.
    pub outcome: Ending,
}

/// How a reserved call ended, as far as quotas go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Google answered.
    Success,
    /// It failed after Google counted it (5xx, a bad request, a cut stream).
    FailedCounted,
    /// It failed and Google did not count it (429, a refused key, no connection).
    FailedNotCounted,
    /// Nobody waited for the end.
    Abandoned,
}

impl Settled {
    /// What a call took for which `reserved` was reserved.
    pub fn took(&self, reserved: Cost) -> Cost {
        match self.outcome {
            Ending::FailedNotCounted => Cost::default(),
            Ending::Abandoned => reserved,
            Ending::Success | Ending::FailedCounted => {
                Cost { tokens: self.input_tokens.unwrap_or(reserved.tokens), ..reserved }
            }
        }
    }
}

impl Reservation {
    /// Whether this call decides about a long bench.
    pub const fn is_probe(&self) -> bool {
        self.probe.is_some()
    }
}

impl Pool {
    /// Takes the first of a shortlist that still has room, in one step. `Err(Opening::Now)` means that the
    /// list is stale: choose again.
    pub fn reserve(
        &mut self,
        shortlist: &[Candidate],
        ask: &Ask<'_>,
        now: Moment,
    ) -> Result<Reservation, Opening> {
        let index = self.open(ask.model, now);
        let cost = ask.cost.at_least_one();
        let taken = self.with_model(index, now, |model, ctx| {
            model.step(ctx);
            if !model.own_gate(ctx).is_open(now) {
                return None;
            }
            shortlist.iter().find_map(|candidate| take(model, *candidate, cost, ctx))
        });
        let Some(mut taken) = taken.flatten() else {
            return Err(self.choose(ask, now, 0).opens);
        };
        taken.reservation.model = index;
        self.mark_probes(&mut taken.reservation, taken.position, index, now);
        Ok(taken.reservation)
    }

    /// Chooses and reserves in one go: what a single process does.
    pub fn take(
        &mut self,
        ask: &Ask<'_>,
        now: Moment,
        seed: u64,
    ) -> (Decision, Result<Reservation, Opening>) {
        let decision = self.choose(ask, now, seed);
        let taken = match decision.opens {
            Opening::Now => self.reserve(&decision.shortlist, ask, now),
            closed => Err(closed),
        };
        (decision, taken)
    }

    /// Replaces what was reserved by what the call took. A success ends probes, resets back-offs, and drops
    /// learned limits that it contradicts.
    #[expect(clippy::needless_pass_by_value, reason = "settling uses the reservation up")]
    pub fn settle(&mut self, reservation: Reservation, actual: Settled, now: Moment) -> Vec<Change> {
        let index = self.resolve(reservation.model);
        let position = self.roster.key(reservation.key).filter(|key| key.spec.project == reservation.project);
        let position = position.map(|key| key.position as usize);
        let mut changes = self
            .with_model(index, now, |model, ctx| {
                let mut changes = Vec::new();
                correct(model, &reservation, actual, position, ctx);
                if actual.outcome == Ending::Success {
                    contradict(model, &reservation, ctx, &mut changes);
                }
                changes
            })
            .unwrap_or_default();
        let closed = self.visit_benches(&reservation, position, index, |bench| match actual.outcome {
            Ending::Success => bench.refuted_by(reservation.sent),
            Ending::FailedCounted | Ending::FailedNotCounted | Ending::Abandoned => {
                reservation.probe.into_iter().for_each(|probe| bench.recall(probe));
                false
            }
        });
        if closed.iter().any(|scope| matches!(scope, Scope::Model(_))) {
            self.with_model(index, now, |model, _| model.incident = Incident::default());
        }
        changes.extend(closed.into_iter().map(|scope| Change { at: now, what: What::Cleared { scope } }));
        if reservation.is_probe() || !changes.is_empty() {
            self.replace_everywhere(reservation.project, now);
        } else {
            self.with_model(index, now, |model, ctx| model.replace(reservation.project, ctx));
        }
        changes
    }

    /// The call's end is not known: what it reserved stays counted.
    pub fn abandon(&mut self, reservation: Reservation, now: Moment) {
        self.settle(reservation, Settled { input_tokens: None, outcome: Ending::Abandoned }, now);
    }

    /// Tells every bench the call goes past that it does; those in their last stage make it a probe.
    fn mark_probes(&mut self, reservation: &mut Reservation, position: usize, index: usize, now: Moment) {
        let out_until = now.plus_ms(i64::from(self.settings.probe_patience_ms));
        let mut probe = false;
        self.visit_benches(reservation, Some(position), index, |bench| {
            probe |= bench.pass(now, out_until);
            false
        });
        if probe {
            reservation.probe = Some(out_until);
            self.replace_everywhere(reservation.project, now);
        } else {
            self.with_model(index, now, |model, ctx| model.replace(reservation.project, ctx));
        }
    }

    /// Shows `act` every bench that bears on a call; those for which it says so are lifted and named.
    fn visit_benches(
        &mut self,
        reservation: &Reservation,
        position: Option<usize>,
        index: usize,
        mut act: impl FnMut(&mut Bench) -> bool,
    ) -> Vec<Scope> {
        let Reservation { project, key, .. } = *reservation;
        let mut lifted = Vec::new();
        let mut visit = |slot: &mut Option<Box<Bench>>, scope: &dyn Fn() -> Scope| {
            if slot.as_deref_mut().is_some_and(&mut act) {
                *slot = None;
                lifted.push(scope());
            }
        };
        // Most have none, and to ask for one to change it costs the count of ready keys.
        if self.roster.project(project).is_some_and(|state| state.ban.bench().is_some())
            && let Some(state) = self.roster.project_mut(project)
        {
            state.ban.on_bench(|slot| visit(slot, &|| Scope::Project(project)));
        }
        if self.roster.key(key).is_some_and(|state| state.ban.bench().is_some())
            && let Some(state) = self.roster.key_mut(key)
        {
            state.ban.on_bench(|slot| visit(slot, &|| Scope::Key(key)));
        }
        if let Some(Model { name, bench, buckets, .. }) = self.models.get_mut(index) {
            visit(bench, &|| Scope::Model(name.clone()));
            if let Some(bucket) = buckets.get_mut(project.0 as usize) {
                visit(&mut bucket.bench, &|| Scope::Bucket(project, name.clone()));
                if let Some(key_use) = position.and_then(|position| bucket.keys.get_mut(position)) {
                    visit(&mut key_use.bench, &|| Scope::KeyModel(key, name.clone()));
                }
            }
        }
        lifted
    }
}

struct Taken {
    reservation: Reservation,
    position: usize,
}

fn take(model: &mut Model, candidate: Candidate, cost: Cost, ctx: &Ctx<'_>) -> Option<Taken> {
    let ctx = &Ctx { relax: candidate.last_resort, ..*ctx };
    let project = ctx.roster.project(candidate.project)?;
    if !model.gate(project, cost, ctx).is_open(ctx.now) {
        return None;
    }
    // Another call may have gone since the choice: the key whose turn it is now.
    let (position, key) = model.next_key(project, ctx)?;
    model.serve(project, position, ctx);
    let flying = model.bucket(candidate.project).map_or(0, |bucket| bucket.flying(ctx));
    let bucket = model.bucket_mut(candidate.project);
    let mark = bucket.minute.take(cost, ctx.now, ctx.span());
    bucket.count_today(position, cost, ctx.day);
    bucket.in_flight = flying.saturating_add(1);
    bucket.taken_at = ctx.now;
    let key_use = bucket.key_mut(position);
    key_use.in_flight = key_use.in_flight.saturating_add(1).min(flying.saturating_add(1));
    let (project, sent, day) = (candidate.project, ctx.now, ctx.day.number);
    Some(Taken {
        reservation: Reservation { project, key, sent, cost, model: 0, mark, day, probe: None },
        position,
    })
}

fn correct(
    model: &mut Model,
    reservation: &Reservation,
    actual: Settled,
    position: Option<usize>,
    ctx: &Ctx<'_>,
) {
    let was = reservation.cost;
    let is = actual.took(was);
    let same_day = reservation.day == ctx.day.number;
    let bucket = model.bucket_mut(reservation.project);
    bucket.in_flight = bucket.in_flight.saturating_sub(1);
    bucket.minute.correct(reservation.mark, was, is);
    if bucket.day.number == reservation.day {
        bucket.day.requests = bucket.day.requests.saturating_sub(was.requests).saturating_add(is.requests);
        bucket.day.tokens = bucket.day.tokens.saturating_sub(was.tokens).saturating_add(is.tokens);
    }
    if actual.outcome == Ending::Success
        && bucket.bench.as_ref().is_none_or(|bench| reservation.sent >= bench.tried)
    {
        bucket.throttles = 0;
    }
    if let Some(key) = position.and_then(|position| bucket.keys.get_mut(position)) {
        key.in_flight = key.in_flight.saturating_sub(1);
        if same_day {
            key.requests = key.requests.saturating_sub(was.requests).saturating_add(is.requests);
        }
    }
}

/// A clock that was set back by so much makes an earlier call look as if it came after.
const CLOCK_DOUBT_MS: i64 = 5_000;

/// A success beyond a learned limit proves that Google's limit is another by now. Calls in flight prove nothing.
fn contradict(model: &mut Model, reservation: &Reservation, ctx: &Ctx<'_>, changes: &mut Vec<Change>) {
    let Some(bucket) = model.bucket(reservation.project) else { return };
    let Some(own) = bucket.own.as_deref() else { return };
    let beyond = |gauge: Gauge| {
        let Some((value, at)) = own.learned(gauge, ctx.now) else { return false };
        let unproven = match gauge {
            Gauge::Rpm | Gauge::Rpd => u64::from(bucket.in_flight),
            Gauge::Tpm | Gauge::Tpd => reservation.cost.tokens,
        };
        reservation.sent > at.plus_ms(CLOCK_DOUBT_MS)
            && bucket.used(gauge, ctx).saturating_sub(unproven) > value
    };
    let gauges: Vec<Gauge> = Gauge::ALL.into_iter().filter(|gauge| beyond(*gauge)).collect();
    for gauge in gauges {
        model.bucket_mut(reservation.project).own_mut().forget(gauge);
        let what = What::Unlearned { project: reservation.project, model: model.name.clone(), gauge };
        changes.push(Change { at: ctx.now, what });
    }
}
