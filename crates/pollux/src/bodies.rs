//! What was said in calls, for users of whom it is kept: request and answer, in the client's words and in Gemini's.
//!
//! Off for every user until an operator switches it on. Calls never wait for it: texts are copied while they pass, up to a
//! limit, and one task compresses and stores them once the call is over. When that task cannot keep up, calls are left
//! out, and that is counted and said. A clean-up forgets them after the days that the settings say.
//!
//! Invariant: no text is stored before what looks like a key was blotted out, and none of a user that did not want it.

mod sheet;
mod text;
mod writer;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::settings::Live;
use crate::store::record::{BodiesRow, UserId};

pub use sheet::{Part, Sheet};
pub use text::{Said, read};
pub use writer::Writer;

/// Calls that may wait to be stored.
const BACKLOG: usize = 64;

/// Where what is said is noted. Clones are the same.
#[derive(Clone, Debug)]
pub struct Bodies(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Live,
    clock: Arc<dyn Clock>,
    /// Calls under way, by their id.
    open: Mutex<HashMap<String, Arc<Sheet>>>,
    sender: mpsc::Sender<Arc<Sheet>>,
    lost: Arc<AtomicU64>,
}

/// A call of which it is noted what is said, until this is dropped: then it is stored.
#[derive(Debug)]
pub struct Noting {
    bodies: Bodies,
    sheet: Arc<Sheet>,
}

impl Bodies {
    /// Somebody has to run the writer.
    pub fn new(settings: Live, clock: Arc<dyn Clock>) -> (Self, Writer) {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let lost = Arc::<AtomicU64>::default();
        let writer = Writer::new(receiver, Arc::clone(&lost));
        (Self(Arc::new(Inner { settings, clock, open: Mutex::default(), sender, lost })), writer)
    }

    /// A call begins of which it is noted what is said.
    pub fn begin(&self, call: &str, user: UserId) -> Noting {
        let most = usize::try_from(self.0.settings.now().bodies_max_kb).unwrap_or(usize::MAX);
        let sheet = Arc::new(Sheet::new(call, user, self.0.clock.now(), most.saturating_mul(1_024)));
        self.open().insert(call.to_owned(), Arc::clone(&sheet));
        Noting { bodies: self.clone(), sheet }
    }

    /// The sheet of a call under way, if what is said in it is noted.
    pub fn sheet(&self, call: &str) -> Option<Arc<Sheet>> {
        self.open().get(call).cloned()
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Sheet>>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noting {
    /// Where to note it.
    pub fn sheet(&self) -> &Arc<Sheet> {
        &self.sheet
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        self.bodies.open().remove(self.sheet.call());
        if self.bodies.0.sender.try_send(Arc::clone(&self.sheet)).is_err() {
            self.bodies.0.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A row for the store; none if nothing was said.
fn row(sheet: &Sheet) -> Option<BodiesRow> {
    let content = text::pack(&sheet.said())?;
    Some(BodiesRow { call: sheet.call().to_owned(), at: sheet.at(), user: sheet.user().clone(), content })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, Moment};
    use crate::settings::Values;

    fn bodies(most_kb: u32) -> (Bodies, Writer) {
        let values = Values { bodies_max_kb: most_kb, ..Values::of_defaults().unwrap() };
        Bodies::new(Live::fixed(values), Arc::new(ManualClock::new(Moment(7))))
    }

    #[test]
    fn what_is_said_comes_back_without_keys() {
        let (bodies, mut writer) = bodies(256);
        assert!(bodies.sheet("req_1").is_none());
        let noting = bodies.begin("req_1", "user_1".into());
        let key = format!("AIzaSy{}", "a1B".repeat(11));
        let request = format!("{{\"messages\":[\"my key is {key}\"]}}");
        bodies.sheet("req_1").unwrap().note(Part::Request, request.as_bytes());
        noting.sheet().note(Part::Response, b"data: one\n\n");
        noting.sheet().note(Part::Response, b"data: [DONE]\n\n");
        drop(noting);
        assert!(bodies.sheet("req_1").is_none(), "a call that is over is not under way");
        let row = row(&writer.waiting().unwrap()).unwrap();
        assert_eq!((row.call.as_str(), row.user.as_str(), row.at), ("req_1", "user_1", Moment(7)));
        let said = read(&row.content).unwrap();
        assert_eq!(said.response, "data: one\n\ndata: [DONE]\n\n");
        assert_eq!(said.request, r#"{"messages":["my key is ***"]}"#);
        assert!(said.cut.is_empty() && said.gemini_request.is_empty());
    }

    #[test]
    fn a_text_is_cut_where_it_is_too_long_and_between_letters() {
        let (bodies, mut writer) = bodies(1);
        let noting = bodies.begin("req_1", "user_1".into());
        for _ in 0..500 {
            noting.sheet().note(Part::Request, "钥".as_bytes());
        }
        drop(noting);
        let said = read(&row(&writer.waiting().unwrap()).unwrap().content).unwrap();
        assert_eq!(said.request, "钥".repeat(341));
        assert_eq!(said.cut, ["request"]);
    }

    #[test]
    fn nobody_waits_for_a_writer_that_is_late() {
        let (bodies, mut writer) = bodies(1);
        for number in 0..BACKLOG + 5 {
            let noting = bodies.begin(&format!("req_{number}"), "user_1".into());
            noting.sheet().note(Part::Request, b"x");
        }
        let mut stored = 0;
        while writer.waiting().is_some() {
            stored += 1;
        }
        assert_eq!((stored, bodies.0.lost.load(Ordering::Relaxed)), (BACKLOG, 5));
    }

    #[test]
    fn nothing_said_is_nothing_kept_and_nonsense_is_not_read() {
        let (bodies, mut writer) = bodies(1);
        drop(bodies.begin("req_1", "user_1".into()));
        assert!(row(&writer.waiting().unwrap()).is_none());
        assert!(read(b"").is_none() && read(b"nonsense").is_none());
    }
}
