//! What we depend on is what `deny.toml` allows, as far as `Cargo.lock` tells. `make deny` looks at licences too.
#![expect(clippy::expect_used, reason = "tests are free")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const OURS: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn read(name: &str) -> String {
    fs::read_to_string(tidy::root().join(name)).expect("the file is there")
}

/// The value of `key = "value"` in a line, or in an entry of a list.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("{key} = \""))?;
    rest.split('"').next()
}

/// Name, version and source of every package.
fn packages(lock: &str) -> Vec<(&str, &str, Option<&str>)> {
    let tables = lock.split("[[package]]\n").skip(1);
    tables
        .filter_map(|table| {
            let of = |key| {
                table.lines().find_map(|line| line.starts_with(key).then(|| value(line, key)).flatten())
            };
            Some((of("name")?, of("version")?, of("source")))
        })
        .collect()
}

/// The entries of a list in `deny.toml`.
fn entries<'a>(deny: &'a str, list: &str) -> Vec<&'a str> {
    let (_, rest) = deny.split_once(&format!("\n{list} = [")).expect("the list is there");
    let (inside, _) = rest.split_once("\n]").expect("it ends");
    inside.lines().filter_map(|line| value(line, "crate")).collect()
}

#[test]
fn everything_comes_from_the_registry_and_nothing_is_banned() {
    let (lock, deny) = (read("Cargo.lock"), read("deny.toml"));
    let banned = entries(&deny, "deny");
    assert!(banned.contains(&"openssl"), "{banned:?}");
    for (name, version, source) in packages(&lock) {
        assert!(source.is_none_or(|source| source == OURS), "{name} {version} comes from {source:?}");
        assert!(!banned.contains(&name), "{name} is banned");
    }
}

#[test]
fn two_versions_of_a_crate_have_a_reason() {
    let (lock, deny) = (read("Cargo.lock"), read("deny.toml"));
    let skips: BTreeSet<&str> = entries(&deny, "skip").into_iter().collect();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, version, _) in packages(&lock) {
        versions.entry(name).or_default().push(version);
    }
    let mut used = BTreeSet::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let reason = |version: &str| {
            skips.iter().copied().find(|skip| {
                let wanted = skip.strip_prefix(name).and_then(|rest| rest.strip_prefix('@'));
                let rest = wanted.and_then(|wanted| version.strip_prefix(wanted));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        let without: Vec<_> = versions.iter().filter(|version| reason(version).is_none()).collect();
        assert!(
            without.len() <= 1,
            "{name} {without:?}: name all but one under `skip` in deny.toml, with the reason"
        );
        used.extend(versions.iter().filter_map(|version| reason(version)));
    }
    let idle: Vec<_> = skips.difference(&used).collect();
    assert!(idle.is_empty(), "not needed any more: {idle:?}");
}
