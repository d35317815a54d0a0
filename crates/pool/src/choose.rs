//! Choosing: a pure reading of the pool that orders a shortlist and says who was left out, and why.

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::backoff::mix;
use crate::bucket::WHOLE;
use crate::gate::{Gate, Why};
use crate::limits::Gauge;
use crate::model::{Ctx, Lane, Model};
use crate::rank::Rank;
use crate::roster::{KeyId, Project, ProjectId, Tier};
use crate::settings::Strategy;

/// How many candidates a decision offers at most.
pub const SHORTLIST: usize = 8;
/// A set of ready projects up to this size is read whole.
const WHOLE_UP_TO: usize = 16;
/// Of a larger one, so many are read, if one of them has room.
const SAMPLE: usize = 8;
/// How many exclusions a decision tells at most.
const EXCLUDED: usize = 8;
/// How many waiting projects are read for their reasons when others are ready.
const REASONS: usize = 4;

/// What a call takes from its bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Requests, at least 1.
    pub requests: u32,
    /// Input tokens, estimated.
    pub tokens: u64,
}

/// A call that wants to be served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'a> {
    /// The model's name as Google's quotas know it. Calls that Google does not meter with generation
    /// (`countTokens`) get a name of their own.
    pub model: &'a str,
    /// What it will take.
    pub cost: Cost,
    /// Projects that were tried already.
    pub exclude: &'a [ProjectId],
    /// Goes first if it has room: the conversation was there before.
    pub prefer: Option<ProjectId>,
    /// Nobody else will do: a file or cache lives there.
    pub require: Option<ProjectId>,
    /// Projects that pay only: the caller's words must not be used by Google.
    pub paid_only: bool,
}

/// A project that has room, with the key whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The project.
    pub project: ProjectId,
    /// The key.
    pub key: KeyId,
    /// What would be left of the tightest limit after this call, 0 to 1.
    pub headroom: f32,
    /// It is benched for a soft reason, but the pool is empty otherwise.
    pub last_resort: bool,
}

/// Why a project is not a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The reason that holds longest.
    pub why: Why,
    /// When it ends, if time ends it.
    pub until: Option<Moment>,
}

/// When the call can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// Now.
    Now,
    /// At that moment, and what keeps it till then.
    At(Moment, Why),
    /// Every day quota is used up; the first returns then.
    Day(Moment),
    /// No project offers the model.
    NotOffered,
    /// No project that the ask allows has a usable key.
    NoKey,
    /// Every project with a usable key was tried already.
    Tried,
    /// The call needs more than any bucket allows at once.
    TooLarge {
        /// The largest limit seen.
        limit: u64,
    },
}

/// Who decided the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// The strategy.
    Strategy(Strategy),
    /// `prefer`: the conversation was there before.
    Affinity,
    /// `require`: the call's resource lives there.
    Owner,
}

/// A shortlist, best first, and its reasons. Empty if `opens` is not [`Opening::Now`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Best first, at most [`SHORTLIST`].
    pub shortlist: Vec<Candidate>,
    /// Some of those left out.
    pub excluded: Vec<(ProjectId, Exclusion)>,
    /// How many projects were looked at.
    pub considered: u32,
    /// When the call can be served.
    pub opens: Opening,
    /// Who decided the order.
    pub chosen_by: ChosenBy,
}

/// One run of choosing.
struct Search<'a> {
    model: &'a Model,
    ctx: Ctx<'a>,
    ask: &'a Ask<'a>,
    seed: u64,
    found: Vec<(Rank, u64, Candidate)>,
    excluded: Vec<(ProjectId, Exclusion)>,
    considered: u32,
    next: Next,
}

/// What is known of the earliest opening.
#[derive(Default)]
struct Next {
    earliest: Option<Gate>,
    not_offered: Option<Moment>,
    too_large: Option<u64>,
    tried: bool,
}

impl Cost {
    pub(crate) const fn on(self, gauge: Gauge) -> u64 {
        match gauge {
            Gauge::Rpm | Gauge::Rpd => self.requests as u64,
            Gauge::Tpm | Gauge::Tpd => self.tokens,
        }
    }

    pub(crate) fn at_least_one(self) -> Self {
        Self { requests: self.requests.max(1), ..self }
    }
}

