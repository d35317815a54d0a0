//! What keeps one key from serving: for its own page, and for an operator who wants it lifted.

use serde::Serialize;

use crate::Moment;
use crate::change::Scope;
use crate::limits::Gauge;
use crate::model::Model;
use crate::roster::KeyId;
use crate::snapshot::{BenchView, standing};
use crate::state::Pool;

/// Whose bench holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Its own.
    Key,
    /// Its project's.
    Project,
    /// The model's, on every project.
    Model,
}

/// Something that keeps a key from serving, all models or one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose bench it is.
    pub whose: Whose,
    /// The model that it is about; none for all of them.
    pub model: Option<String>,
    /// Why, since when, and until when.
    pub bench: BenchView,
}

/// Requests that a project has taken of its day for one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayShare {
    /// The model.
    pub model: String,
    /// Taken.
    pub used: u64,
    /// Allowed.
    pub limit: u64,
}

impl Pool {
    /// Every bench that stands in a key's way now. Deaths and switches are in [`Pool::key_state`].
    pub fn holds(&self, id: KeyId, now: Moment) -> Vec<Hold> {
        let Some(key) = self.roster.key(id) else { return Vec::new() };
        let (project, position) = (key.spec.project, key.position as usize);
        let all = |whose, bench: Option<BenchView>| bench.map(|bench| Hold { whose, model: None, bench });
        let of_project = self.roster.project(project).and_then(|project| project.ban.bench());
        let mut holds: Vec<Hold> = all(Whose::Key, standing(key.ban.bench(), now))
            .into_iter()
            .chain(all(Whose::Project, standing(of_project, now)))
            .collect();
        for model in self.models.iter().filter(|model| model.united_into.is_none()) {
            let Some(bucket) = model.bucket(project) else { continue };
            let own = bucket.keys.get(position).and_then(|key| key.bench.as_deref());
            let benches = [
                (Whose::Model, model.bench.as_deref()),
                (Whose::Project, bucket.bench.as_deref()),
                (Whose::Key, own),
            ];
            holds.extend(benches.into_iter().filter_map(|(whose, bench)| {
                let bench = standing(bench, now)?;
                Some(Hold { whose, model: Some(model.name.clone()), bench })
            }));
        }
        holds
    }

    /// What a key's project has taken of its day, for the models it was used for that have a limit: at most so many, those
    /// with the least left first.
    pub fn day_of(&self, id: KeyId, most: usize, now: Moment) -> Vec<DayShare> {
        let Some(project) = self.roster.key(id).map(|key| key.spec.project) else { return Vec::new() };
        let ctx = self.ctx(self.day_at(now), now);
        let share = |model: &Model| {
            let bucket = model.bucket(project)?;
            let limit = bucket.cap(&model.defaults, Gauge::Rpd, now)?.value;
            let used = bucket.used(Gauge::Rpd, &ctx);
            (used > 0).then(|| DayShare { model: model.name.clone(), used, limit })
        };
        let models = self.models.iter().filter(|model| model.united_into.is_none());
        let mut shares: Vec<DayShare> = models.filter_map(share).collect();
        // The one of which the larger part is used: used/limit, without dividing.
        let part = |one: &DayShare, of: &DayShare| u128::from(one.used) * u128::from(of.limit.max(1));
        shares.sort_by(|left, right| part(right, left).cmp(&part(left, right)));
        shares.truncate(most);
        shares
    }

    /// Forgets that a key was dead or benched, for every model. What holds its project or a model stays.
    pub fn reset_key(&mut self, id: KeyId, now: Moment) {
        let own = self.holds(id, now).into_iter().filter(|hold| hold.whose == Whose::Key);
        let models: Vec<String> = own.filter_map(|hold| hold.model).collect();
        self.clear(&Scope::Key(id), now);
        for model in models {
            self.clear(&Scope::KeyModel(id, model), now);
        }
    }
}
