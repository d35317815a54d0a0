//! The one task that appends to the journal.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Fsync, Note, Settings, State, frame, pause, segment};
use crate::telemetry::names;

/// A segment that has grown beyond this is followed by another.
const SEGMENT: u64 = 8 << 20;
/// Records that are written at once.
const GROUP: usize = 1_000;
/// Between two times of forcing it onto the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Appends records, as many at a time as have gathered.
#[derive(Debug)]
pub struct Writer {
    receiver: mpsc::UnboundedReceiver<Note>,
    state: Arc<State>,
    folder: PathBuf,
    sync: Fsync,
    file: File,
    /// Bytes of the file that are whole records.
    length: u64,
    /// The number of the last record.
    last: u64,
    bytes: Vec<u8>,
    unsynced: Option<Instant>,
}

impl Writer {
    pub(super) fn new(
        (receiver, state): (mpsc::UnboundedReceiver<Note>, Arc<State>),
        settings: &Settings,
        last: u64,
    ) -> io::Result<Self> {
        let file = segment::create(&settings.folder, last + 1)?;
        Ok(Self {
            receiver,
            state,
            folder: settings.folder.clone(),
            sync: settings.sync,
            length: file.metadata()?.len(),
            file,
            last,
            bytes: Vec::new(),
            unsynced: None,
        })
    }

    /// Writes until nobody can call any more and everything is written.
    pub async fn run(mut self, served: CancellationToken) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            let due = self.unsynced.map_or_else(|| Instant::now() + SYNC_EVERY, |since| since + SYNC_EVERY);
            tokio::select! {
                biased;
                count = timeout_at(due, self.receiver.recv_many(&mut group, GROUP)) => match count {
                    Ok(0) => break,
                    Ok(_) => {
                        // Whoever is ready to run may end a call, too: one write for all of them.
                        tokio::task::yield_now().await;
                        while group.len() < GROUP && let Ok(note) = self.receiver.try_recv() {
                            group.push(note);
                        }
                        self.keep(&mut group, &served).await;
                    }
                    Err(_) => self.sync_out().await,
                },
                () = served.cancelled() => {
                    self.receiver.close();
                    if self.receiver.is_empty() {
                        break;
                    }
                }
            }
        }
        self.sync_out().await;
    }

    /// Writes a group, however often that takes. After the stop it is tried once only.
    async fn keep(&mut self, group: &mut Vec<Note>, served: &CancellationToken) {
        let mut failures = 0;
        while let Err(error) = self.append(group).await {
            self.state.broken.store(true, Ordering::Release);
            metrics::counter!(names::JOURNAL_FAILURES).increment(1);
            if failures == 0 {
                tracing::error!(%error, folder = %self.folder.display(), records = group.len(),
                    "the journal cannot be written: no call is begun until it can; free the disk");
            }
            if served.is_cancelled() {
                tracing::error!(records = group.len(), "stopped before the journal could be written");
                group.clear();
                return;
            }
            sleep(pause(failures)).await;
            failures += 1;
        }
        if self.state.broken.swap(false, Ordering::AcqRel) {
            tracing::info!("the journal can be written again");
        }
        let count = u64::try_from(group.len()).unwrap_or(u64::MAX);
        for (sequence, Note { record, written }) in (self.last + 1 - count..).zip(group.drain(..)) {
            self.state.remember(sequence, record);
            let _nobody_waits: Result<(), ()> = oneshot::Sender::send(written, ());
        }
        self.state.backlog.fetch_sub(count, Ordering::AcqRel);
        self.state.written.store(self.last, Ordering::Release);
        self.state.grown.notify_one();
        if self.length > SEGMENT {
            self.rotate();
        }
    }

    /// All of the group, or nothing.
    async fn append(&mut self, group: &[Note]) -> io::Result<()> {
        self.bytes.clear();
        let mut last = self.last;
        for Note { record, .. } in group {
            last += 1;
            frame::write(&mut self.bytes, last, record)?;
        }
        if let Err(error) = self.file.write_all(&self.bytes) {
            // What went in of it must not stand before what comes next.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        match self.sync {
            Fsync::Always => {
                if let Err(error) = self.force().await {
                    self.file.set_len(self.length)?;
                    return Err(error);
                }
            }
            Fsync::Interval => self.unsynced = self.unsynced.or(Some(Instant::now())),
            Fsync::Never => {}
        }
        let added = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.length += added;
        self.last = last;
        self.state.bytes.fetch_add(added, Ordering::AcqRel);
        Ok(())
    }

    async fn sync_out(&mut self) {
        if self.unsynced.take().is_some()
            && let Err(error) = self.force().await
        {
            tracing::warn!(%error, "the journal could not be forced onto the disk");
        }
    }

    /// Onto the disk; a slow one holds up nobody but those who asked for it.
    async fn force(&self) -> io::Result<()> {
        let file = self.file.try_clone()?;
        match tokio::task::spawn_blocking(move || file.sync_data()).await {
            Ok(done) => done,
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn rotate(&mut self) {
        match segment::create(&self.folder, self.last + 1) {
            Ok(file) => {
                self.file = file;
                self.length = 0;
            }
            Err(error) => tracing::warn!(%error, "the journal goes on in the old segment"),
        }
    }
}

#[cfg(test)]
impl Writer {
    /// Writes somewhere else from now on.
    pub(super) fn replace_file(&mut self, file: File) {
        self.file = file;
    }
}
