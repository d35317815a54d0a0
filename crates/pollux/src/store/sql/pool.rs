//! Connections on which no statement waits for ever.
//!
//! A server that vanished without a word (a pulled cable, a firewall that forgot) answers nothing and refuses nothing;
//! only a limit on our side ends such a wait. SQLite needs none: it has its own for locks, and no network.

use std::fmt;
use std::future::Future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{Any, AnyConnection, AnyPool, Either, Error, Execute, Executor, SqlStr};

type Step = Either<AnyQueryResult, AnyRow>;

/// A pool whose every statement has a deadline.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    inner: AnyPool,
    deadline: Option<Duration>,
}

impl Pool {
    /// A pool without deadlines.
    pub(super) fn new(inner: AnyPool) -> Self {
        Self { inner, deadline: None }
    }

    /// A pool whose statements take at most this long each, waiting for a connection not counted.
    pub(super) fn with_deadline(inner: AnyPool, deadline: Duration) -> Self {
        Self { inner, deadline: Some(deadline) }
    }

    /// Begins a transaction with this statement.
    pub(super) async fn begin(&self, statement: &'static str) -> Result<Transaction, Error> {
        // Waiting for a connection has the pool's own limit, which comes on top.
        let deadline = self.deadline.map(|deadline| deadline + super::PATIENCE);
        let inner = within(deadline, self.inner.begin_with(statement)).await?;
        Ok(Transaction(Statements { inner, deadline: self.deadline }))
    }

    /// Lets go of every connection.
    pub(super) async fn close(&self) {
        let closing = self.inner.close();
        match self.deadline {
            Some(deadline) => drop(tokio::time::timeout(deadline, closing).await),
            None => closing.await,
        }
    }
}

/// A transaction whose every statement has a deadline. Dropped, it is undone.
pub(super) struct Transaction(Statements);

impl Transaction {
    /// Takes the deadline away, for work that may take long.
    pub(super) fn be_patient(&mut self) {
        self.0.deadline = None;
    }

    /// Makes what was done last.
    pub(super) async fn commit(self) -> Result<(), Error> {
        let Statements { inner, deadline } = self.0;
        within(deadline, inner.commit()).await
    }
}

impl Deref for Transaction {
    type Target = Statements;

    fn deref(&self) -> &Statements {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Statements {
        &mut self.0
    }
}

/// What runs the statements of a transaction: `&mut *transaction`.
pub(super) struct Statements {
    inner: sqlx::Transaction<'static, Any>,
    deadline: Option<Duration>,
}

impl fmt::Debug for Statements {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Statements")
    }
}

impl<'p> Executor<'p> for &Pool
where
    Self: 'p,
{
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Pool { inner, deadline } = self.clone();
        all(async move {
            let mut connection = inner.acquire().await?;
            within(deadline, steps(&mut connection, query)).await
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Pool { inner, deadline } = self.clone();
        async move {
            let mut connection = inner.acquire().await?;
            within(deadline, connection.fetch_optional(query)).await
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'p: 'e,
    {
        let Pool { inner, deadline } = self.clone();
        async move {
            let mut connection = inner.acquire().await?;
            within(deadline, connection.prepare_with(sql, parameters)).await
        }
        .boxed()
    }
}

impl<'t> Executor<'t> for &'t mut Statements {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, Any>,
    {
        all(within(self.deadline, steps(&mut self.inner, query)))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, Any>,
    {
        within(self.deadline, self.inner.fetch_optional(query)).boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        't: 'e,
    {
        within(self.deadline, self.inner.prepare_with(sql, parameters)).boxed()
    }
}

/// What a statement answers, all of it: lists are pages, so nothing is so long that it would have to be streamed.
async fn steps<'q>(
    connection: &mut AnyConnection,
    query: impl Execute<'q, Any> + 'q,
) -> Result<Vec<Step>, Error> {
    connection.fetch_many(query).try_collect().await
}

fn all<'e>(
    steps: impl Future<Output = Result<Vec<Step>, Error>> + Send + 'e,
) -> BoxStream<'e, Result<Step, Error>> {
    let steps = steps.map(|steps| match steps {
        Ok(steps) => stream::iter(steps.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(error) => stream::iter(vec![Err(error)]),
    });
    steps.flatten_stream().boxed()
}

async fn within<T>(
    deadline: Option<Duration>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let Some(deadline) = deadline else { return work.await };
    let late = |_| {
        let said = format!("the database did not answer within {} s", deadline.as_secs_f32());
        Error::Io(io::Error::new(io::ErrorKind::TimedOut, said))
    };
    tokio::time::timeout(deadline, work).await.map_err(late)?
}
