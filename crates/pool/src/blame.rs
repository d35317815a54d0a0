//! Blame: what an upstream failure does to whom (`wire.md` §9.2, §9.3).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::backoff::{Backoff, jitter, mix};
use crate::bench::{self, Bench, Grade};
use crate::change::{Change, Scope, What};
use crate::incident::{Kind, Meaning};
use crate::limits::{Gauge, Limits, Provenance};
use crate::roster::{KeyId, ProjectId, Tier};
use crate::state::Pool;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A suspect key rests so long before its second chance.
const SUSPECT_MS: i64 = 60_000;
/// Google's advice for a minute quota is not believed beyond this.
const MINUTE_CAP_MS: i64 = 120_000;
/// So soon after midnight a day quota may still be yesterday's: clocks differ.
const MIDNIGHT_DOUBT_MS: i64 = 120_000;
/// Nobody tries a new day sooner after midnight.
const CLOCKS_MS: i64 = 1_000;

/// How long a quota's window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names explain themselves")]
#[serde(rename_all = "snake_case")]
pub enum Window {
    Minute,
    Day,
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names explain themselves")]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Requests,
    InputTokens,
}

/// One quota that a 429 names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its window.
    pub window: Window,
    /// What it counts.
    pub measure: Measure,
    /// Its value, if named; 0 means that the project has none.
    pub limit: Option<u64>,
    /// The bucket's name, which may cover several model ids.
    pub bucket_model: Option<String>,
}

/// Who is to blame for a failure, and how badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The key will never work again (E10; E1 and E3 once confirmed).
    KeyDead {
        /// For people.
        reason: Cow<'static, str>,
    },
    /// The key looks dead (E1, E3): a minute's rest, then the same failure once more kills it.
    KeySuspect {
        /// For people.
        reason: Cow<'static, str>,
    },
    /// The key, for a while (E2).
    KeyFor {
        /// How long.
        ms: i64,
        /// For people.
        reason: Cow<'static, str>,
    },
    /// The key with this model, for a while (E16, E17).
    KeyModelFor {
        /// How long.
        ms: i64,
        /// For people.
        reason: Cow<'static, str>,
    },
    /// The key or its project is not set up (E12–E14): an hour, then a probe.
    KeyMisconfigured {
        /// For people.
        reason: Cow<'static, str>,
    },
    /// The project is suspended (E11): all its keys are dead.
    ProjectDead {
        /// For people.
        reason: Cow<'static, str>,
    },
    /// The project, for a while (E22).
    ProjectFor {
        /// How long.
        ms: i64,
        /// For people.
        reason: Cow<'static, str>,
    },
    /// A quota is used up (E18, E19, E23).
    Quota {
        /// Every quota named. None counts as a minute quota.
        violations: Vec<Violation>,
        /// Google's advice; not believed for a day quota.
        retry_after_ms: Option<i64>,
        /// The body says that the project is on the free tier.
        free_tier: bool,
    },
    /// The project has no quota for the model at all (E19): a day, then a probe.
    NotOffered,
    /// Throttled without a named quota (E20, E21, E24): 5, 10, 20 … 300 s.
    Throttled {
        /// Google's advice.
        retry_after_ms: Option<i64>,
    },
    /// The model may be overloaded (E26). One such answer benches nobody; several projects alike make an incident.
    Overloaded,
    /// The account is limited under the use policy (E30): an hour, then a probe.
    AccountLimited,
}

/// The failed call, and what the answer needs to be worked out.
struct Case<'a> {
    key: KeyId,
    project: ProjectId,
    model: &'a str,
    now: Moment,
    seed: u64,
    changes: Vec<Change>,
}

impl Case<'_> {
    fn bucket(&self) -> Scope {
        Scope::Bucket(self.project, self.model.to_owned())
    }

    fn say(&mut self, what: What) {
        self.changes.push(Change { at: self.now, what });
    }
}

