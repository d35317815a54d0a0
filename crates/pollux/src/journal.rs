//! The journal: every call that ended, on this machine's disk before its last byte goes to the client.
//!
//! A call that ends becomes a record. One task appends records to a segment file, as many at a time as have gathered; the
//! client's last frame waits for that, and for nothing else. The shipper hands records to the store in batches, each with
//! its number, so that a batch that was handed in twice counts once; what the store has, the disk may forget. While the
//! store is away the journal grows, up to a bound; then, or when the disk takes nothing more, no call is begun.
//!
//! What `kill -9` leaves behind is taken over at the next start, before anybody's budget is read. A power cut may take what
//! the system had not written out: see [`Fsync`].
//!
//! Invariant: a record is never lost and never counted twice, and holds no content and no key.

mod entry;
mod frame;
mod segment;
mod shipper;
mod writer;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::store::usage::{Record, Sequenced};
use crate::telemetry::call::{Ended, Ledger};

pub use shipper::Shipper;
pub use writer::Writer;

/// Records that may wait for the disk before calls are refused.
const BACKLOG: u64 = 10_000;
/// Records on the disk that are also kept in memory, so that the shipper need not read them back.
const FRESH: usize = 4 * shipper::BATCH;
/// How long somebody who looks waits for the store to have everything.
const LOOK_WITHIN: Duration = Duration::from_secs(1);

/// When what was written is forced onto the disk. The death of the process loses nothing either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Before the client gets its last byte: a power cut loses nothing either, and each call waits for the disk.
    Always,
    /// Once a second: a power cut may lose the calls of the last second.
    #[default]
    Interval,
    /// When the system sees fit.
    Never,
}

/// Where the journal is, and how large it may get.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of its segments.
    pub folder: PathBuf,
    /// When it is forced onto the disk.
    pub sync: Fsync,
    /// How many bytes may wait for the store.
    pub at_most: u64,
}

/// Why no call may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The last write failed.
    #[error("the disk takes nothing more")]
    Disk,
    /// The store has been away for too long.
    #[error("the database has been away for too long")]
    Store,
}

/// The journal, as those see it whose calls end. Clones are the same journal.
#[derive(Clone, Default)]
pub struct Journal(Option<Arc<Open>>);

struct Open {
    sender: mpsc::UnboundedSender<Note>,
    state: Arc<State>,
    at_most: u64,
}

/// What writer, shipper and those who ask know of each other.
#[derive(Debug, Default)]
struct State {
    /// Records that have not reached the disk yet.
    backlog: AtomicU64,
    /// The number of the last record on the disk.
    written: AtomicU64,
    /// The number of the last record that the store has.
    shipped: watch::Sender<u64>,
    /// Bytes on the disk.
    bytes: AtomicU64,
    /// The last write failed.
    broken: AtomicBool,
    /// The store has said no since it last said yes.
    away: AtomicBool,
    /// The last records that were written, without a gap.
    fresh: Mutex<VecDeque<Sequenced>>,
    grown: Notify,
    /// A whole batch of them waits.
    enough: Notify,
    /// Somebody wants to see everything that is written.
    wanted: Notify,
}

/// A record on its way to the disk.
#[derive(Debug)]
struct Note {
    record: Record,
    written: oneshot::Sender<()>,
}

/// How the journal is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Records that the store does not have yet.
    pub pending: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// The store does not take records at the moment.
    pub store_away: bool,
    /// Why no call may begin, if none may.
    pub full: Option<Full>,
}

/// Opens the journal: cuts off what a crash left half-written, and goes on from there.
///
/// # Errors
/// When the folder cannot be used.
pub fn open(settings: &Settings) -> io::Result<(Journal, Writer, Shipper)> {
    let found = segment::recover(&settings.folder)?;
    let state = Arc::new(State::default());
    state.written.store(found.last, Ordering::Release);
    state.bytes.store(found.bytes, Ordering::Release);
    let (sender, receiver) = mpsc::unbounded_channel();
    let open = Open { sender, state: Arc::clone(&state), at_most: settings.at_most };
    let writer = Writer::new((receiver, Arc::clone(&state)), settings, found.last)?;
    let shipper = Shipper::new(settings.folder.clone(), found.name, state);
    Ok((Journal(Some(Arc::new(open))), writer, shipper))
}

