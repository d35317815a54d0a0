//! Hands records to the store, and gives up the segments that it has.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::frame::{self, Found};
use super::{State, pause, segment};
use crate::store::usage::Sequenced;
use crate::store::{Store, StoreError};
use crate::telemetry::names;

/// Records that are handed in at once; more gain nothing.
pub(super) const BATCH: usize = 1_000;
/// How long records gather before they are handed in.
const GATHER: Duration = Duration::from_secs(1);
/// How long the writer may take for what it still had at the end.
const END: Duration = Duration::from_millis(200);
/// How often it is looked whether there is anything, if nobody says so.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the last records may take after everything has ended.
const LAST_WITHIN: Duration = Duration::from_secs(5);

/// Hands records to the store.
#[derive(Debug)]
pub struct Shipper {
    folder: PathBuf,
    /// What the store calls this journal.
    name: String,
    state: Arc<State>,
    /// The segment that is being read, by its first record, and how far.
    place: (u64, u64),
}

/// Why a batch was not handed in.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    /// The journal could not be read.
    #[error("the journal cannot be read: {0}")]
    Journal(#[from] io::Error),
    /// The store did not take it.
    #[error("the database did not take it: {0}")]
    Store(#[from] StoreError),
}

impl Shipper {
    pub(super) fn new(folder: PathBuf, name: String, state: Arc<State>) -> Self {
        Self { folder, name, state, place: (0, 0) }
    }

    /// Hands in everything that is there. For the start, before anybody's budget is read.
    ///
    /// # Errors
    /// When the store does not take it or the journal cannot be read.
    pub async fn catch_up(&mut self, store: &dyn Store) -> Result<u64, ShipError> {
        let known = store.usage_mark(&self.name).await?;
        self.state
            .shipped
            .send_if_modified(|shipped| std::mem::replace(shipped, known.max(*shipped)) != known);
        let mut taken = 0;
        while self.pending() > 0 {
            taken += self.batch(store).await?;
        }
        self.tidy_up()?;
        Ok(taken)
    }

    /// Hands in what comes until everything has ended, and what is left then.
    pub async fn run(mut self, store: Arc<dyn Store>, served: CancellationToken) {
        let mut failures = 0;
        loop {
            let wait = if failures == 0 { LOOK_EVERY } else { pause(failures - 1) };
            tokio::select! {
                biased;
                () = served.cancelled() => break,
                () = sleep(wait) => {}
                () = self.state.wanted.notified() => {}
                () = self.state.grown.notified(), if failures == 0 => self.gather().await,
            }
            failures = self.settle(&*store, failures).await;
        }
        // The writer ends by the same sign; what it still had is there a moment later.
        sleep(END).await;
        if timeout(LAST_WITHIN, self.settle(&*store, 0)).await.is_err() {
            tracing::warn!(
                pending = self.pending(),
                "the last records stay in the journal until the next start"
            );
        }
    }

    /// Lets records gather, unless somebody wants to see them or there are enough.
    async fn gather(&self) {
        tokio::select! {
            biased;
            () = self.state.wanted.notified() => {}
            () = self.state.enough.notified() => {}
            () = sleep(GATHER) => {}
        }
    }

    /// Hands in all that is there now; what comes meanwhile gathers. Answers how often in a row that has failed now.
    async fn settle(&mut self, store: &dyn Store, failures: u32) -> u32 {
        let mut failed = false;
        let written = self.state.written.load(Ordering::Acquire);
        while *self.state.shipped.borrow() < written {
            if let Err(error) = self.batch(store).await {
                if failures == 0 {
                    tracing::warn!(%error, pending = self.pending(), "records of calls wait for the database");
                }
                failed = true;
                break;
            }
            tokio::task::yield_now().await;
        }
        if failures > 0 && !failed {
            tracing::info!("the database has taken over all records");
        }
        self.state.away.store(failed, Ordering::Release);
        if let Err(error) = self.tidy_up() {
            tracing::warn!(%error, "a segment of the journal could not be removed");
        }
        self.tell();
        if failed { failures.saturating_add(1) } else { 0 }
    }

    fn pending(&self) -> u64 {
        let written = self.state.written.load(Ordering::Acquire);
        written.saturating_sub(*self.state.shipped.borrow())
    }

    /// One batch; answers how many records were new to the store.
    async fn batch(&mut self, store: &dyn Store) -> Result<u64, ShipError> {
        let (records, place) = self.next()?;
        let Some(last) = records.last().map(|record| record.sequence) else {
            // Fewer than was said: what a damaged segment had is gone, and told.
            let written = self.state.written.load(Ordering::Acquire);
            self.state.shipped.send_replace(written);
            return Ok(0);
        };
        let new = store.take_over(&self.name, &records).await?;
        self.place = place;
        self.state.shipped.send_replace(last);
        Ok(new)
    }

    /// The next records that the store does not have, and the place after them.
    fn next(&self) -> io::Result<(Vec<Sequenced>, (u64, u64))> {
        let shipped = *self.state.shipped.borrow();
        let mut records = self.state.recall(shipped, BATCH);
        if !records.is_empty() {
            return Ok((records, self.place));
        }
        let written = self.state.written.load(Ordering::Acquire);
        let (mut first, mut at) = self.place;
        for (segment, path) in segment::list(&self.folder)? {
            if segment < first {
                continue;
            }
            if segment > first {
                (first, at) = (segment, 0);
            }
            loop {
                let bytes = segment::read_from(&path, at)?;
                let used = take(&bytes, (shipped, written), &mut records);
                at += u64::try_from(used).unwrap_or(u64::MAX);
                if records.len() >= BATCH {
                    return Ok((records, (first, at)));
                }
                if used == 0 {
                    break;
                }
            }
        }
        Ok((records, (first, at)))
    }

    /// Removes segments that the store has wholly; the last one is being written.
    fn tidy_up(&self) -> io::Result<()> {
        let shipped = *self.state.shipped.borrow();
        let segments = segment::list(&self.folder)?;
        for ((_, path), (next, _)) in segments.iter().zip(segments.iter().skip(1)) {
            if *next <= shipped + 1 {
                let bytes = fs::metadata(path)?.len();
                fs::remove_file(path)?;
                self.state.bytes.fetch_sub(bytes, Ordering::AcqRel);
            }
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for a chart")]
    fn tell(&self) {
        metrics::gauge!(names::JOURNAL_PENDING).set(self.pending() as f64);
        metrics::gauge!(names::JOURNAL_BYTES).set(self.state.bytes.load(Ordering::Acquire) as f64);
    }
}

/// Takes records until there are enough of them; says how many bytes that were.
fn take(bytes: &[u8], (shipped, written): (u64, u64), records: &mut Vec<Sequenced>) -> usize {
    let mut at = 0;
    while records.len() < BATCH {
        let Found::Record(record, length) = frame::read(bytes.get(at..).unwrap_or_default()) else { break };
        // What the writer is not done with may yet be taken back.
        if record.sequence > written {
            break;
        }
        at += length;
        if record.sequence > shipped {
            records.push(*record);
        }
    }
    at
}
