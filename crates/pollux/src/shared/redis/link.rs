//! The connection: one, shared by all calls, which never wait for it for long.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, FromRedisValue, RedisError};

use super::address::RedisUrl;
use super::scripts::{Call, Scripts};
use crate::telemetry::names;

/// Redis did not answer. Nothing is known of what became of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Away;

/// The connection, and whether there is one.
pub(super) struct Link {
    address: RedisUrl,
    client: redis::Client,
    patience: Duration,
    connection: RwLock<Option<MultiplexedConnection>>,
    scripts: Scripts,
}

impl Link {
    /// A link that is not connected yet.
    pub(super) fn new(address: RedisUrl, patience: Duration) -> Result<Self, RedisError> {
        let client = address.client()?;
        Ok(Self { address, client, patience, connection: RwLock::default(), scripts: Scripts::new() })
    }

    pub(super) fn is_up(&self) -> bool {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Connects anew. The connection holds for calls when `greet` has been asked on it, whatever that takes.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience * 4))
            .set_response_timeout(Some(self.patience));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = connecting.await?;
        for script in self.scripts.all() {
            script.load_async(&mut connection).await?;
        }
        Ok(connection)
    }

    /// From now on calls use this connection.
    pub(super) fn use_for_calls(&self, connection: MultiplexedConnection) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }

    /// A connection on which news come in.
    pub(super) async fn listen(&self, channel: &str) -> Result<redis::aio::PubSub, RedisError> {
        let listening = async {
            let mut ears = self.client.get_async_pubsub().await?;
            ears.subscribe(channel).await?;
            Ok(ears)
        };
        let late = |_| RedisError::from((ErrorKind::Io, "no answer in time"));
        tokio::time::timeout(self.patience * 4, listening).await.map_err(late)?
    }

    /// Runs a script.
    pub(super) async fn ask<T: FromRedisValue>(&self, call: &Call) -> Result<T, Away> {
        let mut connection = self.connection()?;
        self.heard(self.ask_on(&mut connection, call).await)
    }

    /// The same on a connection that calls do not use yet.
    pub(super) async fn ask_on<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        call: &Call,
    ) -> Result<T, RedisError> {
        let Call { which, keys, args } = call;
        let mut invocation = self.scripts.get(*which).prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        for arg in args {
            invocation.arg(arg);
        }
        invocation.invoke_async(connection).await
    }

    /// Runs a command.
    pub(super) async fn command<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, Away> {
        let mut connection = self.connection()?;
        self.heard(command.query_async(&mut connection).await)
    }

    /// Runs several commands in one exchange.
    pub(super) async fn pipeline(&self, pipeline: &redis::Pipeline) -> Result<(), Away> {
        let mut connection = self.connection()?;
        self.heard(pipeline.query_async(&mut connection).await)
    }

    /// Ends the connection, as a server does that goes away.
    #[cfg(test)]
    pub(super) fn cut(&self) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn connection(&self) -> Result<MultiplexedConnection, Away> {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Away)
    }

    /// What an answer says of the link: one that did not come, or is a failure, ends it.
    fn heard<T>(&self, answer: Result<T, RedisError>) -> Result<T, Away> {
        answer.map_err(|error| {
            metrics::counter!(names::REDIS_FAILURES).increment(1);
            // A server that refuses (it is full, or read-only, or still loading) is as good as none.
            let lost = self.connection.write().unwrap_or_else(PoisonError::into_inner).take();
            if lost.is_some() {
                tracing::warn!(address = %self.address, %error, "Redis is away; this replica goes on by itself");
            }
            Away
        })
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Link")
            .field("address", &self.address)
            .field("up", &self.is_up())
            .finish_non_exhaustive()
    }
}