impl Journal {
    /// Whether a call may begin: its end could be written down.
    ///
    /// # Errors
    /// When it could not.
    pub fn admits(&self) -> Result<(), Full> {
        self.0.as_ref().map_or(Ok(()), |open| open.full().map_or(Ok(()), Err))
    }

    /// Waits until the store has all calls that have ended by now, but not for long: for those who look.
    pub async fn caught_up(&self) {
        let Some(open) = &self.0 else { return };
        let written = open.state.written.load(Ordering::Acquire);
        let mut shipped = open.state.shipped.subscribe();
        open.state.wanted.notify_one();
        // What is late is seen at the next look.
        drop(timeout(LOOK_WITHIN, shipped.wait_for(|shipped| *shipped >= written)).await);
    }

    /// The number of the last record on the disk, by which one sees that calls have ended.
    pub fn written(&self) -> u64 {
        self.0.as_ref().map_or(0, |open| open.state.written.load(Ordering::Acquire))
    }

    /// How it is doing; none if nothing is written down.
    pub fn health(&self) -> Option<Health> {
        let open = self.0.as_ref()?;
        let State { backlog, written, shipped, bytes, away, .. } = &*open.state;
        let on_disk = written.load(Ordering::Acquire).saturating_sub(*shipped.borrow());
        Some(Health {
            pending: on_disk.saturating_add(backlog.load(Ordering::Acquire)),
            bytes: bytes.load(Ordering::Acquire),
            store_away: away.load(Ordering::Acquire),
            full: open.full(),
        })
    }
}

impl State {
    /// Keeps a record that is on the disk; the oldest go when there are too many.
    fn remember(&self, sequence: u64, record: Record) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh.len() == FRESH {
            fresh.pop_front();
        }
        fresh.push_back(Sequenced { sequence, record });
        if fresh.len() == shipper::BATCH {
            self.enough.notify_one();
        }
    }

    /// Gives up the records after this one, at most so many; none if they are on the disk only.
    fn recall(&self, after: u64, at_most: usize) -> Vec<Sequenced> {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        while fresh.front().is_some_and(|first| first.sequence <= after) {
            fresh.pop_front();
        }
        match fresh.front() {
            // If the store does not take them, the disk still has them.
            Some(first) if first.sequence == after + 1 => {
                let count = at_most.min(fresh.len());
                fresh.drain(..count).collect()
            }
            Some(_) | None => Vec::new(),
        }
    }
}

impl Open {
    fn full(&self) -> Option<Full> {
        let State { backlog, bytes, broken, .. } = &*self.state;
        if broken.load(Ordering::Acquire) || backlog.load(Ordering::Acquire) > BACKLOG {
            return Some(Full::Disk);
        }
        (bytes.load(Ordering::Acquire) > self.at_most).then_some(Full::Store)
    }
}

impl Ledger for Journal {
    fn note(&self, ended: Ended) -> oneshot::Receiver<()> {
        let (written, ticket) = oneshot::channel();
        if let Some(open) = &self.0 {
            open.state.backlog.fetch_add(1, Ordering::AcqRel);
            if open.sender.send(Note { record: entry::record(ended), written }).is_err() {
                tracing::error!("a call ended after the journal was closed; it is not written down");
            }
        }
        ticket
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Journal").field(&self.health()).finish()
    }
}

/// The pauses between two attempts, from … to.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// The pause after so many failures in a row.
fn pause(failures: u32) -> Duration {
    let (first, longest) = PAUSES;
    first.saturating_mul(1 << failures.min(10)).min(longest)
}

#[cfg(test)]
mod tests;
