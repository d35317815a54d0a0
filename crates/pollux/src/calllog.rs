//! The call log: one JSON line for each call that ended, to be put through `pollux replay` later.
//!
//! Off unless a file is named. A line says who asked when for which model, how many tokens it took, how long, and how it
//! ended. Calls never wait for the file: when the writer cannot keep up, lines are left out, and that is counted and said.
//!
//! Invariant: no content and no key is ever written; whoever begins an entry ends it, if only by dropping it.

mod line;
mod writer;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::clock::{Clock, Moment, iso};
use crate::telemetry::names;

pub use line::{At, Line};
pub use writer::Writer;

/// How a call ended that was answered to the end.
pub const ANSWERED: &str = "answered";
/// How a call ended whose answer broke off.
pub const CUT: &str = "cut";
/// How a call ended whose client went away.
pub const DROPPED: &str = "dropped";

/// Lines that may wait for the writer.
const BACKLOG: usize = 8_192;

/// Where calls are noted, or nowhere. Clones are the same log.
#[derive(Clone, Default)]
pub struct CallLog(Option<Arc<Open>>);

struct Open {
    clock: Arc<dyn Clock>,
    sender: mpsc::Sender<Line>,
    lost: Arc<AtomicU64>,
}

/// What is known of a call when it begins.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The user's id.
    pub user: String,
    /// The model's id.
    pub model: String,
    /// Input tokens as estimated; they stand unless Google counts them.
    pub input_tokens: u64,
}

/// A call under way. Dropped without an end, it is noted as one whose client went away.
#[derive(Default)]
pub struct Entry(Option<Box<Noted>>);

struct Noted {
    log: Arc<Open>,
    began: Moment,
    line: Line,
}

impl CallLog {
    /// A log in this file, which is made if there is none, for nobody else to read, and appended to.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> io::Result<(Self, Writer)> {
        Ok(Self::over(writer::open(path)?, clock, BACKLOG))
    }

    fn over(file: std::fs::File, clock: Arc<dyn Clock>, backlog: usize) -> (Self, Writer) {
        let (sender, receiver) = mpsc::channel(backlog);
        let lost = Arc::<AtomicU64>::default();
        let writer = Writer::new(file, receiver, Arc::clone(&lost));
        (Self(Some(Arc::new(Open { clock, sender, lost }))), writer)
    }

    /// A call begins. Nothing is asked of it if there is no log.
    pub fn begin(&self, call: impl FnOnce() -> Begun) -> Entry {
        let Some(log) = &self.0 else { return Entry::default() };
        let Begun { user, model, input_tokens } = call();
        let began = log.clock.now();
        let line = Line {
            at: At::Iso(iso(began)),
            user,
            model,
            input_tokens,
            output_tokens: 0,
            ms: 0,
            project: None,
            attempts: 0,
            outcome: String::new(),
        };
        Entry(Some(Box::new(Noted { log: Arc::clone(log), began, line })))
    }
}

impl Entry {
    /// An attempt on this project failed.
    pub fn failed(&mut self, project: &str) {
        if let Some(noted) = &mut self.0 {
            noted.line.attempts += 1;
            noted.line.project = Some(project.to_owned());
        }
    }

    /// This project answers, and the call took so many attempts.
    pub fn served(&mut self, project: &str, attempts: u32) {
        if let Some(noted) = &mut self.0 {
            noted.line.attempts = attempts;
            noted.line.project = Some(project.to_owned());
        }
    }

    /// Google counted so many tokens in and out.
    pub fn counted(&mut self, (input, output): (u64, u64)) {
        if let Some(noted) = &mut self.0 {
            noted.line.input_tokens = input;
            noted.line.output_tokens = output;
        }
    }

    /// The call has ended like this; what ends later is not noted.
    pub fn end(&mut self, outcome: &str) {
        let Some(noted) = self.0.take() else { return };
        let Noted { log, began, mut line } = *noted;
        line.ms = log.clock.now().since(began).max(0);
        outcome.clone_into(&mut line.outcome);
        if log.sender.try_send(line).is_err() {
            log.lost.fetch_add(1, Ordering::Relaxed);
            metrics::counter!(names::CALL_LOG_LOST).increment(1);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.end(DROPPED);
    }
}

impl fmt::Debug for CallLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("CallLog").field(&self.0.is_some()).finish()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Entry").field(&self.0.as_ref().map(|noted| &noted.line)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;

    fn begun() -> Begun {
        Begun { user: String::from("u"), model: String::from("m"), input_tokens: 7 }
    }

    fn lines(path: &Path) -> Vec<Line> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_ends_is_written_and_what_is_dropped_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        let clock = Arc::new(ManualClock::new(Moment(1_795_377_600_000)));
        let (log, writer) = CallLog::open(&path, Arc::clone(&clock) as _).unwrap();
        let mut first = log.begin(begun);
        let mut second = log.begin(begun);
        drop(log.begin(begun));
        clock.advance(Duration::from_millis(1_500));
        first.served("p", 2);
        first.counted((11, 22));
        first.end(ANSWERED);
        second.failed("q");
        second.end("busy");
        // Ended already: nothing more comes of it.
        drop((first, second, log));
        writer.run(std::future::pending::<()>()).await;
        let text = std::fs::read_to_string(&path).unwrap();
        insta::assert_snapshot!(text, @r#"
        {"at":"2026-11-22T20:00:00Z","user":"u","model":"m","input_tokens":7,"output_tokens":0,"ms":0,"project":null,"attempts":0,"outcome":"dropped"}
        {"at":"2026-11-22T20:00:00Z","user":"u","model":"m","input_tokens":11,"output_tokens":22,"ms":1500,"project":"p","attempts":2,"outcome":"answered"}
        {"at":"2026-11-22T20:00:00Z","user":"u","model":"m","input_tokens":7,"output_tokens":0,"ms":1500,"project":"q","attempts":1,"outcome":"busy"}
        "#);
        let modes = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(modes & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_full_backlog_loses_lines_and_counts_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        let clock = Arc::new(ManualClock::new(Moment(0)));
        let (log, writer) = CallLog::over(writer::open(&path).unwrap(), clock, 2);
        for _ in 0..5 {
            log.begin(begun).end(ANSWERED);
        }
        assert_eq!(log.0.as_ref().unwrap().lost.load(Ordering::Relaxed), 3);
        drop(log);
        writer.run(std::future::pending::<()>()).await;
        assert_eq!(lines(&path).len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn lines_are_on_disk_after_a_second_and_a_stop_or_a_drop_leaves_none_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        let clock = Arc::new(ManualClock::new(Moment(0)));
        let (log, writer) = CallLog::open(&path, Arc::clone(&clock) as _).unwrap();
        let mut running = Box::pin(writer.run(std::future::pending::<()>()));
        log.begin(begun).end(ANSWERED);
        assert!(tokio::time::timeout(Duration::from_secs(2), &mut running).await.is_err());
        assert_eq!(lines(&path).len(), 1);
        log.begin(begun).end(ANSWERED);
        drop(running);
        assert_eq!(lines(&path).len(), 2, "dropped, as by a hard stop");

        let (log, writer) = CallLog::open(&path, clock).unwrap();
        log.begin(begun).end(ANSWERED);
        writer.run(std::future::ready(())).await;
        assert_eq!(lines(&path).len(), 3, "appended");
    }

    #[test]
    fn no_log_asks_nothing() {
        let mut entry = CallLog::default().begin(|| panic!("nobody wants to know"));
        entry.served("p", 1);
        entry.end(ANSWERED);
    }
}
