//! Bringing back what a store remembers, and taking back what the pool believes.

use crate::Moment;
use crate::bench::Bench;
use crate::change::{Change, Scope, What};
use crate::limits::{Gauge, Limits, Provenance};
use crate::model::Model;
use crate::roster::{ProjectId, Tier};
use crate::state::Pool;

/// What a bucket had taken of a Pacific day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayCount {
    /// [`crate::calendar::PacificDay::number`].
    pub day: i32,
    /// Requests.
    pub requests: u32,
    /// Input tokens.
    pub tokens: u64,
}

impl Pool {
    /// What every bucket that was used has taken of the day it last served in.
    pub fn day_counts(&self) -> Vec<(ProjectId, String, DayCount)> {
        let models = self.models.iter().filter(|model| model.united_into.is_none());
        let buckets =
            models.flat_map(|model| (0..).zip(&model.buckets).map(move |(id, bucket)| (model, id, bucket)));
        let used = buckets.filter(|(_, _, bucket)| bucket.day.requests > 0 || bucket.day.tokens > 0);
        used.map(|(model, id, bucket)| {
            let crate::bucket::DayUse { number: day, requests, tokens } = bucket.day;
            (ProjectId(id), model.name.clone(), DayCount { day, requests, tokens })
        })
        .collect()
    }

    /// Brings back what a bucket had taken of its day before a restart. Counts of another day are dropped.
    pub fn restore_day(&mut self, project: ProjectId, model: &str, used: DayCount, now: Moment) {
        let index = self.open(model, now);
        self.with_model(index, now, |model, ctx| {
            if used.day == ctx.day.number {
                let bucket = model.bucket_mut(project);
                bucket.begin(ctx.day);
                bucket.day.requests = bucket.day.requests.max(used.requests);
                bucket.day.tokens = bucket.day.tokens.max(used.tokens);
                model.replace(project, ctx);
            }
        });
    }

    /// Brings back what a stored change said: benches, deaths, learned limits, aliases, tiers.
    pub fn restore(&mut self, change: &Change, now: Moment) {
        match &change.what {
            What::Benched { scope, grade, reason, until } => {
                let bench = Bench::new(*grade, reason.clone(), (change.at, *until), &self.settings);
                self.with_bench(scope, now, |slot| *slot = Some(Box::new(bench)));
            }
            What::Dead { scope, reason } => self.set_death(scope, Some((reason.clone(), change.at)), now),
            What::Cleared { scope } => self.clear(scope, now),
            What::Learned { project, model, gauge, value } => {
                let mut limits = Limits::default();
                *limits.on_mut(*gauge) = Some(*value);
                self.set_limits(Some(*project), model, limits, Provenance::Learned { at: change.at });
            }
            What::Unlearned { project, model, gauge } => self.unlearn(*project, model, *gauge, now),
            What::Alias { model, bucket } => self.unite(model, bucket, now),
            What::Tier { project, tier } => self.set_tier(*project, *tier, now),
            What::Incident { .. } => {}
        }
    }

    /// Lifts whatever holds a key, project, bucket or model. Windows keep what they have taken.
    pub fn clear(&mut self, scope: &Scope, now: Moment) {
        self.set_death(scope, None, now);
        self.with_bench(scope, now, |slot| *slot = None);
        if let Scope::Bucket(project, model) = scope {
            self.in_bucket(*project, model, now, |bucket| bucket.throttles = 0);
        }
    }

    pub(crate) fn set_tier(&mut self, id: ProjectId, tier: Tier, now: Moment) {
        if let Some(project) = self.roster.project_mut(id) {
            project.spec.tier = tier;
            self.replace_everywhere(id, now);
        }
    }

    /// Google counts `model` in `bucket`: one model with two names.
    pub(crate) fn unite(&mut self, model: &str, bucket: &str, now: Moment) {
        let from = self.open(model, now);
        let Some(into) = self.names.get(bucket).copied() else {
            self.names.insert(bucket.to_owned(), from);
            self.with_model(from, now, |model, _| model.aliases.push(bucket.to_owned()));
            return;
        };
        if from == into {
            return;
        }
        let Some(mut old) = self.models.get_mut(from).map(|model| {
            let mut empty = Model::empty();
            empty.united_into = Some(into);
            std::mem::replace(model, empty)
        }) else {
            return;
        };
        self.with_model(into, now, |model, ctx| model.absorb(&mut old, ctx));
        for index in self.names.values_mut().filter(|index| **index == from) {
            *index = into;
        }
    }

    fn unlearn(&mut self, project: ProjectId, model: &str, gauge: Gauge, now: Moment) {
        self.in_bucket(project, model, now, |bucket| bucket.own_mut().forget(gauge));
    }
}
