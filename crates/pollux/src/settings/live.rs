//! The snapshot that everybody reads.

use std::sync::{Arc, PoisonError, RwLock};

use super::Values;

/// A reader's handle. Cheap to clone, cheap to ask.
#[derive(Clone, Debug)]
pub struct Live(Arc<RwLock<Arc<Values>>>);

impl Live {
    /// Settings that nobody changes; for tests, and until the store is open.
    pub fn fixed(values: Values) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(values))))
    }

    /// What holds now. Take it once for what belongs together.
    pub fn now(&self) -> Arc<Values> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put(&self, values: Values) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(values);
    }
}
