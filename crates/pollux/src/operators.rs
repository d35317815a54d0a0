//! Who may administer: the holder of the admin token, and operators with a name of their own.
//!
//! Invariant: only this room says who an operator is; a user's key never makes one.

mod token;

use std::sync::Arc;

use crate::secret::{MasterKey, Secret};
use crate::store::{Store, StoreError};

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look at everything, change nothing.
    Viewer,
    /// Everything.
    Admin,
}

/// How an operator was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// By the admin token, which came with the request.
    Token,
    /// Not at all: administration is open to everybody on this machine.
    Nothing,
}

/// Somebody who was let in to administer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name that stands in the audit and beside what was changed.
    pub name: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// How it was recognised.
    pub via: Via,
}

/// How the holder of the admin token is recognised.
#[derive(Clone, Debug)]
pub enum AdminRule {
    /// By this token; without one, by the token of an earlier start, or else by one that is made now.
    Token(Option<Secret>),
    /// Not at all. Only for a gateway that listens on loopback; whoever reads the configuration makes sure of it.
    Off,
}

/// Why somebody may not administer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No credential came with the request.
    #[error("no admin credential was given")]
    Missing,
    /// Nobody has this credential.
    #[error("the credential is not known here")]
    Unknown,
    /// The operator may look, but not do this.
    #[error("the role does not allow it")]
    Role,
}

/// Why an operator or the token could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The store failed or has no such operator.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The admin token cannot be used.
    #[error("the admin token {0}")]
    Token(&'static str),
}

/// The door to administration.
#[derive(Debug)]
pub struct Operators {
    store: Arc<dyn Store>,
    token: token::Gate,
}

impl Operators {
    /// Settles how the admin is recognised. A token that was made now is given back, to be printed; it cannot be read
    /// again.
    pub async fn open(
        store: Arc<dyn Store>,
        master: &MasterKey,
        rule: AdminRule,
    ) -> Result<(Self, Option<Secret>), OperatorError> {
        let (token, fresh) = token::Gate::open(&*store, master, rule).await?;
        Ok((Self { store, token }, fresh))
    }

    /// Who holds this token.
    pub fn token(&self, presented: Option<&str>) -> Result<Operator, Refused> {
        self.token.admit(presented)
    }
}

impl Role {
    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Admin => "admin",
        }
    }
}

impl Operator {
    /// Refuses who has not at least this role.
    pub fn at_least(self, role: Role) -> Result<Self, Refused> {
        if self.role >= role { Ok(self) } else { Err(Refused::Role) }
    }
}

#[cfg(test)]
mod tests;
