//! Room on the private Redis server that `dev/servers` starts for a test run.

/// Databases that the server has.
const DATABASES: u32 = 1_024;

/// The address of an empty database on the Redis server of this run, for one test alone. None, said aloud, where the run
/// does without one.
pub(crate) async fn database() -> Option<String> {
    let named = std::env::var_os("POLLUX_TEST_REDIS").and_then(|value| value.into_string().ok());
    let required = std::env::var_os("CI").is_some_and(|value| value == "true");
    let server = match named.as_deref() {
        Some(server) if server.contains("://") => server.to_owned(),
        named => {
            assert!(
                named != Some("require") && !(named.is_none() && required),
                "no Redis: run `dev/servers run`"
            );
            eprintln!(
                "SKIPPED: no server in POLLUX_TEST_REDIS; cargo-nextest and `dev/servers run` start one"
            );
            return None;
        }
    };
    let (place, _) = server.rsplit_once('/').expect("the address of the tests' Redis ends with its database");
    let client = redis::Client::open(format!("{place}/0")).expect("the address of the tests' Redis is one");
    let mut connection =
        client.get_multiplexed_async_connection().await.expect("the Redis of the tests answers");
    // Database 0 counts who has which of the others.
    let next: u32 = redis::cmd("INCR").arg("next").query_async(&mut connection).await.expect("Redis counts");
    Some(format!("{place}/{}", 1 + next % (DATABASES - 1)))
}
