//! The one task that stores what was said.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::{Sheet, row};
use crate::store::Store;
use crate::store::record::BodiesRow;

/// Calls that are stored together.
const AT_ONCE: usize = 16;

/// Stores calls that are over.
#[derive(Debug)]
pub struct Writer {
    receiver: mpsc::Receiver<Arc<Sheet>>,
    lost: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn new(receiver: mpsc::Receiver<Arc<Sheet>>, lost: Arc<AtomicU64>) -> Self {
        Self { receiver, lost }
    }

    /// Stores until there can be no more calls: `served` is over, or nobody notes anything any longer.
    pub async fn run(mut self, store: Arc<dyn Store>, served: impl Future<Output = ()>) {
        let mut served = pin!(served);
        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            let came = tokio::select! {
                biased;
                came = self.receiver.recv_many(&mut some, AT_ONCE) => came,
                () = &mut served => 0,
            };
            if came == 0 {
                break;
            }
            self.keep(std::mem::take(&mut some), &*store).await;
        }
        while let Some(sheet) = self.waiting() {
            self.keep(vec![sheet], &*store).await;
        }
    }

    /// The next call that is over, if one is.
    pub(super) fn waiting(&mut self) -> Option<Arc<Sheet>> {
        self.receiver.try_recv().ok()
    }

    async fn keep(&self, sheets: Vec<Arc<Sheet>>, store: &dyn Store) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "what was said in calls came faster than it could be stored");
        }
        // A megabyte of text takes the processor longer than a task should.
        let packing = tokio::task::spawn_blocking(move || -> Vec<BodiesRow> {
            sheets.iter().filter_map(|sheet| row(sheet)).collect()
        });
        let rows = packing.await.unwrap_or_default();
        if let Err(error) = store.add_bodies(&rows).await {
            tracing::warn!(%error, calls = rows.len(), "what was said in calls was not stored");
        }
    }
}
