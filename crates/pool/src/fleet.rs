//! One pool among several: what a reservation is to the others, what they say of theirs, and the share that is left to a
//! pool that hears nothing of them.
//!
//! Each replica decides with its own [`Pool`]. Where a bucket is used by several, one [`Ledger`] beyond the replicas has the
//! last word on it: a reservation becomes a [`Claim`], and the [`Answer`] teaches the pool what the others took.

use crate::Moment;
use crate::bucket::{Bucket, DayUse};
use crate::calendar::PacificDay;
use crate::choose::Cost;
use crate::gate::{Gate, LOOK_AGAIN_MS, Why};
use crate::limits::Gauge;
use crate::model::Ctx;
use crate::reserve::Reservation;
use crate::roster::ProjectId;
use crate::state::Pool;
use crate::window::{Axis, Minute};

/// What a minute or a day has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Requests.
    pub requests: u64,
    /// Input tokens.
    pub tokens: u64,
}

/// A reservation as the others need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The bucket's name: the model as Google's quotas call it.
    pub model: String,
    /// What it takes.
    pub cost: Cost,
    /// The limits in force, in the order of [`Gauge::ALL`].
    pub caps: [Option<u64>; 4],
    /// What this pool itself took of the minute, this reservation aside.
    pub own: Taken,
    /// The Pacific day of the reservation.
    pub day: i32,
    /// What is known to be taken of that day by all, this reservation aside.
    pub seen: Taken,
    /// How long the day goes on.
    pub day_left_ms: i64,
    /// How long a minute is, with its margin.
    pub span_ms: i64,
}

/// What is known of a bucket beyond the replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The claim was refused; room for it comes then.
    pub closed: Option<Closed>,
    /// What the minute holds, a granted claim included.
    pub minute: Taken,
    /// What the day holds, a granted claim included.
    pub day: Taken,
}

/// Why a claim was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// From now until there is room; none for the end of the day.
    pub wait_ms: Option<i64>,
    /// Calls with fewer tokens may find room sooner; 0 if requests have run out.
    pub tokens: u64,
}

/// What the others do with a bucket, as last heard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Others {
    heard: Moment,
    minute: Taken,
    day: DayUse,
    /// What all together had taken of the day.
    base: u64,
    base_tokens: u64,
    until: Moment,
    why_day: bool,
    tokens: u64,
}

impl Others {
    /// What they have taken of a gauge: of the day what they said, of the minute what of it is probably left.
    pub(crate) fn used(&self, gauge: Gauge, ctx: &Ctx<'_>) -> u64 {
        let span = ctx.span();
        let fading = |count: u64| {
            let left = u64::try_from(span - ctx.now.since(self.heard).clamp(0, span)).unwrap_or(0);
            count.saturating_mul(left) / u64::try_from(span).unwrap_or(1).max(1)
        };
        match gauge {
            Gauge::Rpm => fading(self.minute.requests),
            Gauge::Tpm => fading(self.minute.tokens),
            Gauge::Rpd if self.day.number == ctx.day.number => u64::from(self.day.requests),
            Gauge::Tpd if self.day.number == ctx.day.number => self.day.tokens,
            Gauge::Rpd | Gauge::Tpd => 0,
        }
    }

    /// Whether a call of this cost was said to find no room yet.
    pub(crate) fn gate(&self, cost: Cost) -> Gate {
        let why = if self.why_day { Why::Day } else { Why::Minute };
        if cost.tokens >= self.tokens { Gate::until(self.until, why) } else { Gate::OPEN }
    }
}

impl Bucket {
    /// The part of a limit that this pool may use: all of it while it hears of the others, else its share.
    pub(crate) fn portion(&self, gauge: Gauge, cap: u64, ctx: &Ctx<'_>) -> u64 {
        let replicas = u64::from(ctx.settings.replicas.max(1));
        if replicas == 1 {
            return cap;
        }
        // What all had taken of the day when they were last heard is theirs; the rest is divided.
        let base = match (gauge, self.others.as_deref()) {
            (Gauge::Rpd, Some(others)) if others.day.number == ctx.day.number => others.base,
            (Gauge::Tpd, Some(others)) if others.day.number == ctx.day.number => others.base_tokens,
            _ => 0,
        };
        base + (cap.saturating_sub(base) / replicas).max(1).min(cap.saturating_sub(base))
    }

    /// A call that is too large for a share looks again soon: the others may be heard by then.
    pub(crate) fn beyond_portion(ctx: &Ctx<'_>) -> Gate {
        Gate::until(ctx.now.plus_ms(LOOK_AGAIN_MS), Why::Busy)
    }
}

impl Pool {
    /// A reservation as the others need to know it.
    pub fn claim(&self, reservation: &Reservation, now: Moment) -> Option<Claim> {
        let ctx = self.ctx(self.day_at(now), now);
        let model = self.models.get(self.resolve(reservation.model))?;
        let bucket = model.bucket(reservation.project)?;
        let cost = reservation.cost;
        let cap = |gauge| bucket.cap(&model.defaults, gauge, now).map(|cap| cap.value);
        let minute = |axis, own: u64| bucket.minute.used(axis, now, ctx.span()).saturating_sub(own);
        let day = |gauge, own: u64| bucket.used(gauge, &ctx).saturating_sub(own);
        let requests = u64::from(cost.requests);
        Some(Claim {
            model: model.name.clone(),
            cost,
            caps: Gauge::ALL.map(cap),
            own: Taken {
                requests: minute(Axis::Requests, requests),
                tokens: minute(Axis::Tokens, cost.tokens),
            },
            day: ctx.day.number,
            seen: Taken { requests: day(Gauge::Rpd, requests), tokens: day(Gauge::Tpd, cost.tokens) },
            day_left_ms: ctx.day.end.since(now).max(1),
            span_ms: ctx.span(),
        })
    }