pub(crate) fn choose(model: &Model, ctx: Ctx<'_>, ask: &Ask<'_>, seed: u64) -> Decision {
    let ask = &Ask { cost: ask.cost.at_least_one(), ..*ask };
    let mut search = Search {
        model,
        ctx,
        ask,
        seed,
        found: Vec::with_capacity(2 * SAMPLE),
        excluded: Vec::with_capacity(EXCLUDED),
        considered: 0,
        next: Next::default(),
    };
    let mut chosen_by = ChosenBy::Strategy(ctx.settings.strategy);
    if let Some(owner) = ask.require {
        search.owner(owner);
        chosen_by = ChosenBy::Owner;
    } else {
        search.all();
        if search.put_preferred_first() {
            chosen_by = ChosenBy::Affinity;
        }
    }
    search.close_if_benched(model.own_gate(&ctx));
    search.decide(chosen_by)
}

impl<'a> Search<'a> {
    fn lanes(&self) -> &'a [Lane] {
        if self.ask.paid_only { &self.model.lanes[1..] } else { &self.model.lanes }
    }

    fn owner(&mut self, owner: ProjectId) {
        self.examine(owner);
        if self.found.is_empty() {
            self.ctx.relax = true;
            self.examine(owner);
        }
    }

    fn all(&mut self) {
        for lane in self.lanes() {
            let sample = if lane.ready.len() <= WHOLE_UP_TO { WHOLE_UP_TO } else { SAMPLE };
            self.sweep(lane.ready.iter().map(|rank| rank.project), sample);
            let due = lane.waiting.range(..=(self.ctx.now, ProjectId(u32::MAX)));
            self.sweep(due.map(|(_, project)| *project), SAMPLE);
        }
        self.order();
        if self.found.is_empty() {
            self.last_resort();
        }
        if self.found.is_empty() {
            self.earliest();
        } else {
            self.reasons();
        }
    }

    /// Looks at projects in order until enough were seen and one of them has room.
    fn sweep(&mut self, projects: impl Iterator<Item = ProjectId>, sample: usize) {
        let before = self.found.len();
        for (seen, project) in projects.enumerate() {
            if seen >= sample && self.found.len() > before {
                break;
            }
            self.examine(project);
        }
    }

    /// Soft benches give way when nothing else is left, so that a run of bad answers cannot empty the pool.
    fn last_resort(&mut self) {
        self.ctx.relax = true;
        for lane in self.lanes() {
            let due = lane.soft.range(..=(self.ctx.now, ProjectId(u32::MAX)));
            for (_, project) in due {
                if self.found.len() >= SHORTLIST {
                    break;
                }
                self.examine(*project);
            }
        }
        self.order();
    }

    /// Nobody has room: reads the waiting projects in the order they open until no earlier one can follow.
    fn earliest(&mut self) {
        for lane in self.lanes() {
            self.ctx.relax = false;
            let only_unoffered = lane.not_offered == lane.waiting.len();
            self.read_in_order(lane.waiting.iter().take(if only_unoffered { EXCLUDED } else { usize::MAX }));
            self.ctx.relax = true;
            self.read_in_order(lane.soft.iter());
        }
    }

    fn read_in_order<'b>(&mut self, entries: impl Iterator<Item = &'b (Moment, ProjectId)>) {
        for (at, project) in entries {
            if self.next.earliest.is_some_and(|earliest| earliest.until <= *at)
                && self.excluded.len() >= REASONS
            {
                break;
            }
            self.examine(*project);
        }
    }

    fn reasons(&mut self) {
        for lane in self.lanes() {
            for (_, project) in lane.waiting.iter().take(REASONS) {
                if !self.found.iter().any(|(_, _, candidate)| candidate.project == *project) {
                    self.judge(*project);
                }
            }
        }
    }

    fn examine(&mut self, id: ProjectId) {
        if let Some(project) = self.judge(id)
            && let Some((_, key)) = self.model.next_key(project, &self.ctx)
        {
            let (rank, used) = self.model.rank(project, self.ask.cost, &self.ctx);
            let headroom = share_left(used);
            let tie = mix(self.seed ^ u64::from(id.0));
            self.found.push((
                rank,
                tie,
                Candidate { project: id, key, headroom, last_resort: self.ctx.relax },
            ));
        }
    }

    /// The project, if it has room; else its reason is noted.
    fn judge(&mut self, id: ProjectId) -> Option<&'a Project> {
        self.considered = self.considered.saturating_add(1);
        let project = self.ctx.roster.project(id)?;
        let barred = if self.ask.exclude.contains(&id) {
            self.next.tried = true;
            Some(Why::Tried)
        } else if self.ask.paid_only && project.spec.tier != Tier::Paid {
            Some(Why::Tier)
        } else {
            None
        };
        let gate = match barred {
            Some(why) => Gate::never(why),
            None => self.model.gate(project, self.ask.cost, &self.ctx),
        };
        if gate.is_open(self.ctx.now) {
            return Some(project);
        }
        self.next.note(gate);
        self.exclude(id, gate);
        None
    }

    fn exclude(&mut self, id: ProjectId, gate: Gate) {
        if self.excluded.len() < EXCLUDED && !self.excluded.iter().any(|(other, _)| *other == id) {
            let until = (!gate.is_never()).then_some(gate.until);
            self.excluded.push((id, Exclusion { why: gate.why, until }));
        }
    }

    /// Sorts what was found. Round robin keeps to its order; otherwise the seed breaks ties, so that replicas
    /// do not all take the same.
    fn order(&mut self) {
        let strict = matches!(self.ctx.settings.strategy, Strategy::RoundRobin | Strategy::FillFirst);
        self.found.sort_unstable_by_key(|(rank, tie, _)| {
            (rank.level(), if strict { 0 } else { *tie }, rank.project)
        });
        self.found.dedup_by_key(|(_, _, candidate)| candidate.project);
    }

    fn put_preferred_first(&mut self) -> bool {
        let Some(preferred) = self.ask.prefer else { return false };
        if !self.found.iter().any(|(_, _, candidate)| candidate.project == preferred) {
            self.ctx.relax = false;
            self.examine(preferred);
        }
        let Some(place) = self.found.iter().position(|(_, _, candidate)| candidate.project == preferred)
        else {
            return false;
        };
        if let Some(found) = self.found.get_mut(..=place) {
            found.rotate_right(1);
        }
        true
    }

    /// The model's own bench holds whatever the projects say, and they whatever it says: the later opens.
    fn close_if_benched(&mut self, own: Gate) {
        if own.is_open(self.ctx.now) {
            return;
        }
        let own = if own.why == Why::Probe { own } else { Gate::until(own.until, Why::Model) };
        if !self.found.is_empty() {
            self.found.clear();
            self.next.earliest = Some(own);
        } else if let Some(earliest) = self.next.earliest {
            self.next.earliest = Some(earliest.and(own));
        }
    }

    fn decide(mut self, chosen_by: ChosenBy) -> Decision {
        self.found.truncate(SHORTLIST);
        let opens = if self.found.is_empty() { self.next.opening() } else { Opening::Now };
        Decision {
            shortlist: self.found.into_iter().map(|(_, _, candidate)| candidate).collect(),
            excluded: self.excluded,
            considered: self.considered,
            opens,
            chosen_by,
        }
    }
}