impl Pool {
    /// Benches whoever is to blame for a failed call, and says what changed. The call's reservation is settled
    /// apart from this, before or after.
    #[expect(
        clippy::too_many_arguments,
        reason = "plain values of one failed call; a struct would only rename them"
    )]
    pub fn blame(&mut self, key: KeyId, model: &str, blame: &Blame, now: Moment, seed: u64) -> Vec<Change> {
        let Some(project) = self.roster.key(key).map(|key| key.spec.project) else { return Vec::new() };
        let mut case = Case { key, project, model, now, seed: mix(seed), changes: Vec::new() };
        match blame {
            Blame::KeyDead { reason } => self.kill(&mut case, Scope::Key(key), reason.clone()),
            Blame::ProjectDead { reason } => self.kill(&mut case, Scope::Project(project), reason.clone()),
            Blame::KeySuspect { reason } => self.suspect(&mut case, reason.clone()),
            Blame::KeyFor { ms, reason } => {
                self.soft(&mut case, Kind::Key, Scope::Key(key), (*ms, reason.clone()));
            }
            Blame::KeyModelFor { ms, reason } => {
                let scope = Scope::KeyModel(key, model.to_owned());
                self.soft(&mut case, Kind::KeyModel, scope, (*ms, reason.clone()));
            }
            Blame::KeyMisconfigured { reason } => {
                self.bench(&mut case, Scope::Key(key), Grade::Hard, (HOUR_MS, reason.clone()));
            }
            Blame::ProjectFor { ms, reason } => {
                self.bench(&mut case, Scope::Project(project), Grade::Hard, (*ms, reason.clone()));
            }
            Blame::AccountLimited => {
                let reason = Cow::Borrowed("account limited under the use policy");
                self.bench(&mut case, Scope::Project(project), Grade::Hard, (HOUR_MS, reason));
            }
            Blame::Quota { violations, retry_after_ms, free_tier } => {
                self.quota(&mut case, violations, *retry_after_ms, *free_tier);
            }
            Blame::NotOffered => self.not_offered(&mut case),
            Blame::Throttled { retry_after_ms } => self.throttled(&mut case, *retry_after_ms),
            Blame::Overloaded => {
                if let Meaning::Model { step } = self.meaning(&case, Kind::Overloaded) {
                    self.incident(&mut case, Kind::Overloaded, step);
                }
            }
        }
        case.changes
    }

    fn kill(&mut self, case: &mut Case<'_>, scope: Scope, reason: Cow<'static, str>) {
        self.set_death(&scope, Some((reason.clone(), case.now)), case.now);
        case.say(What::Dead { scope, reason });
    }

    fn suspect(&mut self, case: &mut Case<'_>, reason: Cow<'static, str>) {
        let bench = self.roster.key(case.key).and_then(|key| key.ban.bench());
        match bench.filter(|bench| bench.grade == Grade::Suspect) {
            Some(bench) if case.now >= bench.until => self.kill(case, Scope::Key(case.key), reason),
            Some(_) => {}
            None => self.bench(case, Scope::Key(case.key), Grade::Suspect, (SUSPECT_MS, reason)),
        }
    }

    /// Benches for a soft reason, unless several projects fail alike: then the model is to blame.
    fn soft(
        &mut self,
        case: &mut Case<'_>,
        kind: Kind,
        scope: Scope,
        (ms, reason): (i64, Cow<'static, str>),
    ) {
        match self.meaning(case, kind) {
            Meaning::Own => self.bench(case, scope, Grade::Soft, (ms, reason)),
            Meaning::Model { step } => self.incident(case, kind, step),
            Meaning::Known => {}
        }
    }

    fn throttled(&mut self, case: &mut Case<'_>, retry_after_ms: Option<i64>) {
        match self.meaning(case, Kind::Throttled) {
            Meaning::Model { step } => return self.incident(case, Kind::Throttled, step),
            Meaning::Known => return,
            Meaning::Own => {}
        }
        let now = case.now;
        let step = self.in_bucket(case.project, case.model, now, |bucket| {
            // Calls that were out together fail together: that is one failure.
            let running =
                bucket.bench.as_deref().filter(|bench| bench.grade == Grade::Soft && now < bench.until);
            if running.is_none_or(|bench| bench.tried > bench.since) {
                bucket.throttles = bucket.throttles.saturating_add(1);
            }
            bucket.throttles.saturating_sub(1)
        });
        let wait = Backoff::THROTTLED.after(step.unwrap_or(0)).max(retry_after_ms.unwrap_or(0));
        let wait = wait.min(Backoff::THROTTLED.after(u8::MAX)) + jitter(case.seed, 1_000);
        self.bench(case, case.bucket(), Grade::Soft, (wait, Cow::Borrowed("throttled")));
    }

    fn not_offered(&mut self, case: &mut Case<'_>) {
        let reason = Cow::Borrowed("the project has no quota for the model");
        self.bench(case, case.bucket(), Grade::NotOffered, (DAY_MS, reason));
    }

    fn quota(
        &mut self,
        case: &mut Case<'_>,
        violations: &[Violation],
        retry_after_ms: Option<i64>,
        free_tier: bool,
    ) {
        if free_tier
            && self.roster.project(case.project).is_some_and(|project| project.spec.tier != Tier::Free)
        {
            self.set_tier(case.project, Tier::Free, case.now);
            case.say(What::Tier { project: case.project, tier: Tier::Free });
        }
        for violation in violations {
            self.learn_alias(case, violation);
            self.learn_limit(case, violation);
        }
        if violations.iter().any(|violation| violation.limit == Some(0)) {
            return self.not_offered(case);
        }
        if violations.iter().any(|violation| violation.window == Window::Day) {
            let wait = self.until_midnight(case, violations);
            return self.bench(case, case.bucket(), Grade::Day, (wait, Cow::Borrowed("day quota used up")));
        }
        let wait = match retry_after_ms {
            Some(ms) => ms.max(1_000),
            None => 60_000 - case.now.0.rem_euclid(60_000),
        };
        let wait = (wait + jitter(case.seed, 1_000)).min(MINUTE_CAP_MS);
        self.bench(case, case.bucket(), Grade::Minute, (wait, Cow::Borrowed("minute quota used up")));
    }

    /// To the next Pacific midnight and a little more. Just after midnight, when our own count says that the
    /// new day cannot be used up, Google's clock is behind ours: half a minute will do.
    fn until_midnight(&self, case: &Case<'_>, violations: &[Violation]) -> i64 {
        let day = self.day_at(case.now);
        if case.now.since(day.start) < MIDNIGHT_DOUBT_MS && !self.may_be_used_up(case, violations) {
            return 30_000 + jitter(case.seed, 30_000);
        }
        day.end.since(case.now) + jitter(case.seed, self.settings.day_jitter_ms)
    }

    fn may_be_used_up(&self, case: &Case<'_>, violations: &[Violation]) -> bool {
        let ctx = self.ctx(self.day_at(case.now), case.now);
        let Some(bucket) = self.known(case.model).and_then(|model| model.bucket(case.project)) else {
            return false;
        };
        violations.iter().filter(|violation| violation.window == Window::Day).any(|violation| {
            let used = bucket.used(Gauge::of(Window::Day, violation.measure), &ctx);
            violation.limit.is_some_and(|limit| used >= limit)
        })
    }

    fn learn_alias(&mut self, case: &mut Case<'_>, violation: &Violation) {
        let Some(bucket) = violation.bucket_model.as_deref() else { return };
        let bucket = bucket.strip_prefix("models/").unwrap_or(bucket);
        let from = self.open(case.model, case.now);
        if bucket.is_empty() || self.names.get(bucket) == Some(&from) {
            return;
        }
        self.unite(case.model, bucket, case.now);
        case.say(What::Alias { model: case.model.to_owned(), bucket: bucket.to_owned() });
    }

    fn learn_limit(&mut self, case: &mut Case<'_>, violation: &Violation) {
        let Some(value) = violation.limit.filter(|limit| *limit > 0) else { return };
        let gauge = Gauge::of(violation.window, violation.measure);
        let known = self
            .known(case.model)
            .and_then(|model| model.bucket(case.project)?.own.as_deref()?.learned(gauge, case.now));
        let mut limits = Limits::default();
        *limits.on_mut(gauge) = Some(value);
        let provenance = Provenance::Learned { at: case.now };
        self.turn_to(case.now);
        self.set_limits(Some(case.project), case.model, limits, provenance);
        if known.is_none_or(|(known, _)| known != value) {
            let (project, model) = (case.project, case.model.to_owned());
            case.say(What::Learned { project, model, gauge, value });
        }
    }

    fn meaning(&mut self, case: &Case<'_>, kind: Kind) -> Meaning {
        let index = self.open(case.model, case.now);
        let meaning =
            self.with_model(index, case.now, |model, ctx| model.incident.see(kind, case.project, ctx.now));
        meaning.unwrap_or(Meaning::Own)
    }

    /// Benches the model shortly, with one probe, and pardons the projects that were blamed for it.
    fn incident(&mut self, case: &mut Case<'_>, kind: Kind, step: u8) {
        let wait = Backoff::INCIDENT.after(step);
        let until = case.now.plus_ms(wait);
        let index = self.open(case.model, case.now);
        let wronged = self.with_model(index, case.now, |model, _| model.incident.begin(kind, step, until));
        if step == 0 {
            case.say(What::Incident { model: case.model.to_owned() });
        }
        let scope = Scope::Model(case.model.to_owned());
        self.bench(case, scope.clone(), Grade::Soft, (wait, Cow::Borrowed("several projects failed alike")));
        self.with_bench(&scope, case.now, |slot| slot.iter_mut().for_each(|bench| bench.probe = true));
        if kind == Kind::Throttled {
            wronged.into_iter().flatten().for_each(|project| self.pardon(case, project));
        }
    }

    fn pardon(&mut self, case: &mut Case<'_>, project: ProjectId) {
        let lifted = self.in_bucket(project, case.model, case.now, |bucket| {
            bucket.throttles = 0;
            bucket.bench.take_if(|bench| bench.grade == Grade::Soft).is_some()
        });
        if lifted == Some(true) {
            case.say(What::Cleared { scope: Scope::Bucket(project, case.model.to_owned()) });
        }
    }

    fn bench(
        &mut self,
        case: &mut Case<'_>,
        scope: Scope,
        grade: Grade,
        (ms, reason): (i64, Cow<'static, str>),
    ) {
        let until = case.now.plus_ms(ms.max(0));
        let mut bench = Bench::new(grade, reason.clone(), (case.now, until), &self.settings);
        let midnight = self.day_at(case.now).end;
        if grade == Grade::Day && until >= midnight {
            bench.spread_ms =
                u32::try_from(until.since(midnight.plus_ms(CLOCKS_MS)).max(0)).unwrap_or(u32::MAX);
        }
        let laid = self.with_bench(&scope, case.now, |slot| bench::lay(slot, bench, case.now));
        if laid == Some(true) {
            case.say(What::Benched { scope, grade, reason, until });
        }
    }
}
