//! What a model name means on a given day, and what the model can do.
//!
//! Invariant: every decision follows the model that really answers, aliases and reroutes resolved.

use dialect::model::{Capabilities, Catalogue};

use crate::clock::Moment;

/// What a model name means.
#[derive(Clone, Debug)]
pub struct Meant {
    /// What goes into the path.
    pub upstream_id: String,
    /// What the model that really answers can do.
    pub capabilities: Capabilities,
}

/// A name that means nothing here.
#[derive(Debug, thiserror::Error)]
#[error("The model “{0}” is not known here. GET /v1/models lists those that are.")]
pub struct UnknownModel(String);

/// What model names mean.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    catalogue: &'static Catalogue,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { catalogue: Catalogue::builtin() }
    }
}
