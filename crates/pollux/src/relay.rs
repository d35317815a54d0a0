//! The life of one call: a lease, an attempt, a verdict, and again, until something can be passed on.
//!
//! This is the only retry loop of the program. It ends for good at the commit point, the first upstream event with
//! content: before it a failure moves on to another project and the client never knows, after it nothing is replayed.
//!
//! Invariant: knows no surface; what it takes and gives is Gemini's `generateContent`.

mod attempt;
mod budget;
mod call;
mod cost;
mod failure;
mod hedge;
mod hops;
mod journey;
mod lessons;
mod meter;
mod missing;
mod most;
mod pass;
mod pulse;
mod reader;
mod stream;
mod substance;

use std::sync::Arc;

use dialect::gemini::aggregate::Aggregate;
use dialect::gemini::outcome::Repair;
use dialect::gemini::repair;
use dialect::gemini::response::GenerateContentResponse;
use dialect::gemini::usage::{Tokens, UsageTally};
use tokio::time::{Instant, sleep, timeout_at};

use self::attempt::Attempt;
use self::budget::RetryBudget;
use self::call::Wire;
use self::failure::Failure;
use self::hedge::{Lost, Won};
use self::hops::Hops;
use self::journey::{Journey, Limits, Next, is_quota};
use self::lessons::Lessons;
use self::missing::Missing;
use self::pulse::Pulse;
use self::stream::Noted;
use crate::calllog::{self, Begun, CallLog, Entry};
use crate::clock::Clock;
use crate::id::Dice;
use crate::journal::Journal;
use crate::keyring::{Keyring, Lease, Opening, Settled, Wish};
use crate::limits::Admission;
use crate::settings::Live;
use crate::shared::Shared;
use crate::telemetry::call::{self as watched, Watch};
use crate::telemetry::names;
use crate::upstream::Upstream;

pub use call::{Affinity, Answer, Call, Raw, RawAnswer, Refusal, Served};
pub use pass::{Body, Passed, Passing, Payload};
pub use stream::{CallStream, Step};

/// What the relay works with.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// Where leases come from.
    pub keyring: Arc<Keyring>,
    /// The way to Google.
    pub upstream: Arc<Upstream>,
    /// Where affinity is kept.
    pub shared: Arc<dyn Shared>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What spreads pauses.
    pub dice: Dice,
    /// Where calls are noted when they end.
    pub calls: CallLog,
    /// Where they are written down; a call that could not be is not begun.
    pub journal: Journal,
    /// How long a call may take, and how often it may be tried.
    pub settings: Live,
}

/// The relay.
#[derive(Debug)]
pub struct Relay {
    rooms: Rooms,
    budget: RetryBudget,
    lessons: Lessons,
    missing: Missing,
    pulse: Pulse,
}

/// What an attempt gave, and with which lease.
struct Got<T> {
    value: T,
    lease: Lease,
    served: Served,
}

impl Relay {
    /// A relay over these rooms.
    pub fn new(rooms: Rooms) -> Self {
        Self {
            rooms,
            budget: RetryBudget::default(),
            lessons: Lessons::default(),
            missing: Missing::default(),
            pulse: Pulse::default(),
        }
    }

    /// Serves a call whose client wants the whole answer at once.
    pub async fn whole(&self, call: Box<Call>, admission: Admission) -> Result<Box<Answer>, Refusal> {
        if call.streams_upstream() {
            // Seldom, and large: it must not make room for itself in every call.
            return Box::pin(self.gather(call, admission)).await;
        }
        let (got, call, mut entry) = match self.carry(call, async |attempt| attempt.whole().await).await {
            Ok(carried) => carried,
            Err((refusal, watch)) => return Err(turned_away(admission, refusal, &watch).await),
        };
        let Got { value: response, lease, served } = got;
        let tokens = tokens_of(&response);
        call.watch.saw(&response);
        let settling = call.watch.settle();
        match &tokens {
            Some(tokens) => {
                entry.counted((tokens.input, tokens.output));
                call.watch.counted(tokens);
            }
            None => call.watch.estimated(&cost::estimate(&call, cost::output_tokens(&response))),
        }
        entry.end(calllog::ANSWERED);
        admission.settle(tokens.as_ref());
        lease.settle(Settled::answered(tokens));
        drop(settling);
        call.watch.end(watched::ANSWERED);
        call.watch.written().await;
        Ok(Box::new(Answer { response, served }))
    }

