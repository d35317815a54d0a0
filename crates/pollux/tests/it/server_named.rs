//! Which server a run of the tests was given.

/// The address in this variable. None, said aloud, where the run does without.
pub(super) fn server(variable: &str) -> Option<String> {
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
