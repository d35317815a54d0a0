//! One project's quota for one model: what its windows hold, what keeps it shut, whose turn its keys have.

use smallvec::SmallVec;

use crate::Moment;
use crate::bench::{self, Bench};
use crate::calendar::PacificDay;
use crate::choose::Cost;
use crate::fleet::Others;
use crate::gate::{Gate, LOOK_AGAIN_MS, Why};
use crate::limits::{Cap, Gauge, Layers, Limits, Provenance};
use crate::model::Ctx;
use crate::rank::Place;
use crate::window::{Axis, Minute};

/// A whole share, in millionths.
pub(crate) const WHOLE: u64 = 1_000_000;
/// So long a call that explores a limit is waited for before the next may go.
const EXPLORE_MS: i64 = 2_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) minute: Minute,
    pub(crate) day: DayUse,
    pub(crate) own: Option<Box<Layers>>,
    pub(crate) bench: Option<Box<Bench>>,
    /// By the key's position in its project; shorter if the last keys were never used.
    pub(crate) keys: SmallVec<[KeyUse; 1]>,
    /// Throttled answers in a row.
    pub(crate) throttles: u8,
    pub(crate) in_flight: u32,
    pub(crate) taken_at: Moment,
    /// The position of the key whose turn is next.
    pub(crate) cursor: u16,
    /// Round-robin time: rounds in the upper half, the part of the round that is done in the lower.
    pub(crate) turn: u64,
    pub(crate) place: Place,
    /// What other replicas do with it, if any is heard.
    pub(crate) others: Option<Box<Others>>,
}

/// What a Pacific day has taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DayUse {
    pub(crate) number: i32,
    pub(crate) requests: u32,
    pub(crate) tokens: u64,
}

/// One key's part in a bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyUse {
    /// In the day of the bucket.
    pub(crate) requests: u32,
    pub(crate) in_flight: u32,
    pub(crate) bench: Option<Box<Bench>>,
}

impl Bucket {
    pub(crate) fn cap(&self, defaults: &Layers, gauge: Gauge, now: Moment) -> Option<Cap> {
        match &self.own {
            Some(own) => own.cap(Some(defaults), gauge, now),
            None => defaults.cap(None, gauge, now),
        }
    }

    pub(crate) fn used(&self, gauge: Gauge, ctx: &Ctx<'_>) -> u64 {
        match gauge {
            Gauge::Rpm => self.minute.used(Axis::Requests, ctx.now, ctx.span()),
            Gauge::Tpm => self.minute.used(Axis::Tokens, ctx.now, ctx.span()),
            Gauge::Rpd => {
                u64::from(self.today(ctx.day).requests).saturating_add(self.used_elsewhere(gauge, ctx))
            }
            Gauge::Tpd => self.today(ctx.day).tokens.saturating_add(self.used_elsewhere(gauge, ctx)),
        }
    }

    fn used_elsewhere(&self, gauge: Gauge, ctx: &Ctx<'_>) -> u64 {
        self.others.as_deref().map_or(0, |others| others.used(gauge, ctx))
    }

    pub(crate) fn today(&self, day: PacificDay) -> DayUse {
        if self.day.number == day.number {
            self.day
        } else {
            DayUse { number: day.number, requests: 0, tokens: 0 }
        }
    }

    pub(crate) fn key_requests(&self, position: usize, day: PacificDay) -> u32 {
        if self.day.number == day.number { self.keys.get(position).map_or(0, |key| key.requests) } else { 0 }
    }

    pub(crate) fn flying(&self, ctx: &Ctx<'_>) -> u32 {
        let forgotten = ctx.now.since(self.taken_at) >= i64::from(ctx.settings.lease_ms);
        if forgotten { 0 } else { self.in_flight }
    }

    /// When a call of this cost gets through, keys aside.
    pub(crate) fn gate(&self, defaults: &Layers, cost: Cost, ctx: &Ctx<'_>) -> Gate {
        let mut gate =
            bench::gate(self.bench.as_deref(), ctx.settings, ctx.now, ctx.relax).and(self.busy(ctx));
        if let Some(others) = self.others.as_deref() {
            gate = gate.and(others.gate(cost));
        }
        for gauge in Gauge::ALL {
            if let Some(cap) = self.cap(defaults, gauge, ctx.now) {
                gate = gate.and(self.gauge_gate(gauge, cap, cost, ctx));
            }
        }
        gate
    }

    /// The used share of the tightest limit, in millionths, if a call of this cost were added. Unknown limits
    /// are judged by `presumed`, and may be passed.
    pub(crate) fn used_share(&self, defaults: &Layers, presumed: &Limits, cost: Cost, ctx: &Ctx<'_>) -> u64 {
        let share = |gauge: Gauge| {
            let cap =
                self.cap(defaults, gauge, ctx.now).map(|cap| cap.value).or_else(|| presumed.on(gauge))?;
            // Of the day they are in what is used; of the minute they count here, and do not close it.
            let elsewhere = match gauge {
                Gauge::Rpm | Gauge::Tpm => self.used_elsewhere(gauge, ctx),
                Gauge::Rpd | Gauge::Tpd => 0,
            };
            let used = self.used(gauge, ctx).saturating_add(elsewhere).saturating_add(cost.on(gauge));
            Some(used.saturating_mul(WHOLE) / cap.max(1))
        };
        Gauge::ALL.into_iter().filter_map(share).max().unwrap_or(0)
    }