    /// Takes note of what is known of a bucket beyond this pool. `model` is the bucket's name, as the claim had it.
    pub fn hear(&mut self, project: ProjectId, model: &str, answer: &Answer, now: Moment) {
        let index = self.open(model, now);
        self.with_model(index, now, |model, ctx| {
            let (span, today) = (ctx.span(), ctx.day);
            let bucket = model.bucket_mut(project);
            let used = |axis| bucket.minute.used(axis, now, span);
            let minute = Taken {
                requests: answer.minute.requests.saturating_sub(used(Axis::Requests)),
                tokens: answer.minute.tokens.saturating_sub(used(Axis::Tokens)),
            };
            let own = bucket.today(today);
            let requests = answer.day.requests.saturating_sub(u64::from(own.requests));
            let day = DayUse {
                number: today.number,
                requests: u32::try_from(requests).unwrap_or(u32::MAX),
                tokens: answer.day.tokens.saturating_sub(own.tokens),
            };
            let others = bucket.others.get_or_insert_default();
            let (until, tokens, why_day) = closing(answer.closed, today, now, others);
            let (base, base_tokens) = (answer.day.requests, answer.day.tokens);
            **others = Others { heard: now, minute, day, base, base_tokens, until, why_day, tokens };
            model.replace(project, ctx);
        });
    }
}

fn closing(closed: Option<Closed>, day: PacificDay, now: Moment, before: &Others) -> (Moment, u64, bool) {
    match closed {
        // A call that found room says nothing for larger ones.
        None => (before.until, before.tokens, before.why_day),
        Some(Closed { wait_ms: None, tokens }) => (day.end, tokens, true),
        Some(Closed { wait_ms: Some(wait), tokens }) => (now.plus_ms(wait.max(1)), tokens, false),
    }
}

/// One bucket as all replicas use it: the last word on claims. Kept where all replicas reach it; this is the form that
/// one process keeps, and what every other form is held to.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    minute: Minute,
    day: DayUse,
}

impl Ledger {
    /// Grants a claim, with the mark by which it is found again, or says until when not.
    pub fn take(&mut self, claim: &Claim, now: Moment) -> (Option<Moment>, Answer) {
        let Claim { cost, span_ms, .. } = claim;
        self.turn(claim);
        let closed = self.closed(claim, now);
        let mark = closed.is_none().then(|| {
            self.day.requests = self.day.requests.saturating_add(cost.requests);
            self.day.tokens = self.day.tokens.saturating_add(cost.tokens);
            self.minute.take(*cost, now, *span_ms)
        });
        (mark, self.answer(closed, now, *span_ms))
    }

    /// Replaces what a claim reserved by what its call took.
    pub fn correct(&mut self, mark: Moment, day: i32, (was, is): (Cost, Cost)) {
        self.minute.correct(mark, was, is);
        if self.day.number == day {
            self.day.requests = self.day.requests.saturating_sub(was.requests).saturating_add(is.requests);
            self.day.tokens = self.day.tokens.saturating_sub(was.tokens).saturating_add(is.tokens);
        }
    }

    /// Begins the day of the claim if it is new. What its replica knows of it holds if it is more.
    fn turn(&mut self, claim: &Claim) {
        if claim.day > self.day.number {
            self.day = DayUse { number: claim.day, requests: 0, tokens: 0 };
        }
        if claim.day == self.day.number {
            let seen = u32::try_from(claim.seen.requests).unwrap_or(u32::MAX);
            self.day.requests = self.day.requests.max(seen);
            self.day.tokens = self.day.tokens.max(claim.seen.tokens);
        }
    }

    fn closed(&self, claim: &Claim, now: Moment) -> Option<Closed> {
        let Claim { cost, caps: [rpm, tpm, rpd, tpd], span_ms, .. } = claim;
        let over =
            |used: u64, need: u64, cap: Option<u64>| cap.is_some_and(|cap| used.saturating_add(need) > cap);
        if over(u64::from(self.day.requests), u64::from(cost.requests), *rpd) {
            return Some(Closed { wait_ms: None, tokens: 0 });
        }
        if over(self.day.tokens, cost.tokens, *tpd) {
            return Some(Closed { wait_ms: None, tokens: cost.tokens });
        }
        let opens = |axis, need, cap: Option<u64>| {
            let at = self.minute.opens(axis, need, cap?, (now, *span_ms));
            // What never fits is the pool's business; here it waits.
            (at > now).then_some(if at == Moment::NEVER { *span_ms } else { at.since(now) })
        };
        let requests = opens(Axis::Requests, u64::from(cost.requests), *rpm);
        let tokens = opens(Axis::Tokens, cost.tokens, *tpm);
        match (requests, tokens) {
            (None, None) => None,
            (Some(wait), None) => Some(Closed { wait_ms: Some(wait), tokens: 0 }),
            (Some(one), Some(other)) if one >= other => Some(Closed { wait_ms: Some(one), tokens: 0 }),
            (_, Some(wait)) => Some(Closed { wait_ms: Some(wait), tokens: cost.tokens }),
        }
    }

    fn answer(&self, closed: Option<Closed>, now: Moment, span: i64) -> Answer {
        let used = |axis| self.minute.used(axis, now, span);
        Answer {
            closed,
            minute: Taken { requests: used(Axis::Requests), tokens: used(Axis::Tokens) },
            day: Taken { requests: u64::from(self.day.requests), tokens: self.day.tokens },
        }
    }
}
