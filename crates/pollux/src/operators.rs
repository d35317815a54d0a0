//! Who may administer: the holder of the admin token, and operators with a name and a password of their own.
//!
//! A browser gets a session: a random cookie of which the store keeps an HMAC, so that neither the database nor a backup
//! opens anything. Sessions are looked up in the store by each request, so that taking one back works at once and on
//! every replica.
//!
//! Invariant: only this room says who an operator is; a user's key never makes one.

mod password;
mod people;
mod session;
mod throttle;
mod token;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::secret::{Lookup, MasterKey, Secret};
use crate::store::{Store, StoreError};

use password::Hasher;
use throttle::Throttle;

pub use people::{OperatorChange, Person};
pub use session::{Credentials, Opened, Visitor};

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look at everything, change nothing.
    Viewer,
    /// Everything.
    Admin,
}

/// How an operator was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// By the admin token, which came with the request.
    Token,
    /// By a session.
    Session(Session),
    /// Not at all: administration is open to everybody on this machine.
    Nothing,
}

/// A session that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id, which opens nothing.
    pub id: Arc<str>,
    /// When its operator last proved who it is.
    pub confirmed_at: Moment,
    /// When it ends whatever happens.
    pub ends_at: Moment,
    /// What must come with each change, as a header.
    pub csrf: Arc<str>,
}

/// Somebody who was let in to administer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its id; the holder of the admin token has none.
    pub id: Option<Arc<str>>,
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

/// How long things last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A session ends when it was not used for this long.
    pub idle: Duration,
    /// A session ends after this long, used or not.
    pub absolute: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { idle: Duration::from_hours(2), absolute: Duration::from_hours(24) }
    }
}

/// How long a proof of who one is opens what shows secrets.
pub const CONFIRMED_FOR: Duration = Duration::from_mins(5);

/// Why somebody may not administer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No credential came with the request.
    #[error("no admin credential was given")]
    Missing,
    /// Nobody has this credential.
    #[error("the credential is not known here")]
    Unknown,
    /// The session is over.
    #[error("the session is over")]
    Over,
    /// Name or password is wrong, or the operator is switched off; which of them is nobody's business.
    #[error("name or password is wrong")]
    Login,
    /// The operator may look, but not do this.
    #[error("the role does not allow it")]
    Role,
    /// A change by a session came without the session's token.
    #[error("the session's token is missing")]
    Csrf,
    /// The request was made by a page of another site.
    #[error("another site asked for it")]
    Foreign,
    /// Who it is was proved too long ago.
    #[error("the proof is too old")]
    Stale,
    /// Too many logins failed.
    #[error("too many logins failed")]
    Throttled {
        /// How long to wait.
        wait: Duration,
    },
    /// Too many logins are under way.
    #[error("too many logins are under way")]
    Busy,
}

/// Why an operator or the token could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The store failed or has no such operator.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was not let in.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The admin token cannot be used.
    #[error("the admin token {0}")]
    Token(&'static str),
    /// The name is not one.
    #[error("the name {0}")]
    Name(&'static str),
    /// The password cannot be used.
    #[error("the password {0}")]
    Password(&'static str),
    /// There are operators already.
    #[error("the gateway was set up already")]
    Claimed,
}

/// The door to administration.
#[derive(Debug)]
pub struct Operators {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    token: token::Gate,
    cookies: Lookup,
    csrf: Lookup,
    hasher: Hasher,
    throttle: Throttle,
    /// Held while operators change, so that nobody writes back what another has just changed.
    changing: tokio::sync::Mutex<()>,
}

impl Operators {
    /// Settles how the admin is recognised. A token that was made now is given back, to be printed; it cannot be read
    /// again.
    pub async fn open(
        store: Arc<dyn Store>,
        master: &MasterKey,
        clock: Arc<dyn Clock>,
        rule: AdminRule,
    ) -> Result<(Self, Option<Secret>), OperatorError> {
        let (token, fresh) = token::Gate::open(&*store, master, rule).await?;
        let operators = Self {
            store,
            clock,
            settings: Settings::default(),
            token,
            cookies: master.lookup("session"),
            csrf: master.lookup("csrf"),
            hasher: Hasher::new(),
            throttle: Throttle::default(),
            changing: tokio::sync::Mutex::default(),
        };
        Ok((operators, fresh))
    }

    /// The same door with these settings.
    #[must_use]
    pub fn with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Whether administration is open to everybody on this machine.
    pub fn is_open(&self) -> bool {
        self.token.is_off()
    }

    /// What has to be done now and then: forgets sessions that are over, and learns of a token that another process set.
    pub async fn tend(&self) -> Result<(), OperatorError> {
        self.token.refresh(&*self.store).await?;
        self.forget_old_sessions().await?;
        Ok(())
    }

    /// Who holds this token.
    pub fn token(&self, presented: Option<&str>) -> Result<Operator, Refused> {
        self.token.admit(presented)
    }

    /// Who holds this token, if not too many wrong ones came from its address.
    pub fn token_from(&self, presented: &str, address: Option<IpAddr>) -> Result<Operator, Refused> {
        let now = self.clock.now();
        self.throttle.may_present(address, now)?;
        let found = self.token.admit(Some(presented));
        if found == Err(Refused::Unknown) {
            self.throttle.presented_wrong(address, now);
        }
        found
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

    /// The role of this name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Admin].into_iter().find(|role| role.as_str() == name)
    }
}

impl Via {
    /// As it is stored and shown.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session(_) => "session",
            Self::Nothing => "nothing",
        }
    }
}

impl Operator {
    /// Refuses who has not at least this role.
    pub fn at_least(self, role: Role) -> Result<Self, Refused> {
        if self.role >= role { Ok(self) } else { Err(Refused::Role) }
    }

    /// Refuses who has not proved lately who it is. The admin token proves it with every request.
    pub fn lately(self, now: Moment) -> Result<Self, Refused> {
        let lately = match &self.via {
            Via::Token => true,
            Via::Session(session) => within(session.confirmed_at, CONFIRMED_FOR, now),
            Via::Nothing => false,
        };
        if lately { Ok(self) } else { Err(Refused::Stale) }
    }
}

/// Whether something of `then` is younger than `span`.
fn within(then: Moment, span: Duration, now: Moment) -> bool {
    u128::try_from(now.0.saturating_sub(then.0)).map_or(true, |passed| passed < span.as_millis())
}

#[cfg(test)]
mod tests;
