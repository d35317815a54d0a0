//! Who belongs to the pool: projects and their keys.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Moment;
use crate::bench::{self, Bench};
use crate::gate::{Gate, Why};
use crate::settings::Settings;

/// A project's handle. Handles index tables, so give them out densely from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProjectId(pub u32);

/// A key's handle. Handles index tables, so give them out densely from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub u32);

/// What a project pays. Google may use what free projects send (`wire.md` §14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nothing.
    Free,
    /// Something: fit for private calls.
    Paid,
    /// Not known; treated as free where it matters.
    #[default]
    Unknown,
}

/// A project as the operator describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectSpec {
    /// Its handle.
    pub id: ProjectId,
    /// What it pays.
    pub tier: Tier,
    /// Its share among projects of the same priority; 0 counts as 1.
    pub weight: u32,
    /// Projects of a higher priority go first as long as one of them has room.
    pub priority: i32,
    /// Whether it may serve.
    pub enabled: bool,
}

/// A key as the operator describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// Its handle.
    pub id: KeyId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Whether it may serve.
    pub enabled: bool,
}

/// The end of a key or project, until an operator clears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Death {
    pub(crate) reason: Cow<'static, str>,
    pub(crate) since: Moment,
}

/// What keeps a key or project out. Most have nothing of the kind, so that it is one word.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ban(Option<Box<Reasons>>);

#[derive(Clone, Debug, Default)]
struct Reasons {
    bench: Option<Box<Bench>>,
    death: Option<Death>,
}

#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) spec: ProjectSpec,
    /// In the order they came; the position is used in buckets.
    pub(crate) keys: SmallVec<[KeyId; 4]>,
    pub(crate) ban: Ban,
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) spec: KeySpec,
    /// In its project's list.
    pub(crate) position: u32,
    pub(crate) ban: Ban,
}

/// Projects and keys by handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    projects: Vec<Option<Project>>,
    keys: Vec<Option<Key>>,
    counted: Option<Count>,
}

/// How many keys were ready, for as long as nothing changes and no bench ends.
#[derive(Clone, Copy, Debug)]
struct Count {
    ready: usize,
    from: Moment,
    until: Moment,
}

impl Ban {
    pub(crate) fn bench(&self) -> Option<&Bench> {
        self.0.as_deref()?.bench.as_deref()
    }

    pub(crate) fn death(&self) -> Option<&Death> {
        self.0.as_deref()?.death.as_ref()
    }

    pub(crate) fn set_death(&mut self, death: Option<Death>) {
        let Reasons { bench, .. } = self.take();
        self.set(Reasons { bench, death });
    }

    /// Lets `act` lay, change or lift the bench.
    pub(crate) fn on_bench<T>(&mut self, act: impl FnOnce(&mut Option<Box<Bench>>) -> T) -> T {
        let mut reasons = self.take();
        let done = act(&mut reasons.bench);
        self.set(reasons);
        done
    }

    /// Whether it keeps out now, and until when that stays so if nothing else happens.
    fn holds(&self, now: Moment) -> (bool, Moment) {
        match self.bench() {
            _ if self.death().is_some() => (true, Moment::NEVER),
            Some(bench) if bench.stands(now) => (true, if bench.probe { Moment::NEVER } else { bench.until }),
            _ => (false, Moment::NEVER),
        }
    }

    fn take(&mut self) -> Reasons {
        self.0.take().map(|reasons| *reasons).unwrap_or_default()
    }

    fn set(&mut self, reasons: Reasons) {
        let holds = reasons.bench.is_some() || reasons.death.is_some();
        self.0 = holds.then(|| Box::new(reasons));
    }
}

impl Project {
    pub(crate) fn weight(&self) -> u64 {
        u64::from(self.spec.weight.max(1))
    }

    pub(crate) fn gate(&self, settings: &Settings, now: Moment, relax: bool) -> Gate {
        if !self.spec.enabled || self.ban.death().is_some() {
            return Gate::never(Why::Disabled);
        }
        bench::gate(self.ban.bench(), settings, now, relax)
    }
}

impl Key {
    pub(crate) fn gate(&self, settings: &Settings, now: Moment, relax: bool) -> Gate {
        if !self.spec.enabled || self.ban.death().is_some() {
            return Gate::never(Why::NoKey);
        }
        bench::gate(self.ban.bench(), settings, now, relax)
    }
}

impl Roster {
    pub(crate) fn project(&self, id: ProjectId) -> Option<&Project> {
        self.projects.get(id.0 as usize)?.as_ref()
    }

