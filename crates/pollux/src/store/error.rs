//! What can go wrong with the store, said twice: once for a client, once for the log.

use std::path::PathBuf;

use crate::secret::Unsealable;

/// Why an operation on the store failed. `Display` is the message for the log; it may name files and SQL states,
/// never a value that was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row, or it was deleted.
    #[error("there is no {kind} `{id}`")]
    Missing {
        /// What was looked for.
        kind: &'static str,
        /// Its id or name.
        id: String,
    },
    /// Something else has this name or this version already.
    #[error("{what} is taken or has changed")]
    Conflict {
        /// What collided.
        what: &'static str,
    },
    /// A value that cannot be stored.
    #[error("{field} {reason}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The database cannot be used now; trying again later may help.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A statement failed in a way that trying again will not cure.
    #[error("the store refused a statement: {0}")]
    Statement(#[source] sqlx::Error),
    /// What was read makes no sense.
    #[error("the store is damaged: {what}")]
    Damaged {
        /// What was read.
        what: String,
    },
    /// The database was written by a newer program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}; \
         run the newer program or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The master key is not the one that sealed what is stored.
    #[error(
        "the master key is not the one this store was made with ({0}); \
         give the former POLLUX_MASTER_KEY or put the former key file back"
    )]
    MasterKey(#[source] Unsealable),
    /// The database server cannot be used.
    #[error("cannot use the database {address}: {source}{}", way_out(source))]
    Server {
        /// Where it is, without a password.
        address: String,
        /// What it or the system said.
        source: sqlx::Error,
    },
    /// The database file or its folder cannot be made or opened.
    #[error("cannot open the database {}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl StoreError {
    /// The message that a client may read.
    pub fn client_message(&self) -> String {
        match self {
            Self::Missing { .. } | Self::Conflict { .. } | Self::Invalid { .. } => format!("{self}."),
            Self::Unavailable(_) => "The gateway's database is not available at the moment.".to_owned(),
            Self::Statement(_)
            | Self::Damaged { .. }
            | Self::NewerSchema { .. }
            | Self::MasterKey(_)
            | Self::Server { .. }
            | Self::File { .. } => "The gateway's database failed; its log says why.".to_owned(),
        }
    }

    /// Whether the same call may succeed a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether what the database said is a state that passes.
    pub(super) fn is_passing_state(error: &sqlx::Error) -> bool {
        use sqlx::Error as E;
        match error {
            E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => true,
            E::Database(inner) => is_busy(&**inner),
            _ => false,
        }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    pub(super) fn missing(kind: &'static str, id: &str) -> Self {
        Self::Missing { kind, id: id.to_owned() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            _ if Self::is_passing_state(&error) => Self::Unavailable(error),
            E::Database(inner) if inner.is_unique_violation() => Self::Conflict { what: "this name or key" },
            E::Database(inner) if inner.is_foreign_key_violation() => {
                Self::Invalid { field: "project", reason: "does not exist" }
            }
            // A NUL in a text that was only looked for.
            E::Database(inner) if inner.code().as_deref() == Some("22021") => {
                Self::Invalid { field: "text", reason: "must not contain a NUL character" }
            }
            E::ColumnDecode { .. } | E::Decode(_) => Self::damaged(error.to_string()),
            _ => Self::Statement(error),
        }
    }
}

/// SQLITE_BUSY (5), SQLITE_LOCKED (6), SQLITE_IOERR (10) and SQLITE_FULL (13), extended codes included; of PostgreSQL's
/// states those of connections, of resources, of an operator's intervention, of transactions broken off in favour of
/// others, and of a server that only reads because another one has taken over.
fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    let Some(code) = error.code() else { return false };
    // SQLite's codes are numbers below 10,000, the states of PostgreSQL always five characters.
    if code.len() != 5 {
        return code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13));
    }
    ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
        || matches!(&*code, "25006" | "55P03")
}

/// What to do about a server that turns us away.
fn way_out(error: &sqlx::Error) -> &'static str {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::PoolTimedOut => "; is the server running, and are host and port right?",
        E::Tls(_) => "; see sslmode and sslrootcert in DATABASE_URL",
        E::Database(inner) => match inner.code().as_deref() {
            Some("28P01" | "28000") => "; are user and password right, and does pg_hba.conf let them in?",
            Some("3D000") => "; make it with: createdb NAME",
            Some("53300") => "; raise max_connections of the server, or lower database_connections",
            _ => "",
        },
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_learns_nothing_of_the_inside() {
        let inner =
            StoreError::from(sqlx::Error::Protocol("/data/pollux.db: no such column `sealed`".into()));
        assert!(!inner.client_message().contains("sealed") && inner.to_string().contains("sealed"));
        let away = StoreError::from(sqlx::Error::PoolTimedOut);
        assert!(away.is_passing() && !inner.is_passing());
        let missing = StoreError::missing("key", "key_1");
        assert_eq!(missing.client_message(), "there is no key `key_1`.");
    }
}
