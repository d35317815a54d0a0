//! Room on the private Redis server that `dev/servers` starts for a test run.

#[path = "server_named.rs"]
mod named;

/// The address of an empty database on the Redis server of this run, for one test alone. None, said aloud, where the run
/// does without one.
pub(crate) async fn database() -> Option<String> {
    let server = named::server("POLLUX_TEST_REDIS")?;
    let (place, _) = server.rsplit_once('/').expect("the address of the tests' Redis ends with its database");
    let client = redis::Client::open(format!("{place}/0")).expect("the address of the tests' Redis is one");
    let mut connection =
        client.get_multiplexed_async_connection().await.expect("the Redis of the tests answers");
    // Database 0 counts who has which of the others.
    let next: u32 = redis::cmd("INCR").arg("next").query_async(&mut connection).await.expect("Redis counts");
    Some(format!("{place}/{}", 1 + next % 1_023))
}