    pub(crate) fn project_mut(&mut self, id: ProjectId) -> Option<&mut Project> {
        self.counted = None;
        self.projects.get_mut(id.0 as usize)?.as_mut()
    }

    pub(crate) fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.get(id.0 as usize)?.as_ref()
    }

    pub(crate) fn key_mut(&mut self, id: KeyId) -> Option<&mut Key> {
        self.counted = None;
        self.keys.get_mut(id.0 as usize)?.as_mut()
    }

    /// Handles that were given to projects, those of forgotten ones included.
    pub(crate) fn project_slots(&self) -> usize {
        self.projects.len()
    }

    pub(crate) fn project_at(&self, index: usize) -> Option<&Project> {
        self.projects.get(index)?.as_ref()
    }

    pub(crate) fn projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.iter().flatten()
    }

    /// How many keys are enabled, alive and not benched, and neither is their project. Counted anew only if something
    /// changed or a bench has ended.
    pub(crate) fn ready(&mut self, now: Moment) -> usize {
        match self.counted {
            Some(count) if (count.from..count.until).contains(&now) => count.ready,
            _ => {
                let count = self.count(now);
                self.counted = Some(count);
                count.ready
            }
        }
    }

    /// The same, without remembering it.
    pub(crate) fn count_ready(&self, now: Moment) -> usize {
        self.count(now).ready
    }

    fn count(&self, now: Moment) -> Count {
        let (mut ready, mut until) = (0, Moment::NEVER);
        for project in self.projects().filter(|project| project.spec.enabled) {
            let (out, ends) = project.ban.holds(now);
            until = until.min(ends);
            let keys = project.keys.iter().filter_map(|id| self.key(*id)).filter(|key| key.spec.enabled);
            for (held, ends) in keys.map(|key| key.ban.holds(now)) {
                until = until.min(ends);
                ready += usize::from(!held && !out);
            }
        }
        Count { ready, from: now, until }
    }

    pub(crate) fn put_project(&mut self, spec: ProjectSpec) {
        self.counted = None;
        let slot = slot(&mut self.projects, spec.id.0);
        match slot {
            Some(project) => project.spec = spec,
            None => *slot = Some(Project { spec, keys: SmallVec::new(), ban: Ban::default() }),
        }
    }

    /// Adds or changes a key. One whose project is unknown gets a project of its own making.
    pub(crate) fn put_key(&mut self, spec: KeySpec) {
        if self.project(spec.project).is_none() {
            let (id, tier) = (spec.project, Tier::Unknown);
            self.put_project(ProjectSpec { id, tier, weight: 1, priority: 0, enabled: true });
        }
        let position = match self.project_mut(spec.project) {
            Some(project) => {
                project.keys.push(spec.id);
                u32::try_from(project.keys.len() - 1).unwrap_or(u32::MAX)
            }
            None => 0,
        };
        let slot = slot(&mut self.keys, spec.id.0);
        match slot {
            Some(key) => (key.spec, key.position) = (spec, position),
            None => *slot = Some(Key { spec, position, ban: Ban::default() }),
        }
    }

    /// Takes a key off its project's list but keeps its state; the answer says where it was.
    pub(crate) fn detach(&mut self, id: KeyId) -> Option<(ProjectId, usize)> {
        let (project, position) = self.key(id).map(|key| (key.spec.project, key.position as usize))?;
        let list = &mut self.project_mut(project)?.keys;
        if list.get(position) != Some(&id) {
            return None;
        }
        list.remove(position);
        let moved: Vec<KeyId> = list.iter().skip(position).copied().collect();
        for other in moved {
            if let Some(key) = self.key_mut(other) {
                key.position = key.position.saturating_sub(1);
            }
        }
        Some((project, position))
    }

    pub(crate) fn forget_key(&mut self, id: KeyId) {
        self.counted = None;
        if let Some(slot) = self.keys.get_mut(id.0 as usize) {
            *slot = None;
        }
    }

    pub(crate) fn forget_project(&mut self, id: ProjectId) {
        self.counted = None;
        if let Some(slot) = self.projects.get_mut(id.0 as usize) {
            *slot = None;
        }
    }
}

fn slot<T>(table: &mut Vec<Option<T>>, index: u32) -> &mut Option<T> {
    let index = index as usize;
    if table.len() <= index {
        reserve_some(table, index + 1);
        table.resize_with(index + 1, || None);
    }
    &mut table[index]
}

/// Makes room for `needed` entries and a thirty-second more: doubling would leave half of a large pool's memory unused.
pub(crate) fn reserve_some<T>(table: &mut Vec<T>, needed: usize) {
    if needed > table.capacity() {
        table.reserve_exact(needed + needed / 32 + 8 - table.len());
    }
}
