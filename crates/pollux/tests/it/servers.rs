//! Room on the private servers that `dev/servers` starts for a test run.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The address of an empty schema on the PostgreSQL server of this run, for one test alone. None, said aloud, where the
/// run does without one.
pub(crate) async fn postgres() -> Option<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = server("POLLUX_TEST_POSTGRES")?;
    let mut connection = PgConnection::connect(&server).await.expect("the PostgreSQL of the tests answers");
    loop {
        let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // A process of another test may have had this number.
        let made =
            sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await;
        match made {
            Ok(_) => {
                let separator = if server.contains('?') { '&' } else { '?' };
                return Some(format!("{server}{separator}options[search_path]={schema}"));
            }
            Err(error) => {
                let code = error
                    .as_database_error()
                    .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
                assert_eq!(code.as_deref(), Some("42P06"), "cannot make a schema: {error}");
            }
        }
    }
}

fn server(variable: &str) -> Option<String> {
    let set = |name| std::env::var_os(name).and_then(|value| value.into_string().ok());
    match set(variable).as_deref() {
        Some("off") => {}
        Some("require") | None => {
            let required = set(variable).is_some() || set("CI").as_deref() == Some("true");
            assert!(
                !required,
                "{variable} names no server; run the tests by `make test` or `dev/servers run`"
            );
        }
        Some(server) => return Some(server.to_owned()),
    }
    eprintln!("SKIPPED: no server in {variable}; `make test`, cargo-nextest and `dev/servers run` start one");
    None
}