    /// Serves a streamed call: returns when its first event is there.
    pub async fn stream(&self, call: Box<Call>, admission: Admission) -> Result<Box<CallStream>, Refusal> {
        let (got, call, entry) = match self.carry(call, async |attempt| attempt.stream().await).await {
            Ok(carried) => carried,
            Err((refusal, watch)) => return Err(turned_away(admission, refusal, &watch).await),
        };
        let Got { value: opened, lease, served } = got;
        let hops = Hops::new(&call, Arc::clone(&self.rooms.upstream));
        let input = call.input_tokens();
        let noted = Noted { entry, watch: call.watch, input };
        Ok(Box::new(CallStream::new(opened, lease, served, hops, noted).admitted(admission)))
    }

    /// Serves a call that does not generate content: the answer's bytes as they came. `counts` reads what it took.
    pub async fn raw(
        &self,
        call: Box<Call>,
        admission: Admission,
        counts: fn(&[u8]) -> Option<Tokens>,
    ) -> Result<RawAnswer, Refusal> {
        let (got, call, mut entry) = match self.carry(call, async |attempt| attempt.raw().await).await {
            Ok(carried) => carried,
            Err((refusal, watch)) => return Err(turned_away(admission, refusal, &watch).await),
        };
        let Got { value: (content_type, body), lease, served } = got;
        let tokens = counts(&body);
        match &tokens {
            Some(tokens) => call.watch.counted(tokens),
            None => call.watch.estimated(&cost::used(call.input_tokens(), 0)),
        }
        entry.end(calllog::ANSWERED);
        admission.settle(tokens.as_ref());
        lease.settle(Settled::answered(tokens));
        call.watch.end(watched::ANSWERED);
        call.watch.written().await;
        Ok(RawAnswer { content_type, body, served })
    }

    /// A whole answer out of a stream, for models whose answers may be long.
    async fn gather(&self, call: Box<Call>, admission: Admission) -> Result<Box<Answer>, Refusal> {
        let mut stream = self.stream(call, admission).await?;
        let mut aggregate = Aggregate::default();
        loop {
            match stream.next().await {
                Step::Event(event) => aggregate.push(*event),
                Step::Hop => aggregate.absorb_hop(),
                Step::End => break,
                Step::Cut(reason) => {
                    stream.written().await;
                    return Err(Refusal::BadAnswer(reason));
                }
            }
        }
        stream.written().await;
        let served = stream.served().clone();
        Ok(Box::new(Answer { response: aggregate.finish(), served }))
    }

