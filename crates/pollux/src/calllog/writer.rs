//! The one task that writes the call log.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::line::Line;

/// How long a line may wait to be written.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Bytes that are written without waiting for the second to end.
const ENOUGH: usize = 1 << 16;

/// Writes lines. Dropping it writes what is there, so that even a hard stop loses nothing that had ended.
#[derive(Debug)]
pub struct Writer {
    file: File,
    receiver: mpsc::Receiver<Line>,
    lost: Arc<AtomicU64>,
    text: Vec<u8>,
}

pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Writer {
    pub(super) fn new(file: File, receiver: mpsc::Receiver<Line>, lost: Arc<AtomicU64>) -> Self {
        Self { file, receiver, lost, text: Vec::new() }
    }

    /// Writes until there can be no more calls: `served` is over, or nobody holds the log any longer.
    pub async fn run(mut self, served: impl Future<Output = ()>) {
        let mut served = pin!(served);
        let mut tick = interval(FLUSH_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = &mut served => break,
                _ = tick.tick() => self.flush(),
                line = self.receiver.recv() => match line {
                    Some(line) => self.add(&line),
                    None => break,
                },
            }
        }
    }

    fn add(&mut self, line: &Line) {
        if serde_json::to_writer(&mut self.text, line).is_ok() {
            self.text.push(b'\n');
        }
        if self.text.len() >= ENOUGH {
            self.flush();
        }
    }

    /// Appends to a file, once a second: too little to hand to another thread.
    fn flush(&mut self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "the call log could not keep up and left lines out");
        }
        if self.text.is_empty() {
            return;
        }
        if let Err(error) = self.file.write_all(&self.text) {
            tracing::warn!(%error, "the call log could not be written; lines are lost");
        }
        self.text.clear();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        while let Ok(line) = self.receiver.try_recv() {
            self.add(&line);
        }
        self.flush();
    }
}
