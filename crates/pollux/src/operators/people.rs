//! Operators with a name: making, changing, removing them.

use super::{Opened, Operator, OperatorError, Operators, Refused, Role, Via, Visitor};
use crate::id;
use crate::secret::Secret;
use crate::store::record::OperatorRow;

const LONGEST_NAME: usize = 100;

/// An operator, without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person(OperatorRow);

/// What is to be different about an operator; none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct OperatorChange {
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it may log in.
    pub enabled: Option<bool>,
    /// Its password.
    pub password: Option<Secret>,
}

impl Person {
    /// What is kept of it. The hash of its password is not shown by `Debug` either.
    pub fn row(&self) -> &OperatorRow {
        &self.0
    }
}

impl Operators {
    /// Whether somebody has set the gateway up, so that there are operators.
    pub async fn is_claimed(&self) -> Result<bool, OperatorError> {
        Ok(!self.store.list_operators(None, 1).await?.is_empty())
    }

    /// Makes the first operator, an admin, and opens its session. Whoever asks holds the admin token.
    pub async fn claim(
        &self,
        (token, name, password): (&Secret, &str, &Secret),
        visitor: &Visitor,
    ) -> Result<Opened, OperatorError> {
        let attempt = self.throttle.begin("", visitor.address, self.clock.now())?;
        if !self.is_open() {
            self.token.admit(Some(token.expose())).map_err(|_| Refused::Unknown)?;
        }
        self.throttle.succeed(attempt);
        let _one_at_a_time = self.changing.lock().await;
        if self.is_claimed().await? {
            return Err(OperatorError::Claimed);
        }
        let person = self.add_operator(name, password, Role::Admin).await?;
        self.open_session(Some(person.0), visitor).await
    }

    /// Makes an operator.
    pub async fn add_operator(
        &self,
        name: &str,
        password: &Secret,
        role: Role,
    ) -> Result<Person, OperatorError> {
        let name = named(name)?;
        let now = self.clock.now();
        let row = OperatorRow {
            id: id::new("operator", now),
            name: name.to_owned(),
            role: role.as_str().to_owned(),
            password: self.hasher.hash(password).await?,
            enabled: true,
            created_at: now,
            updated_at: now,
            seen_at: None,
        };
        self.store.insert_operator(&row).await?;
        Ok(Person(row))
    }

    /// One page of operators.
    pub async fn list_operators(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Person>, OperatorError> {
        Ok(self.store.list_operators(after, limit).await?.into_iter().map(Person).collect())
    }

    /// One operator.
    pub async fn operator(&self, id: &str) -> Result<Person, OperatorError> {
        Ok(Person(self.store.operator(id).await?))
    }

    /// Changes an operator. Another role counts from its next request; whoever is switched off or gets another password
    /// loses its sessions.
    pub async fn change_operator(&self, id: &str, change: OperatorChange) -> Result<Person, OperatorError> {
        let OperatorChange { role, enabled, password } = change;
        let _one_at_a_time = self.changing.lock().await;
        let mut row = self.store.operator(id).await?;
        let ends = password.is_some() || enabled == Some(false);
        if let Some(password) = password {
            row.password = self.hasher.hash(&password).await?;
        }
        row.role = role.map_or(row.role, |role| role.as_str().to_owned());
        row.enabled = enabled.unwrap_or(row.enabled);
        self.store.update_operator(&row, self.clock.now()).await?;
        if ends {
            self.store.delete_sessions(Some(id)).await?;
        }
        self.operator(id).await
    }

    /// An operator changes its own password, proving the old one. Its other sessions end; it gets a new one.
    pub async fn change_own_password(
        &self,
        operator: &Operator,
        (old, new): (&Secret, &Secret),
        visitor: &Visitor,
    ) -> Result<Opened, OperatorError> {
        let (Some(id), Via::Session(_)) = (operator.id.as_deref(), &operator.via) else {
            return Err(Refused::Login.into());
        };
        let row = self.store.operator(id).await?;
        let attempt = self.throttle.begin(&row.name, visitor.address, self.clock.now())?;
        if !self.hasher.verify(old, Some(&row.password)).await? {
            return Err(Refused::Login.into());
        }
        self.throttle.succeed(attempt);
        let change = OperatorChange { password: Some(new.clone()), ..OperatorChange::default() };
        let person = self.change_operator(id, change).await?;
        self.open_session(Some(person.0), visitor).await
    }

    /// Removes an operator for good. The last admin cannot be removed.
    pub async fn delete_operator(&self, id: &str) -> Result<(), OperatorError> {
        self.store.delete_operator(id, self.clock.now()).await?;
        self.store.delete_sessions(Some(id)).await?;
        Ok(())
    }
}

fn named(name: &str) -> Result<&str, OperatorError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(OperatorError::Name("is empty"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(OperatorError::Name("is longer than 100 characters"));
    }
    if name.contains(char::is_control) {
        return Err(OperatorError::Name("must not contain control characters"));
    }
    if ["admin token", "anybody", "system"].contains(&name.to_lowercase().as_str()) {
        return Err(OperatorError::Name("has another meaning here"));
    }
    Ok(name)
}