    /// The retry loop, within the time a call may take to begin.
    async fn carry<T, F>(
        &self,
        call: Box<Call>,
        attempt: F,
    ) -> Result<(Got<T>, Box<Call>, Entry), (Refusal, Watch)>
    where
        F: AsyncFn(Attempt<'_>) -> Result<T, Failure>,
    {
        let settings = self.rooms.settings.now();
        let within = if call.streams_upstream() { settings.request_timeout } else { settings.answer_timeout };
        let deadline = Instant::now() + within;
        let mut entry = self.rooms.calls.begin(|| begun(&call));
        let (model, watch) = (call.model.clone(), call.watch.clone());
        let begun = match self.may_begin(&model) {
            Ok(()) => {
                let tries = self.tries(call, attempt, deadline, &mut entry);
                timeout_at(deadline, tries).await.unwrap_or(Err(Refusal::Deadline))
            }
            Err(refusal) => Err(refusal),
        };
        match begun {
            Ok((got, call)) => {
                entry.served(&got.served.project, got.served.attempts);
                Ok((got, call, entry))
            }
            Err(refusal) => {
                self.missing.note(&model, &refusal, self.rooms.clock.now());
                entry.end(refusal.label());
                watch.refuse(refusal.label(), refusal.status());
                Err((refusal, watch))
            }
        }
    }

    /// Whether a call for this model may begin at all.
    fn may_begin(&self, model: &str) -> Result<(), Refusal> {
        self.rooms.journal.admits().map_err(Refusal::Unrecorded)?;
        self.missing.check(model, self.rooms.clock.now())
    }

    async fn tries<T, F>(
        &self,
        mut call: Box<Call>,
        attempt: F,
        deadline: Instant,
        entry: &mut Entry,
    ) -> Result<(Got<T>, Box<Call>), Refusal>
    where
        F: AsyncFn(Attempt<'_>) -> Result<T, Failure>,
    {
        self.lessons.apply(&mut call, self.rooms.clock.now());
        let mut journey = Journey::new(self.budget.begin(), self.limits(), self.rooms.dice.roll());
        let mut wire = call.wire().map_err(unspeakable)?;
        let mut held = None;
        loop {
            let lease = match held.take() {
                Some(lease) => lease,
                None => self.lease(&call, &mut journey, deadline).await?,
            };
            let Lost { failure, blamed } =
                match self.hedged((&*call, &wire), &lease, &journey, &attempt).await {
                    Ok(Won::First(value)) => {
                        return Ok((self.commit(&call, value, lease, &mut journey).await, call));
                    }
                    Ok(Won::Hedge(value, other)) => {
                        lease.settle(Settled::failed(true));
                        return Ok((self.commit(&call, value, *other, &mut journey).await, call));
                    }
                    Err(lost) => lost,
                };
            entry.failed(lease.project_name());
            if !blamed {
                note(&call, &failure, &lease);
                journey.charge(&failure, &lease);
            }
            let counted = failure.was_counted();
            let settled = Settled::failed(counted);
            let well = self.pulse.is_well(&call.model, self.rooms.clock.now());
            match journey.after(failure, lease.project(), well) {
                Next::Elsewhere => lease.settle(settled),
                Next::Again(pause) => {
                    lease.settle(settled);
                    let _pausing = call.watch.pause();
                    sleep(pause.min(self.rooms.settings.now().queue_patience)).await;
                }
                Next::Mend(mend) => {
                    wire = self.mend(&mut call, mend)?;
                    // What Google has counted is used up; what it refused is still there.
                    if counted {
                        lease.settle(settled);
                    } else {
                        held = Some(lease);
                    }
                }
                Next::Refuse(refusal) => {
                    lease.settle(settled);
                    let refusal = self.with_opening(refusal, &call);
                    return Err(refusal);
                }
            }
        }
    }

    fn limits(&self) -> Limits {
        Limits { attempts: self.rooms.settings.now().max_attempts, ..Limits::default() }
    }

    fn attempt<'a>(
        &'a self,
        call: &'a Call,
        wire: &'a Wire,
        lease: &'a Lease,
        journey: &Journey,
    ) -> Attempt<'a> {
        Attempt {
            upstream: &self.rooms.upstream,
            key: lease.secret(),
            wire,
            // A fault is for the first attempt; the next ones show how it is survived.
            sim_fault: call.sim_fault.as_deref().filter(|_| journey.attempts() == 0),
            accept_empty: journey.accepts_empty(),
            seen: call.watch.attempt(lease.project_name(), lease.key_name()),
            // Of a whole answer, the first byte comes last; half of the time, so that there is a second chance.
            first_byte_within: (!call.streams_upstream())
                .then(|| self.rooms.settings.now().answer_timeout / 2),
        }
    }

    /// A lease on a project with room, after waiting for one if that is not for too long.
    async fn lease(&self, call: &Call, journey: &mut Journey, deadline: Instant) -> Result<Lease, Refusal> {
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = self.rooms.settings.now().queue_patience.min(left);
        let patience_ms = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        let prefer = self.preferred(call).await;
        let again = journey.attempts() > 0;
        let wish = Wish { prefer: prefer.as_deref(), again, ..wish(call, journey.failed()) };
        let _queued = call.watch.queue();
        let lease = self.rooms.keyring.lease(&wish, self.rooms.clock.now().plus_ms(patience_ms)).await;
        lease.map_err(|opening| journey.without_room(opening, call.private))
    }

