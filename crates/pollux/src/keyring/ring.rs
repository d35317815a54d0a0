//! The pool behind its lock, and the roster beside it.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use dialect::gemini::outcome::Outcome;
use pool::kinship::Kinship;
use pool::queue::{Outlook, QueueSettings};
use pool::{Ask, Change, Cost, Moment, Opening, Pool, ProjectId, Settings, Snapshot, Tier};
use tokio::sync::mpsc;

use super::blame::blame_for;
use super::lease::Lease;
use super::queue::Line;
use super::roster::{KeyEntry, Roster};
use super::timeline;
use crate::clock::Clock;
use crate::id::Dice;
use crate::settings::Live;
use crate::shared::Shared;

/// Changes that may wait to be written down; more than this at once means the store is stuck.
const WAITING_CHANGES: usize = 4_096;

/// More openings than this need not be counted.
const ENOUGH: u64 = 4_096;

/// What a call wants from the pool.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Whose call it is: users take turns when there is no room.
    pub user: &'a str,
    /// The model as it goes into the path.
    pub model: &'a str,
    /// Estimated input tokens.
    pub tokens: u64,
    /// Projects that failed this call; taken only if no other has room.
    pub avoid: &'a [ProjectId],
    /// The project, by id, that should serve it if it has room.
    pub prefer: Option<&'a str>,
    /// The project, by id, that alone can serve it: what the call names lives there.
    pub require: Option<&'a str>,
    /// It was served before and failed: it goes before those who wait.
    pub again: bool,
    /// Paid projects only: Google may use what others send.
    pub paid_only: bool,
    /// The user's share of the day relative to others; 0 counts as 1.
    pub weight: u32,
    /// The user's turns relative to others while calls wait, [`Wish::USUAL_TURNS`] by default; 0 counts as 1.
    pub turns: u32,
}

impl Wish<'_> {
    /// The turns of a user of weight 1 and normal priority: enough that others may have fewer.
    pub const USUAL_TURNS: u32 = 4;

    /// Whether others may do with what is of no use to it, so that they must not wait behind it.
    pub(super) fn is_choosy(&self) -> bool {
        self.paid_only || self.require.is_some()
    }
}

/// Savings are counted in the turns of whoever has one; usual users have several.
fn queue_settings() -> QueueSettings {
    let usual = QueueSettings::default();
    QueueSettings { savings: usual.savings / Wish::USUAL_TURNS, ..usual }
}

/// The pool behind its lock, and the roster beside it. Both locks are short and never held over a wait.
pub(super) struct Ring {
    pool: Mutex<Pool>,
    settings: Live,
    /// What other replicas must agree to.
    pub(super) shared: Arc<dyn Shared>,
    kinship: Mutex<Kinship>,
    roster: RwLock<Roster>,
    clock: Arc<dyn Clock>,
    dice: Dice,
    pub(super) line: Line,
    /// What an operator has declared limits of.
    pub(super) declared: Mutex<HashSet<(Option<ProjectId>, String)>>,
    /// Held while a project's row and its place in the pool change together.
    pub(super) changing: tokio::sync::Mutex<()>,
    changes: mpsc::Sender<News>,
}

/// What the pool found out, and what Google said with it.
#[derive(Debug)]
pub(super) struct News {
    pub(super) changes: Vec<Change>,
    pub(super) detail: String,
}

impl Ring {
    pub(super) fn new(
        (settings, shared): (Live, Arc<dyn Shared>),
        clock: Arc<dyn Clock>,
        dice: Dice,
    ) -> (Self, mpsc::Receiver<News>) {
        let (changes, receiver) = mpsc::channel(WAITING_CHANGES);
        let pool = Mutex::new(Pool::new(Settings::default()));
        (
            Self {
                pool,
                settings,
                shared,
                kinship: Mutex::default(),
                roster: RwLock::default(),
                clock,
                dice,
                line: Line::new(queue_settings()),
                declared: Mutex::default(),
                changing: tokio::sync::Mutex::default(),
                changes,
            },
            receiver,
        )
    }

