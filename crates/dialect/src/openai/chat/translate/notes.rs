//! What becomes of parameters that cannot be honoured: ignored by name, or refused (`wire.md` §3.2).

use crate::openai::chat::Policy;
use crate::openai::error::ApiError;

/// Names that are reported at most; the header has to stay small.
const MAX_NAMES: usize = 32;
/// Characters of one name at most.
const MAX_NAME: usize = 64;

/// Collects the names of ignored parameters.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    policy: &'a Policy,
    ignored: Vec<String>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(policy: &'a Policy) -> Self {
        Self { policy, ignored: Vec::new() }
    }

    /// What the operator decided.
    pub(super) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// A parameter whose absence does no harm: dropped, or refused if the operator is strict.
    pub(super) fn ignore(&mut self, name: &str, reason: &str) -> Result<(), ApiError> {
        if self.policy.strict_params && !self.policy.drop_params {
            return Err(ApiError::unsupported(name, format!("{reason} Leave it out.")));
        }
        self.record(name);
        Ok(())
    }

    /// A parameter whose absence would change the answer: refused, or dropped if the operator says so.
    pub(super) fn refuse(&mut self, name: &str, reason: &str) -> Result<(), ApiError> {
        if !self.policy.drop_params {
            return Err(ApiError::unsupported(name, reason));
        }
        self.record(name);
        Ok(())
    }

    /// The names, each once, fit for a header.
    pub(super) fn into_names(self) -> Vec<String> {
        self.ignored
    }

    fn record(&mut self, name: &str) {
        let legal = |c: &char| c.is_ascii_alphanumeric() || "_.-[]".contains(*c);
        let name: String = name.chars().filter(legal).take(MAX_NAME).collect();
        if !name.is_empty() && !self.ignored.contains(&name) && self.ignored.len() < MAX_NAMES {
            self.ignored.push(name);
        }
    }
}