    /// A call that ends at somebody's quota is told when there is room again, not what the last project said.
    fn with_opening(&self, refusal: Refusal, call: &Call) -> Refusal {
        match refusal {
            Refusal::Upstream(outcome) if is_quota(&outcome.cause) => {
                match self.rooms.keyring.opening(&wish(call, &[])) {
                    Opening::At(opens, _) => Refusal::Busy { opens },
                    Opening::Day(opens) => Refusal::DayUsedUp { opens },
                    Opening::NotOffered => Refusal::NotOffered,
                    // Others have room, but this call has been tried often enough.
                    Opening::Now | Opening::NoKey | Opening::Tried | Opening::TooLarge { .. } => {
                        Refusal::Busy { opens: self.rooms.clock.now().plus_ms(1_000) }
                    }
                }
            }
            other => other,
        }
    }

    /// The project that what the call hangs on belongs to.
    async fn preferred(&self, call: &Call) -> Option<String> {
        for affinity in &call.affinity {
            match affinity {
                Affinity::Project(project) => return Some(project.clone()),
                Affinity::Name(name) => {
                    let project = self.rooms.shared.stuck_to(name, self.rooms.clock.now()).await;
                    if project.is_some() {
                        return project;
                    }
                }
            }
        }
        None
    }

    /// The commit point: from here on nothing is replayed.
    async fn commit<T>(&self, call: &Call, value: T, lease: Lease, journey: &mut Journey) -> Got<T> {
        journey.served();
        metrics::counter!(names::ATTEMPTS, "outcome" => "ok").increment(1);
        self.pulse.beat(&call.model, self.rooms.clock.now());
        let explained = || serde_json::to_string(&self.rooms.keyring.explain(lease.decision()));
        call.watch.decided(|| explained().unwrap_or_default());
        for affinity in &call.affinity {
            if let Affinity::Name(name) = affinity {
                self.rooms.shared.stick(name, lease.project_name(), self.rooms.clock.now()).await;
            }
        }
        let served = Served {
            project: lease.project_name().to_owned(),
            key: lease.key_name().to_owned(),
            attempts: journey.attempts() + 1,
            decision: lease.decision().clone(),
        };
        Got { value, lease, served }
    }

    /// Changes the request as a repair says, and remembers that this model needs it.
    fn mend(&self, call: &mut Call, mend: Repair) -> Result<Wire, Refusal> {
        if repair::apply(mend, &mut call.request, &call.capabilities) {
            self.lessons.learn(&call.model, mend, self.rooms.clock.now());
        }
        call.wire().map_err(unspeakable)
    }
}

/// What the call log says of a call that begins.
fn begun(call: &Call) -> Begun {
    Begun { user: call.user.clone(), model: call.model.clone(), input_tokens: call.input_tokens() }
}

/// What a call wants from the pool.
fn wish<'a>(call: &'a Call, avoid: &'a [pool::ProjectId]) -> Wish<'a> {
    Wish {
        user: &call.user,
        model: call.bucket(),
        tokens: call.input_tokens(),
        avoid,
        prefer: None,
        require: call.owner.as_deref(),
        again: false,
        paid_only: call.private,
        weight: call.weight,
        turns: call.turns,
    }
}

/// Says once that an attempt failed.
fn note(call: &Call, failure: &Failure, lease: &Lease) {
    tracing::info!(
        model = call.model,
        project = lease.project_name(),
        key = lease.key_name(),
        failure = failure.label(),
        "an attempt failed"
    );
    metrics::counter!(names::ATTEMPTS, "outcome" => failure.label()).increment(1);
}

/// A call without an answer is a request of its user's only if it is to blame itself.
async fn turned_away(admission: Admission, refusal: Refusal, watch: &Watch) -> Refusal {
    if refusal.is_own_fault() {
        admission.settle_refused();
    } else {
        admission.give_back();
    }
    watch.written().await;
    refusal
}

fn unspeakable(_: serde_json::Error) -> Refusal {
    Refusal::BadAnswer("unspeakable_request")
}

fn tokens_of(response: &GenerateContentResponse) -> Option<Tokens> {
    let mut tally = UsageTally::default();
    tally.see(response.usage_metadata.as_ref()?);
    Some(tally.tokens())
}
