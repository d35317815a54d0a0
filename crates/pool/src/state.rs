//! The pool itself: who belongs to it, what is set, and the way to each model.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::Moment;
use crate::bench::Bench;
use crate::bucket::Bucket;
use crate::calendar::PacificDay;
use crate::change::Scope;
use crate::choose::{self, Ask, Decision};
use crate::estimate::Calibration;
use crate::limits::{Limits, Provenance};
use crate::model::{Ctx, Model};
use crate::roster::{Death, KeyId, KeySpec, ProjectId, ProjectSpec, Roster, Tier};
use crate::settings::Settings;

/// All of the pool's state. A caller holds it behind one short lock.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(crate) settings: Settings,
    pub(crate) roster: Roster,
    pub(crate) models: Vec<Model>,
    /// Every name that was ever asked for, to its model.
    pub(crate) names: HashMap<String, usize>,
    /// The day last seen: asking the calendar is dear.
    pub(crate) day: PacificDay,
    /// The time last seen: what needs no exact time is judged by it.
    pub(crate) clock: Moment,
}

impl Pool {
    /// An empty pool. Settings out of range are brought to the nearest allowed value.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: settings.in_range(),
            roster: Roster::default(),
            models: Vec::new(),
            names: HashMap::new(),
            day: PacificDay::of(Moment(0)),
            clock: Moment(0),
        }
    }

    /// The settings in force.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the settings, keeping all state.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings.in_range();
        self.each_model(self.clock, Model::replace_all);
    }

    /// Adds a project or changes what is said of it. Its state stays.
    pub fn put_project(&mut self, spec: ProjectSpec) {
        self.roster.put_project(spec);
        self.replace_everywhere(spec.id, self.clock);
    }

    /// What a project pays, as far as is known.
    pub fn tier(&self, id: ProjectId) -> Option<Tier> {
        self.roster.project(id).map(|project| project.spec.tier)
    }

    /// Adds a key or changes what is said of it. Its state stays, also when it moves to another project.
    pub fn put_key(&mut self, spec: KeySpec) {
        if let Some(key) = self.roster.key_mut(spec.id)
            && key.spec.project == spec.project
        {
            key.spec = spec;
        } else {
            self.detach(spec.id);
            self.roster.put_key(spec);
        }
        self.replace_everywhere(spec.project, self.clock);
    }

    /// Removes a key and all that is known of it.
    pub fn remove_key(&mut self, id: KeyId) {
        self.detach(id);
        self.roster.forget_key(id);
    }

    /// Removes a project with its keys and all that is known of them.
    pub fn remove_project(&mut self, id: ProjectId) {
        let keys = self.roster.project(id).map(|project| project.keys.clone()).unwrap_or_default();
        for key in keys {
            self.remove_key(key);
        }
        self.roster.forget_project(id);
        self.replace_everywhere(id, self.clock);
        for model in &mut self.models {
            *model.bucket_mut(id) = Bucket::default();
        }
    }

    /// Sets one layer of limits for a project's bucket, or for all projects. Learned limits are added to those
    /// known; the other layers are replaced.
    pub fn set_limits(
        &mut self,
        project: Option<ProjectId>,
        model: &str,
        limits: Limits,
        provenance: Provenance,
    ) {
        let now = self.clock;
        let index = self.open(model, now);
        self.with_model(index, now, |model, ctx| {
            let layers = match project {
                Some(id) => model.bucket_mut(id).own_mut(),
                None => &mut model.defaults,
            };
            layers.set(limits, provenance);
            if let (Some(id), Provenance::Learned { .. }) = (project, provenance) {
                model.presume_all(id, limits, ctx);
            }
            match project {
                Some(id) => model.replace(id, ctx),
                None => model.replace_all(ctx),
            }
        });
    }

    /// Who could serve a call now, best first. Reads only.
    pub fn choose(&self, ask: &Ask<'_>, now: Moment, seed: u64) -> Decision {
        let ctx = self.ctx(self.day_at(now), now);
        match self.known(ask.model) {
            Some(model) => choose::choose(model, ctx, ask, seed),
            None => choose::choose(&Model::new(ask.model, &ctx), ctx, ask, seed),
        }
    }

    /// Makes room for a model before its first call, so that the call does not pay for it.
    pub fn open_model(&mut self, model: &str, now: Moment) {
        self.open(model, now);
    }

    /// An estimate of input tokens, corrected by what the model's earlier calls took.
    pub fn calibrated(&self, model: &str, estimated: u64) -> u64 {
        self.known(model).map_or(estimated, |model| model.calibration.apply(estimated))
    }

    /// Teaches the model's calibration: the raw estimate, and what Google counted.
    pub fn see_estimate(&mut self, model: &str, estimated: u64, actual: u64, now: Moment) {
        let index = self.open(model, now);
        if let Some(model) = self.models.get_mut(index) {
            model.calibration.see(estimated, actual);
        }
    }

    /// How far estimates of a model are off.
    pub fn calibration(&self, model: &str) -> Calibration {
        self.known(model).map(|model| model.calibration).unwrap_or_default()
    }

    // === inside ===

    pub(crate) fn known(&self, name: &str) -> Option<&Model> {
        self.models.get(*self.names.get(name)?)
    }

    /// The model of a name, made if it is new.
    pub(crate) fn open(&mut self, name: &str, now: Moment) -> usize {
        self.turn_to(now);
        if let Some(index) = self.names.get(name) {
            return *index;
        }
        let model = Model::new(name, &self.ctx(self.day, now));
        self.models.push(model);
        let index = self.models.len() - 1;
        self.names.insert(name.to_owned(), index);
        index
    }

    /// From an index of any time to the model that holds its buckets now.
    pub(crate) fn resolve(&self, mut index: usize) -> usize {
        while let Some(next) = self.models.get(index).and_then(|model| model.united_into) {
            index = next;
        }
        index
    }

    pub(crate) fn day_at(&self, now: Moment) -> PacificDay {
        if self.day.contains(now) { self.day } else { PacificDay::of(now) }
    }

    pub(crate) fn turn_to(&mut self, now: Moment) {
        self.day = self.day_at(now);
        self.clock = now;
    }

    pub(crate) const fn ctx(&self, day: PacificDay, now: Moment) -> Ctx<'_> {
        Ctx { roster: &self.roster, settings: &self.settings, day, now, relax: false }
    }

    pub(crate) fn with_model<T>(
        &mut self,
        index: usize,
        now: Moment,
        act: impl FnOnce(&mut Model, &Ctx<'_>) -> T,
    ) -> Option<T> {
        self.turn_to(now);
        let Self { settings, roster, models, day, .. } = self;
        let ctx = Ctx { roster, settings, day: *day, now, relax: false };
        models.get_mut(index).map(|model| act(model, &ctx))
    }

    pub(crate) fn each_model(&mut self, now: Moment, mut act: impl FnMut(&mut Model, &Ctx<'_>)) {
        for index in 0..self.models.len() {
            if self.models.get(index).is_some_and(|model| model.united_into.is_none()) {
                self.with_model(index, now, &mut act);
            }
        }
    }

    pub(crate) fn replace_everywhere(&mut self, id: ProjectId, now: Moment) {
        self.each_model(now, |model, ctx| model.replace(id, ctx));
    }

    /// Acts on the bench of a scope, then puts what it holds in its place. `None` if there is no such thing.
    pub(crate) fn with_bench<T>(
        &mut self,
        scope: &Scope,
        now: Moment,
        act: impl FnOnce(&mut Option<Box<Bench>>) -> T,
    ) -> Option<T> {
        match scope {
            Scope::Key(id) => {
                let key = self.roster.key_mut(*id)?;
                let (project, done) = (key.spec.project, key.ban.on_bench(act));
                self.replace_everywhere(project, now);
                Some(done)
            }
            Scope::Project(id) => {
                let done = self.roster.project_mut(*id)?.ban.on_bench(act);
                self.replace_everywhere(*id, now);
                Some(done)
            }
            Scope::KeyModel(id, model) => {
                let key = self.roster.key(*id)?;
                let (project, position) = (key.spec.project, key.position as usize);
                self.in_bucket(project, model, now, |bucket| act(&mut bucket.key_mut(position).bench))
            }
            Scope::Bucket(project, model) => {
                self.in_bucket(*project, model, now, |bucket| act(&mut bucket.bench))
            }
            Scope::Model(model) => {
                let index = self.open(model, now);
                self.with_model(index, now, |model, _| act(&mut model.bench))
            }
        }
    }

    pub(crate) fn set_death(
        &mut self,
        scope: &Scope,
        death: Option<(Cow<'static, str>, Moment)>,
        now: Moment,
    ) {
        let death = death.map(|(reason, since)| Death { reason, since });
        let project = match scope {
            Scope::Key(id) => self.roster.key_mut(*id).map(|key| {
                key.ban.set_death(death);
                key.spec.project
            }),
            Scope::Project(id) => self.roster.project_mut(*id).map(|project| {
                project.ban.set_death(death);
                *id
            }),
            Scope::KeyModel(..) | Scope::Bucket(..) | Scope::Model(_) => None,
        };
        if let Some(project) = project {
            self.replace_everywhere(project, now);
        }
    }

    pub(crate) fn in_bucket<T>(
        &mut self,
        project: ProjectId,
        model: &str,
        now: Moment,
        act: impl FnOnce(&mut Bucket) -> T,
    ) -> Option<T> {
        self.roster.project(project)?;
        let index = self.open(model, now);
        self.with_model(index, now, |model, ctx| {
            let done = act(model.bucket_mut(project));
            model.replace(project, ctx);
            done
        })
    }

    fn detach(&mut self, id: KeyId) {
        let Some((project, position)) = self.roster.detach(id) else { return };
        self.each_model(self.clock, |model, ctx| {
            let bucket = model.bucket_mut(project);
            if position < bucket.keys.len() {
                bucket.keys.remove(position);
            }
            if (bucket.cursor as usize) > position {
                bucket.cursor -= 1;
            }
            model.replace(project, ctx);
        });
    }
}
