//! What the pool can give waiting calls until a moment: the numbers behind [`crate::queue::Queue::join`].

use crate::Moment;
use crate::bucket::Bucket;
use crate::choose::{Ask, Cost};
use crate::limits::Gauge;
use crate::model::{Ctx, Model};
use crate::queue::Outlook;
use crate::roster::{Project, ProjectId};
use crate::state::Pool;
use crate::window::Axis;

/// How many projects are counted at most; with more, nobody is refused for want of openings.
const COUNTED: usize = 256;

impl Pool {
    /// When a call like this first finds room, and how many like it do until `by` at most. Counting stops at
    /// `enough`. Reads only, and only projects that open until then.
    pub fn outlook(&self, ask: &Ask<'_>, (now, by): (Moment, Moment), enough: u64) -> Outlook {
        let unknown = Outlook { by, ..Outlook::UNKNOWN };
        let Some(model) = self.known(ask.model) else { return unknown };
        let ctx = self.ctx(self.day_at(now), now);
        let own = model.own_gate(&ctx).until;
        if own >= by {
            return Outlook { opens: own, slots: Some(0), by };
        }
        let cost = ask.cost.at_least_one();
        let lanes = if ask.paid_only { &model.lanes[1..] } else { &model.lanes[..] };
        let mut found = Found { model, ctx, cost, by, opens: Moment::NEVER, slots: 0, seen: 0 };
        for lane in lanes {
            let ready = lane.ready.iter().map(|rank| rank.project);
            let soft = lane.soft.range(..=(by, ProjectId(u32::MAX)));
            let waiting = lane.waiting.range(..=(by, ProjectId(u32::MAX))).chain(soft).map(|(_, id)| *id);
            for id in ready.chain(waiting).filter(|id| !ask.exclude.contains(id)) {
                if found.seen >= COUNTED {
                    return unknown;
                }
                if found.slots >= enough {
                    return Outlook { opens: found.opens.max(own), slots: Some(enough), by };
                }
                found.count(id);
            }
            let later = lane.waiting.range((by, ProjectId(u32::MAX))..).next();
            found.opens = later.map_or(found.opens, |(at, _)| found.opens.min(*at));
        }
        Outlook { opens: found.opens.max(own), slots: Some(found.slots), by }
    }
}

struct Found<'a> {
    model: &'a Model,
    ctx: Ctx<'a>,
    cost: Cost,
    by: Moment,
    opens: Moment,
    slots: u64,
    seen: usize,
}

impl Found<'_> {
    fn count(&mut self, id: ProjectId) {
        self.seen += 1;
        let Some(project) = self.ctx.roster.project(id) else { return };
        let relaxed = Ctx { relax: true, ..self.ctx };
        let opens = self.model.gate(project, self.cost, &relaxed).until;
        self.opens = self.opens.min(opens);
        if opens <= self.by {
            self.slots = self.slots.saturating_add(self.slots_of(project));
        }
    }

    /// Calls that fit until `by`: what every known limit allows, less what still holds its place then.
    fn slots_of(&self, project: &Project) -> u64 {
        let Some(bucket) = self.model.bucket(project.spec.id) else { return 0 };
        let caps = Gauge::ALL.into_iter().filter_map(|gauge| {
            let cap = bucket.cap(&self.model.defaults, gauge, self.ctx.now)?;
            (cap.expires > self.by).then_some((gauge, cap.value))
        });
        caps.map(|(gauge, cap)| self.fits(bucket, gauge, cap)).min().unwrap_or(u64::MAX)
    }

    fn fits(&self, bucket: &Bucket, gauge: Gauge, cap: u64) -> u64 {
        let new_day = self.by >= self.ctx.day.end;
        let minutes = u64::try_from(self.by.since(self.ctx.now) / self.ctx.span()).unwrap_or(0);
        let held = match gauge {
            Gauge::Rpm => bucket.minute.used(Axis::Requests, self.by, self.ctx.span()),
            Gauge::Tpm => bucket.minute.used(Axis::Tokens, self.by, self.ctx.span()),
            Gauge::Rpd | Gauge::Tpd if new_day => 0,
            Gauge::Rpd | Gauge::Tpd => bucket.used(gauge, &self.ctx),
        };
        let again = if matches!(gauge, Gauge::Rpm | Gauge::Tpm) { minutes.saturating_mul(cap) } else { 0 };
        cap.saturating_sub(held).saturating_add(again) / self.cost.on(gauge).max(1)
    }
}
