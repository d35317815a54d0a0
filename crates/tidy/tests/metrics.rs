//! Metrics are declared once, recorded somewhere, and nothing else is recorded or asked for.

use std::collections::{BTreeMap, BTreeSet};

use tidy::{Source, root, rust_files};

const NAMES: &str = "crates/pollux/src/telemetry/names.rs";
/// What histograms have besides their name.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Constant → name and kind.
fn declared() -> BTreeMap<String, (String, String)> {
    let files = rust_files();
    let names = files.iter().find(|file| file.path == NAMES);
    let joined = names.map_or("", |file| &file.text).replace("=\n", "= ");
    let declared: BTreeMap<_, _> = joined.lines().filter_map(declaration).collect();
    assert!(declared.len() > 30, "the declarations are found: {declared:?}");
    declared
}

/// `CALLS = "pollux_calls_total", Counter, [...];`
fn declaration(line: &str) -> Option<(String, (String, String))> {
    let (constant, rest) = line.trim().split_once(" = \"")?;
    let (name, rest) = rest.split_once("\", ")?;
    let kind = rest.split([',', ';']).next()?;
    let upper = constant.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    upper.then(|| (constant.to_owned(), (name.to_owned(), kind.to_owned())))
}

fn production() -> Vec<Source> {
    let inside = |file: &Source| file.path.starts_with("crates/pollux/src/") && !file.is_test();
    rust_files().into_iter().filter(|file| inside(file) && file.path != NAMES).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

#[test]
fn every_metric_that_is_declared_is_recorded() {
    let mut used = BTreeSet::new();
    for file in production() {
        let pieces = file.production().split("names::").skip(1);
        used.extend(pieces.filter_map(|piece| words(piece).next().map(str::to_owned)));
    }
    let silent: Vec<_> = declared().into_keys().filter(|constant| !used.contains(constant)).collect();
    assert!(silent.is_empty(), "declared and never recorded: {silent:?}");
}

#[test]
fn every_metric_that_is_recorded_is_declared() {
    let mut strangers = Vec::new();
    for file in production() {
        for call in ["counter!(", "gauge!(", "histogram!(", "page.set("] {
            let text = file.production();
            let asked = text.split(call).skip(1).map(|rest| rest.trim_start().trim_start_matches('*'));
            let strange = asked.filter(|rest| !rest.starts_with("names::") && !rest.starts_with("name,"));
            strangers.extend(strange.map(|rest| format!("{}: {:.40}", file.path, rest)));
        }
    }
    assert!(strangers.is_empty(), "recorded by another name than one of `names`: {strangers:#?}");
}

#[test]
fn dashboards_and_alerts_ask_for_nothing_else() {
    let known: BTreeMap<String, String> = declared().into_values().collect();
    for path in ["deploy/grafana/dashboard.json", "deploy/prometheus/alerts.yml"] {
        let text = std::fs::read_to_string(root().join(path)).expect("it is there");
        let asked: BTreeSet<&str> =
            words(&text).filter(|word| word.starts_with("pollux_") || word.starts_with("process_")).collect();
        assert!(asked.len() > 5, "{path} asks for something: {asked:?}");
        let unknown: Vec<_> = asked.into_iter().filter(|word| !is_known(&known, word)).collect();
        assert!(unknown.is_empty(), "{path} asks for what is not there: {unknown:?}");
    }
}

fn is_known(known: &BTreeMap<String, String>, word: &str) -> bool {
    let histogram = SUFFIXES.iter().find_map(|suffix| word.strip_suffix(suffix));
    known.get(word).is_some_and(|kind| kind != "Seconds")
        || histogram.and_then(|name| known.get(name)).is_some_and(|kind| kind == "Seconds")
}
