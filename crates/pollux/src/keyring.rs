//! The pool's live face: decisions of the `pool` crate applied to real keys, leases, and what is kept of both.
//!
//! Invariant: a Gemini key leaves this room only inside a [`Lease`], and only the relay and the key check take it out.

mod blame;
mod census;
mod check;
mod deeds;
mod explain;
mod fleet;
mod intake;
mod keeping;
mod kinship;
mod lease;
mod limits;
mod names;
mod news;
mod pacing;
mod preview;
mod projects;
mod queue;
mod reload;
mod ring;
mod roll;
mod roster;
mod tally;
mod timeline;
mod words;

use std::sync::{Arc, Mutex};

use pool::Moment;

use crate::clock::Clock;
use crate::id::Dice;
use crate::secret::MasterKey;
use crate::settings::Live;
use crate::shared::Shared;
use crate::store::record::{KeyId, ProjectId};
use crate::store::{Store, StoreError};
use crate::upstream::Upstream;

use pacing::Pacer;
use ring::Ring;

pub use check::Checked;
pub use deeds::Found;
pub use explain::{Explained, ExplainedCandidate, ExplainedExclusion};
pub use keeping::Keeper;
pub use kinship::{Confidence, Kin, KinSign};
pub use lease::{Charge, Lease, Settled};
pub use limits::KnownLimit;
pub use names::Names;
pub use pool::{Decision, Opening, Strategy, Why};
pub use projects::{ProjectChange, tier_of};
pub use ring::Wish;
pub use roll::{Addition, KeyView, RollError};
pub use timeline::Told;
pub use words::{Unsaid, WordsChange, is_tag};

/// The pool's live face.
#[derive(Debug)]
pub struct Keyring {
    ring: Arc<Ring>,
    store: Arc<dyn Store>,
    upstream: Arc<Upstream>,
    master: MasterKey,
    clock: Arc<dyn Clock>,
    dice: Dice,
    pacer: Mutex<Pacer>,
}

/// What the keyring works with.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// Where projects and keys are kept.
    pub store: Arc<dyn Store>,
    /// The way to Google, for asking whether a key works.
    pub upstream: Arc<Upstream>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What decides between equals.
    pub dice: Dice,
    /// Strategy, concurrency, pacing.
    pub settings: Live,
    /// What other replicas must agree to.
    pub shared: Arc<dyn Shared>,
}

impl Keyring {
    /// Loads projects and keys. The keeper writes down what the pool finds out; somebody has to run it.
    ///
    /// # Errors
    /// When the store does not answer, or a key was sealed with another master key.
    pub async fn open(rooms: Rooms, master: MasterKey) -> Result<(Self, Keeper), StoreError> {
        let Rooms { store, upstream, clock, dice, settings, shared } = rooms;
        let (ring, changes) = Ring::new((settings, shared), Arc::clone(&clock), dice.clone());
        let ring = Arc::new(ring);
        let keeper = Keeper::new(Arc::clone(&store), Arc::clone(&ring), changes);
        let keyring = Self { ring, store, upstream, master, clock, dice, pacer: Mutex::default() };
        keyring.load().await?;
        let tally = keyring.load_today().await?;
        Ok((keyring, keeper.with(tally)))
    }

    /// Takes the best project with room for a call; waits for one in turn with others, but not beyond `deadline`.
    ///
    /// # Errors
    /// When there would be room, if not by then.
    pub async fn lease(&self, wish: &Wish<'_>, deadline: Moment) -> Result<Lease, Opening> {
        let share = self.share(wish, deadline).await?;
        let lease = self.agreed_lease(wish, deadline).await?;
        if let Some(share) = share {
            share.used();
        }
        Ok(lease)
    }

    /// When a call could be served, nobody else waiting.
    pub fn opening(&self, wish: &Wish<'_>) -> Opening {
        self.ring.opening(wish)
    }

    /// Keys that could serve a call of some model now.
    pub fn ready_keys(&self) -> usize {
        self.ring.ready_keys()
    }

    /// The project that a key counts to now, if it is still there.
    pub fn project_of(&self, key: &KeyId) -> Option<ProjectId> {
        self.ring.roster().key_by_id(key).map(|entry| entry.project_id.clone())
    }

    /// How many keys a project has, usable or not.
    pub fn count_keys(&self, project: &ProjectId) -> usize {
        self.ring.roster().entries().iter().filter(|entry| entry.project_id == *project).count()
    }

    /// Everything the pool knows, for the admin API.
    pub fn snapshot(&self) -> pool::Snapshot {
        self.ring.snapshot()
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }
}