impl Next {
    fn note(&mut self, gate: Gate) {
        match gate.why {
            Why::Tried | Why::Tier | Why::NotOwner | Why::NoKey | Why::Disabled => {}
            Why::TooLarge(limit) => {
                self.too_large = Some(self.too_large.map_or(limit, |other| other.max(limit)));
            }
            Why::NotOffered => {
                self.not_offered = Some(self.not_offered.map_or(gate.until, |other| other.min(gate.until)));
            }
            _ => self.earliest = Some(self.earliest.map_or(gate, |earliest| earliest.or(gate))),
        }
    }

    fn opening(&self) -> Opening {
        if let Some(gate) = self.earliest {
            let until = self.not_offered.map_or(gate.until, |other| other.min(gate.until));
            return if gate.why == Why::Day { Opening::Day(until) } else { Opening::At(until, gate.why) };
        }
        match (self.too_large, self.not_offered) {
            (Some(limit), _) => Opening::TooLarge { limit },
            (None, Some(_)) => Opening::NotOffered,
            (None, None) if self.tried => Opening::Tried,
            (None, None) => Opening::NoKey,
        }
    }
}

/// Millionths used, as a share left.
pub(crate) fn share_left(used: u64) -> f32 {
    let left = u16::try_from(WHOLE.saturating_sub(used) / 100).unwrap_or(u16::MAX);
    f32::from(left) / 10_000.0
}
