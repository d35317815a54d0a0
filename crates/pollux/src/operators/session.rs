//! Logging in, being recognised by a cookie, logging out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::throttle::Attempt;
use super::{Operator, OperatorError, Operators, Refused, Role, Session, Via, within};
use crate::clock::Moment;
use crate::id;
use crate::secret::{Secret, same};
use crate::store::record::{OperatorRow, SessionRow};

/// Letters of a cookie: more than 250 bits.
const LETTERS: usize = 43;
/// How often the use of a session is written down.
const NOTED_EVERY: Duration = Duration::from_mins(1);
/// The most of a client's name that is kept.
const LONGEST_AGENT: usize = 200;

/// What somebody proves with who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// The admin token.
    Token(Secret),
    /// An operator's name and password.
    Password {
        /// The name.
        name: String,
        /// The password.
        password: Secret,
    },
}

/// Who stands at the door.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// Where from.
    pub address: Option<IpAddr>,
    /// With which program.
    pub agent: String,
}

/// A session that was opened now.
#[derive(Debug)]
pub struct Opened {
    /// The cookie. It cannot be read again.
    pub cookie: Secret,
    /// How long the browser should keep it.
    pub keep_for: Duration,
    /// Who it is.
    pub operator: Operator,
}

impl Operators {
    /// Opens a session for whoever proves who it is. Always with a fresh cookie: one that was there before opens nothing
    /// more than it did.
    pub async fn log_in(
        &self,
        credentials: &Credentials,
        visitor: &Visitor,
    ) -> Result<Opened, OperatorError> {
        let row = self.prove(credentials, visitor.address).await?;
        self.open_session(row, visitor).await
    }

    /// Somebody with a session proves again who it is; what shows secrets is open for a while.
    pub async fn confirm(
        &self,
        operator: &Operator,
        credentials: &Credentials,
        visitor: &Visitor,
    ) -> Result<(), OperatorError> {
        let Via::Session(session) = &operator.via else { return Ok(()) };
        let row = self.prove(credentials, visitor.address).await?;
        // The admin token proves everybody; another operator's password does not.
        if row.as_ref().is_some_and(|row| Some(row.id.as_str()) != operator.id.as_deref()) {
            return Err(Refused::Login.into());
        }
        let now = self.clock.now();
        Ok(self.store.touch_session(&session.id, now, now).await?)
    }

