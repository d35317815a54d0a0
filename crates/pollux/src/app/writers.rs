//! The tasks that write down what calls leave behind. Calls wait for none of them.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::lifecycle::Lifecycle;
use crate::store::Store;
use crate::telemetry::trace;
use crate::{bodies, calllog};

/// Who writes what.
pub(super) struct Writers {
    /// A line for each call, if there is a file for it.
    pub(super) calls: Option<calllog::Writer>,
    /// What was said, of users of whom it is kept.
    pub(super) bodies: bodies::Writer,
    /// Traces, if somebody collects them.
    pub(super) traces: Option<trace::Exporter>,
}

impl Writers {
    /// Starts them. They end once nobody can call any more.
    pub(super) fn start(self, lifecycle: &Lifecycle, store: &Arc<dyn Store>, served: &CancellationToken) {
        let Self { calls, bodies, traces } = self;
        if let Some(writer) = calls {
            lifecycle.spawn("call log", writer.run(served.clone().cancelled_owned()));
        }
        lifecycle.spawn("bodies", bodies.run(Arc::clone(store), served.clone().cancelled_owned()));
        if let Some(exporter) = traces {
            lifecycle.spawn("traces", exporter.run(served.clone().cancelled_owned()));
        }
    }
}