    /// The pool, as the settings of this moment want it.
    pub(super) fn pool(&self) -> MutexGuard<'_, Pool> {
        let live = self.settings.now();
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let known = *pool.settings();
        let wanted = Settings {
            strategy: live.strategy,
            concurrency: live.project_concurrency,
            replicas: self.shared.fleet().divisor(),
            ..known
        };
        if wanted != known {
            pool.set_settings(wanted);
        }
        pool
    }

    pub(super) fn settings(&self) -> &Live {
        &self.settings
    }

    pub(super) fn kinship(&self) -> MutexGuard<'_, Kinship> {
        self.kinship.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn roster(&self) -> RwLockReadGuard<'_, Roster> {
        self.roster.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn roster_mut(&self) -> RwLockWriteGuard<'_, Roster> {
        self.roster.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn declared(&self) -> MutexGuard<'_, HashSet<(Option<ProjectId>, String)>> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Bits without a pattern, so that equals take turns.
    pub(super) fn roll(&self) -> u64 {
        self.dice.roll()
    }

    pub(super) fn lease(this: &Arc<Self>, wish: &Wish<'_>) -> Result<Lease, Opening> {
        let now = this.now();
        let prefer = wish.prefer.and_then(|name| this.roster().project_by_id(&name.into()));
        let require = this.owner(wish)?;
        let mut pool = this.pool();
        let ask = Ask { prefer, ..ask(&pool, wish, require)? };
        let (decision, taken) = match pool.take(&ask, now, this.roll()) {
            (_, Err(_)) if !wish.avoid.is_empty() => {
                pool.take(&Ask { exclude: &[], ..ask }, now, this.roll())
            }
            taken => taken,
        };
        drop(pool);
        let reservation = taken?;
        let Some(key) = this.roster().key(reservation.key).cloned() else {
            // Deleted between the two locks.
            this.pool().abandon(reservation, now);
            return Err(Opening::NoKey);
        };
        Ok(Lease::new(Arc::clone(this), key, (reservation, decision), wish))
    }

    /// When a call could be served, nobody else waiting.
    pub(super) fn opening(&self, wish: &Wish<'_>) -> Opening {
        let Ok(require) = self.owner(wish) else { return Opening::NoKey };
        let pool = self.pool();
        let Ok(ask) = ask(&pool, wish, require) else { return Opening::NoKey };
        match pool.choose(&ask, self.now(), 0).opens {
            Opening::Now => Opening::Now,
            _ => pool.choose(&Ask { exclude: &[], ..ask }, self.now(), 0).opens,
        }
    }

    /// The project that alone can serve it, if there is one.
    fn owner(&self, wish: &Wish<'_>) -> Result<Option<ProjectId>, Opening> {
        let find = |name: &str| self.roster().project_by_id(&name.into()).ok_or(Opening::NoKey);
        wish.require.map(find).transpose()
    }

    /// How many calls like this one find room until then. Of paid projects alone, and of one project, it is not counted:
    /// who waits for those has others beside it in the line that take nothing away from it.
    pub(super) fn outlook(&self, wish: &Wish<'_>, by: Moment) -> Outlook {
        if wish.is_choosy() {
            return Outlook::UNKNOWN;
        }
        let pool = self.pool();
        let Ok(ask) = ask(&pool, wish, None) else { return Outlook::UNKNOWN };
        pool.outlook(&Ask { exclude: &[], ..ask }, (self.now(), by), ENOUGH)
    }

    /// Benches who is to blame for a failure of this key's call.
    pub(super) fn blame(&self, key: &KeyEntry, model: &str, outcome: &Outcome) {
        let now = self.now();
        self.notice_kin(key, model, outcome);
        let Some(blame) = blame_for(outcome, now.0 - key.created_at.0) else { return };
        let changes = self.pool().blame(key.handle, model, &blame, now, self.roll());
        self.announce(changes, || timeline::detail(outcome));
    }

    /// Says what changed: to the log at once, to the store soon.
    pub(super) fn announce(&self, changes: Vec<Change>, detail: impl FnOnce() -> String) {
        if changes.is_empty() {
            return;
        }
        for change in &changes {
            tracing::info!(change = ?change.what, "the pool changed");
        }
        self.tell(&changes);
        let news = News { changes, detail: detail() };
        if self.changes.try_send(news).is_err() {
            tracing::warn!("a change of the pool could not be queued for the store");
        }
    }

    pub(super) fn ready_keys(&self) -> usize {
        self.pool().ready_keys(self.now())
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.pool().snapshot(self.now())
    }
}

/// What is asked of the pool. A project that is required, but does not pay any more, is of no use to who wants that.
fn ask<'a>(pool: &Pool, wish: &Wish<'a>, require: Option<ProjectId>) -> Result<Ask<'a>, Opening> {
    if wish.paid_only && require.is_some_and(|owner| pool.tier(owner) != Some(Tier::Paid)) {
        return Err(Opening::NoKey);
    }
    let tokens = pool.calibrated(wish.model, wish.tokens);
    let cost = Cost { requests: 1, tokens };
    Ok(Ask {
        model: wish.model,
        cost,
        exclude: wish.avoid,
        require,
        paid_only: wish.paid_only,
        ..Ask::default()
    })
}

impl fmt::Debug for Ring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ring").finish_non_exhaustive()
    }
}