    /// Whose session this cookie is.
    pub async fn by_cookie(&self, cookie: &str) -> Result<Operator, OperatorError> {
        let now = self.clock.now();
        let row = self.store.session(&self.cookies.hash(cookie)).await?.ok_or(Refused::Over)?;
        let fresh = within(row.seen_at, self.settings.idle, now)
            && within(row.created_at, self.settings.absolute, now);
        if !fresh {
            return Err(Refused::Over.into());
        }
        let person = self.person_of(&row).await?;
        if !within(row.seen_at, NOTED_EVERY, now) {
            match self.store.touch_session(&row.id, now, row.confirmed_at).await {
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "the use of a session was not noted"),
            }
        }
        let csrf = self.csrf_of(cookie);
        Ok(self.operator_of(person, &row, csrf))
    }

    /// Whether `presented` is what must come with the changes of this session.
    pub fn is_csrf_of(session: &Session, presented: Option<&str>) -> bool {
        presented.is_some_and(|presented| same(presented.trim().as_bytes(), session.csrf.as_bytes()))
    }

    /// Ends a session.
    pub async fn end_session(&self, id: &str) -> Result<(), OperatorError> {
        Ok(self.store.delete_session(id).await?)
    }

    /// Ends all sessions of an operator (the empty id is the admin token), or of all; says how many.
    pub async fn end_sessions(&self, operator: Option<&str>) -> Result<u64, OperatorError> {
        Ok(self.store.delete_sessions(operator).await?)
    }

    /// One page of the sessions that are not over.
    pub async fn list_sessions(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<SessionRow>, OperatorError> {
        self.forget_old_sessions().await?;
        Ok(self.store.list_sessions(after, limit).await?)
    }

    /// Forgets sessions that are over.
    pub(super) async fn forget_old_sessions(&self) -> Result<u64, OperatorError> {
        let now = self.clock.now();
        let before = |span: Duration| Moment(now.0 - i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        Ok(self.store.forget_sessions(before(self.settings.absolute), before(self.settings.idle)).await?)
    }

    /// Who proves it by these credentials; none is the holder of the token. What is wrong about them is not said.
    async fn prove(
        &self,
        credentials: &Credentials,
        address: Option<IpAddr>,
    ) -> Result<Option<OperatorRow>, OperatorError> {
        let name = match credentials {
            Credentials::Token(_) => "",
            Credentials::Password { name, .. } => name,
        };
        let attempt = self.throttle.begin(name, address, self.clock.now())?;
        match credentials {
            Credentials::Token(token) => {
                self.token.admit(Some(token.expose())).map_err(|_| Refused::Login)?;
                self.throttle.succeed(attempt);
                Ok(None)
            }
            Credentials::Password { name, password } => {
                self.prove_password(name, password, attempt).await.map(Some)
            }
        }
    }

    async fn prove_password(
        &self,
        name: &str,
        password: &Secret,
        attempt: Attempt,
    ) -> Result<OperatorRow, OperatorError> {
        let row = self.store.operator_by_name(name).await?;
        let kept = row.as_ref().map(|row| row.password.as_str());
        let right = self.hasher.verify(password, kept).await?;
        let row = row.filter(|row| right && row.enabled).ok_or(Refused::Login)?;
        self.throttle.succeed(attempt);
        Ok(row)
    }

    /// Opens a session without further proof.
    pub(super) async fn open_session(
        &self,
        person: Option<OperatorRow>,
        visitor: &Visitor,
    ) -> Result<Opened, OperatorError> {
        let now = self.clock.now();
        let cookie = Secret::new(id::letters(LETTERS));
        let agent = visitor.agent.chars().filter(|letter| !letter.is_control()).take(LONGEST_AGENT).collect();
        let row = SessionRow {
            id: id::new("session", now),
            lookup: self.cookies.hash(cookie.expose()),
            operator: person.as_ref().map(|row| row.id.clone()).unwrap_or_default(),
            created_at: now,
            seen_at: now,
            confirmed_at: now,
            address: visitor.address.map(|address| address.to_string()).unwrap_or_default(),
            agent,
        };
        self.store.insert_session(&row).await?;
        if let Some(person) = &person {
            // Whoever was switched off or given another password since the proof must not slip in.
            let current = self.store.operator(&person.id).await;
            if !current.is_ok_and(|row| row.enabled && row.password == person.password) {
                self.store.delete_session(&row.id).await?;
                return Err(Refused::Login.into());
            }
            self.store.touch_operator(&person.id, now).await?;
        }
        let csrf = self.csrf_of(cookie.expose());
        let operator = self.operator_of(person, &row, csrf);
        Ok(Opened { cookie, keep_for: self.settings.absolute, operator })
    }

    async fn person_of(&self, row: &SessionRow) -> Result<Option<OperatorRow>, OperatorError> {
        if row.operator.is_empty() {
            return Ok(None);
        }
        match self.store.operator(&row.operator).await {
            Ok(person) if person.enabled => Ok(Some(person)),
            Ok(_) | Err(crate::store::StoreError::Missing { .. }) => Err(Refused::Over.into()),
            Err(error) => Err(error.into()),
        }
    }

    fn operator_of(&self, person: Option<OperatorRow>, row: &SessionRow, csrf: String) -> Operator {
        let ends = row
            .created_at
            .0
            .saturating_add(i64::try_from(self.settings.absolute.as_millis()).unwrap_or(i64::MAX));
        let session = Session {
            id: row.id.as_str().into(),
            confirmed_at: row.confirmed_at,
            ends_at: Moment(ends),
            csrf: csrf.into(),
        };
        let (id, name, role) = match person {
            Some(row) => {
                (Some(Arc::from(row.id)), Arc::from(row.name), Role::of(&row.role).unwrap_or(Role::Viewer))
            }
            None => (None, Arc::from("admin token"), Role::Admin),
        };
        Operator { id, name, role, via: Via::Session(session) }
    }

    /// What must come with changes: known to whoever could read an answer of ours, which no other site's page can.
    fn csrf_of(&self, cookie: &str) -> String {
        self.csrf.hash(cookie).iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }
}
