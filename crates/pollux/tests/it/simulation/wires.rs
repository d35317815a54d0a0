//! The way to Google within the process, and what goes wrong on it below HTTP.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hyper::Uri;
use pollux::upstream::Pipes;
use simulator::Simulator;
use tokio::io::DuplexStream;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// What a pipe holds until the other side reads.
const DEPTH: usize = 64 << 10;

/// Pipes to the simulator.
pub(super) struct Wires {
    simulator: Simulator,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// So many connections are refused.
    refused: u32,
    /// So many connections never come about.
    silent: u32,
    open: Vec<AbortHandle>,
}

impl Wires {
    pub(super) fn new(simulator: Simulator) -> Arc<Self> {
        Arc::new(Self { simulator, state: Mutex::default() })
    }

    /// The next connections are refused, and all open ones cut.
    pub(super) fn refuse(&self, connections: u32) {
        self.cut();
        self.state.lock().unwrap().refused = connections;
    }

    /// The next connections never come about, and all open ones are cut.
    pub(super) fn fall_silent(&self, connections: u32) {
        self.cut();
        self.state.lock().unwrap().silent = connections;
    }

    /// All open connections break, whatever is under way on them.
    pub(super) fn cut(&self) {
        let open = std::mem::take(&mut self.state.lock().unwrap().open);
        open.iter().for_each(AbortHandle::abort);
    }

    /// Nothing goes wrong from here on.
    pub(super) fn heal(&self) {
        let mut state = self.state.lock().unwrap();
        (state.refused, state.silent) = (0, 0);
    }
}

#[async_trait]
impl Pipes for Wires {
    async fn open(&self, _: &Uri) -> io::Result<DuplexStream> {
        let silent = {
            let mut state = self.state.lock().unwrap();
            if state.refused > 0 {
                state.refused -= 1;
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let silent = state.silent > 0;
            state.silent = state.silent.saturating_sub(1);
            silent
        };
        if silent {
            std::future::pending::<()>().await;
        }
        let (ours, theirs) = tokio::io::duplex(DEPTH);
        let served = Handle::current().spawn(self.simulator.clone().serve_stream(theirs));
        let mut state = self.state.lock().unwrap();
        state.open.retain(|connection| !connection.is_finished());
        state.open.push(served.abort_handle());
        Ok(ours)
    }
}

impl fmt::Debug for Wires {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wires")
    }
}