    pub(crate) fn own_mut(&mut self) -> &mut Layers {
        self.own.get_or_insert_default()
    }

    /// Counts in the day of `now`, beginning it if it is new.
    pub(crate) fn count_today(&mut self, position: usize, cost: Cost, day: PacificDay) {
        self.begin(day);
        self.day.requests = self.day.requests.saturating_add(cost.requests);
        self.day.tokens = self.day.tokens.saturating_add(cost.tokens);
        let key = self.key_mut(position);
        key.requests = key.requests.saturating_add(cost.requests);
    }

    pub(crate) fn begin(&mut self, day: PacificDay) {
        if self.day.number != day.number {
            self.day = DayUse { number: day.number, requests: 0, tokens: 0 };
            self.keys.iter_mut().for_each(|key| key.requests = 0);
        }
    }

    pub(crate) fn key_mut(&mut self, position: usize) -> &mut KeyUse {
        if self.keys.len() <= position {
            self.keys.resize_with(position + 1, KeyUse::default);
        }
        &mut self.keys[position]
    }

    /// Adds what another name of the same bucket has taken. Its keys have the same positions.
    pub(crate) fn absorb(&mut self, other: Self) {
        let Self { minute, day, own, bench, keys, throttles, in_flight, taken_at, .. } = other;
        self.minute.absorb(minute);
        if day.number > self.day.number {
            self.keys.iter_mut().for_each(|key| key.requests = 0);
            self.day = DayUse { number: day.number, requests: 0, tokens: 0 };
        }
        let same_day = day.number == self.day.number;
        if same_day {
            self.day.requests = self.day.requests.saturating_add(day.requests);
            self.day.tokens = self.day.tokens.saturating_add(day.tokens);
        }
        for (position, key) in keys.into_iter().enumerate() {
            let own = self.key_mut(position);
            own.requests = own.requests.saturating_add(if same_day { key.requests } else { 0 });
            own.in_flight = own.in_flight.saturating_add(key.in_flight);
            own.bench = own.bench.take().or(key.bench);
        }
        self.own = self.own.take().or(own);
        if bench.as_ref().map(|bench| bench.until) > self.bench.as_ref().map(|bench| bench.until) {
            self.bench = bench;
        }
        self.throttles = self.throttles.max(throttles);
        self.in_flight = self.in_flight.saturating_add(in_flight);
        self.taken_at = self.taken_at.max(taken_at);
    }

    fn busy(&self, ctx: &Ctx<'_>) -> Gate {
        match ctx.settings.concurrency {
            Some(most) if self.flying(ctx) >= most => {
                let forgotten = self.taken_at.plus_ms(i64::from(ctx.settings.lease_ms));
                Gate::until(forgotten.min(ctx.now.plus_ms(LOOK_AGAIN_MS)), Why::Busy)
            }
            _ => Gate::OPEN,
        }
    }

    /// A call that would pass a presumed limit waits for the calls that are out, but not for long, or until it would not.
    pub(crate) fn explored(&self, gauge: Gauge, presumed: u64, cost: Cost, ctx: &Ctx<'_>) -> Gate {
        let patience = self.taken_at.plus_ms(EXPLORE_MS);
        let cap = Cap { value: presumed, provenance: Provenance::TierDefault, expires: patience };
        let gate = self.gauge_gate(gauge, cap, cost, ctx);
        Gate {
            until: gate.until.min(patience),
            why: if gate.is_open(ctx.now) { gate.why } else { Why::Busy },
        }
    }

    fn gauge_gate(&self, gauge: Gauge, cap: Cap, cost: Cost, ctx: &Ctx<'_>) -> Gate {
        let need = cost.on(gauge);
        if need > cap.value {
            return Gate::never(if cap.value == 0 { Why::NotOffered } else { Why::TooLarge(cap.value) });
        }
        let portion = self.portion(gauge, cap.value, ctx);
        if need > portion {
            return Self::beyond_portion(ctx);
        }
        let cap = Cap { value: portion, ..cap };
        let at = (ctx.now, ctx.span());
        let gate = match gauge {
            Gauge::Rpm => Gate::until(self.minute.opens(Axis::Requests, need, cap.value, at), Why::Minute),
            Gauge::Tpm => Gate::until(self.minute.opens(Axis::Tokens, need, cap.value, at), Why::Minute),
            Gauge::Rpd | Gauge::Tpd if self.used(gauge, ctx).saturating_add(need) <= cap.value => Gate::OPEN,
            Gauge::Rpd | Gauge::Tpd => Gate::until(ctx.day.end, Why::Day),
        };
        Gate { until: gate.until.min(cap.expires), ..gate }
    }
}
