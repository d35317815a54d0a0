//! What this replica knows of users' accounts by itself: its own calls, and how the fleet stood when it last heard. While
//! Redis is away, that is what decides, within the replica's share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pool::account::{Account, Base, Caps, Held, Limit, Standing, Sum, When};

use super::accounts::Used;
use crate::clock::Moment;
use crate::shared::{Take, Verdict};

/// By user.
#[derive(Debug, Default)]
pub(super) struct Shades(Mutex<HashMap<String, Shade>>);

#[derive(Debug, Default)]
struct Shade {
    /// What this replica itself took.
    own: Account,
    /// What all took, when it was last heard.
    fleet: Used,
    /// When that was.
    at: Moment,
    /// How far this replica may go by itself; none while Redis answers.
    alone: Option<Caps>,
}

impl Shades {
    /// Redis granted a call.
    pub(super) fn took(&self, take: &Take<'_>, used: Used) {
        let mut shades = self.lock();
        let shade = of(&mut shades, take.user);
        // Nothing is refused without a cap.
        let _held = shade.own.take(&Caps::NONE, take.need, &take.when);
        (shade.fleet, shade.at, shade.alone) = (used, take.when.now, None);
    }

    /// Redis said how a user stands.
    pub(super) fn heard(&self, user: &str, fleet: Used, now: Moment) {
        let mut shades = self.lock();
        let shade = of(&mut shades, user);
        (shade.fleet, shade.at, shade.alone) = (fleet, now, None);
    }

    /// What was written down of a user.
    pub(super) fn open(&self, user: &str, base: &Base, now: Moment) {
        let mut shades = self.lock();
        let shade = of(&mut shades, user);
        shade.at = now;
        for (place, limit) in shade.fleet.iter_mut().zip(Limit::ALL) {
            let written = match limit {
                Limit::Rpm | Limit::Tpm | Limit::Concurrency => 0,
                Limit::Rpd | Limit::TokensDay | Limit::CostDay => limit.of(base.day),
                Limit::TokensMonth | Limit::CostMonth => limit.of(base.month),
                Limit::TokensTotal | Limit::CostTotal => limit.of(base.total),
            };
            *place = written.max(*place);
        }
    }

    /// What all have taken as far as this replica knows, for a server that has forgotten it.
    pub(super) fn base(&self, user: &str, when: &When) -> Base {
        let shades = self.lock();
        let Some(Shade { fleet, at: heard, .. }) = shades.get(user) else { return Base::default() };
        let of = |tokens, cost| Sum { requests: 0, tokens: at(fleet, tokens), cost: at(fleet, cost) };
        let (day, month) = (when.spans.day.start, when.spans.month.start);
        let mut base = Base { total: of(Limit::TokensTotal, Limit::CostTotal), ..Base::default() };
        if *heard >= day {
            base.day = Sum { requests: at(fleet, Limit::Rpd), ..of(Limit::TokensDay, Limit::CostDay) };
        }
        if *heard >= month {
            base.month = of(Limit::TokensMonth, Limit::CostMonth);
        }
        base
    }

    /// Decides without Redis, within this replica's share.
    pub(super) fn take_alone(&self, take: &Take<'_>, replicas: u32) -> Verdict {
        let mut shades = self.lock();
        let shade = of(&mut shades, take.user);
        let caps = shade.alone(take.caps, &take.when, replicas);
        let outcome = shade.own.take(&caps, take.need, &take.when);
        Verdict { outcome, standing: shade.own.standing(&caps, &take.when) }
    }

    pub(super) fn standing_alone(
        &self,
        user: &str,
        caps: &Caps,
        when: &When,
        replicas: u32,
    ) -> Vec<Standing> {
        let mut shades = self.lock();
        let shade = of(&mut shades, user);
        let caps = shade.alone(caps, when, replicas);
        shade.own.standing(&caps, when)
    }

    pub(super) fn settle(&self, user: &str, held: &Held, actual: Option<Sum>) {
        if let Some(shade) = self.lock().get_mut(user) {
            shade.own.settle(held, actual);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Shade>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shade {
    /// The caps of a replica by itself: its part of what a minute allows, and of what was left of a budget.
    fn alone(&mut self, caps: &Caps, when: &When, replicas: u32) -> Caps {
        if let Some(alone) = self.alone {
            return alone;
        }
        let replicas = u64::from(replicas.max(1));
        let part = |left: u64| if left == 0 { 0 } else { (left / replicas).max(1) };
        let alone = caps.iter().fold(Caps::NONE, |alone, (limit, cap)| {
            let share = match limit {
                Limit::Rpm | Limit::Tpm | Limit::Concurrency => part(cap),
                _ => self
                    .own
                    .used(limit, when)
                    .saturating_add(part(cap.saturating_sub(at(&self.fleet, limit)))),
            };
            alone.with(limit, Some(share))
        });
        self.alone = Some(alone);
        alone
    }
}

fn at(used: &Used, limit: Limit) -> u64 {
    Limit::ALL.iter().zip(used).find(|(one, _)| **one == limit).map_or(0, |(_, used)| *used)
}

fn of<'a>(shades: &'a mut HashMap<String, Shade>, user: &str) -> &'a mut Shade {
    shades.entry(user.to_owned()).or_default()
}
