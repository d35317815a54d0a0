//! What `deploy/` and its neighbours say must be what the program knows.
#![expect(clippy::expect_used, clippy::panic, reason = "tests are free")]

use std::fs;
use std::path::{Path, PathBuf};

/// Prefixes of names that are settings of ours if they are anybody's.
const OURS: &[&str] =
    &["POLLUX_", "GEMINI_API_", "DATABASE_URL", "REDIS_URL", "RENDER_EXTERNAL_", "KEEP_ALIVE_"];

fn files() -> Vec<PathBuf> {
    let root = tidy::root();
    let mut found: Vec<PathBuf> =
        ["Dockerfile", "render.yaml", "railway.json"].iter().map(|name| root.join(name)).collect();
    let mut folders = vec![root.join("deploy")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    for page in ["docs/deploy.md", "docs/deploy.zh-CN.md"] {
        found.push(root.join(page));
    }
    found
}

/// Upper-case names in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .filter(|name| OURS.iter().any(|ours| name.starts_with(ours)))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_setting_that_is_named_exists() {
    let reference = read(&tidy::root().join("docs/configuration.md"));
    let mut problems = Vec::new();
    let mut seen = 0;
    for path in files() {
        for name in names(&read(&path)).map(str::to_owned).collect::<Vec<_>>() {
            seen += 1;
            if !reference.contains(&format!("`{name}`")) {
                problems.push(format!("{}: `{name}` is no setting", path.display()));
            }
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    assert!(seen > 20, "only {seen} names were found: is the search broken?");
}

#[test]
fn a_host_waits_longer_than_the_program_drains() {
    let reference = read(&tidy::root().join("docs/configuration.md"));
    let drain =
        reference.lines().find(|line| line.contains("`POLLUX_DRAIN_TIMEOUT`")).expect("it is a setting");
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse::<u64>();
    let default = drain.split('`').find(|cell| cell.ends_with('s') && digits(cell).is_ok());
    let drain = digits(default.expect("its default is in seconds")).expect("digits");
    for (file, mark) in [
        ("deploy/systemd/pollux.service", "TimeoutStopSec="),
        ("deploy/compose/compose.yaml", "stop_grace_period: "),
        ("deploy/kubernetes/deployment.yaml", "terminationGracePeriodSeconds: "),
        ("deploy/replicas/compose.yaml", "stop_grace_period: "),
        ("deploy/kubernetes/replicas/statefulset.yaml", "terminationGracePeriodSeconds: "),
    ] {
        let text = read(&tidy::root().join(file));
        let line = text.lines().find_map(|line| line.trim().strip_prefix(mark));
        let waits = digits(line.unwrap_or_else(|| panic!("{file} has no {mark}"))).expect("digits");
        assert!(waits > drain, "{file} waits {waits} s, the drain takes {drain} s");
    }
}

#[test]
fn the_container_is_built_with_the_toolchain_of_the_workspace() {
    let manifest = read(&tidy::root().join("Cargo.toml"));
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("it is there");
    let from = format!("FROM rust:{}-", version.trim_matches('"'));
    assert!(read(&tidy::root().join("Dockerfile")).contains(&from), "the Dockerfile has no `{from}`");
}
