//! The house rules that a compiler does not know: who may import whom, how large things may be, what may be named how.

use tidy::{Source, rust_files};

/// Room → the rooms it may import, bottom to top. Arrows never turn back.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("id", &["clock"]),
    ("secret", &["id"]),
    ("store", &["clock", "id", "secret"]),
    ("settings", &["clock", "store"]),
    ("shared", &["clock", "id", "secret", "telemetry"]),
    ("upstream", &["clock", "id", "secret", "telemetry"]),
    ("media", &[]),
    ("catalog", &["clock", "id", "secret"]),
    ("access", &["clock", "id", "secret", "store", "shared"]),
    ("limits", &["clock", "shared", "store", "telemetry"]),
    ("operators", &["clock", "id", "secret", "store"]),
    ("audit", &["clock", "id", "store"]),
    (
        "keyring",
        &["clock", "id", "secret", "store", "settings", "shared", "upstream", "catalog", "telemetry"],
    ),
    ("bodies", &["clock", "settings", "store", "telemetry"]),
    ("calllog", &["clock", "telemetry"]),
    ("journal", &["clock", "id", "store", "telemetry"]),
    (
        "relay",
        &[
            "clock",
            "id",
            "secret",
            "settings",
            "shared",
            "upstream",
            "catalog",
            "keyring",
            "calllog",
            "journal",
            "limits",
            "telemetry",
        ],
    ),
    ("resources", &["clock", "id", "secret", "store", "keyring"]),
    (
        "jobs",
        &[
            "clock",
            "id",
            "secret",
            "store",
            "settings",
            "shared",
            "upstream",
            "catalog",
            "keyring",
            "telemetry",
        ],
    ),
    (
        "http",
        &[
            "bodies",
            "settings",
            "clock",
            "id",
            "secret",
            "store",
            "shared",
            "upstream",
            "catalog",
            "access",
            "limits",
            "operators",
            "audit",
            "keyring",
            "relay",
            "resources",
            "media",
            "journal",
            "jobs",
            "telemetry",
        ],
    ),
    ("telemetry", &["clock", "id", "secret"]),
    ("lifecycle", &["telemetry"]),
    (
        "config",
        &[
            "settings",
            "clock",
            "secret",
            "store",
            "shared",
            "upstream",
            "access",
            "operators",
            "keyring",
            "relay",
            "journal",
            "http",
            "telemetry",
        ],
    ),
    (
        "app",
        &[
            "bodies",
            "settings",
            "clock",
            "id",
            "secret",
            "store",
            "shared",
            "upstream",
            "catalog",
            "access",
            "limits",
            "operators",
            "audit",
            "keyring",
            "relay",
            "resources",
            "media",
            "calllog",
            "journal",
            "jobs",
            "http",
            "telemetry",
            "lifecycle",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "settings",
            "clock",
            "id",
            "secret",
            "store",
            "upstream",
            "access",
            "operators",
            "keyring",
            "calllog",
            "jobs",
            "telemetry",
            "lifecycle",
            "config",
            "app",
            "http",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli"]),
];

const BANNED_NAMES: &[&str] =
    &["utils", "util", "helpers", "helper", "common", "manager", "service", "types", "misc"];
const FILE_CAP: usize = 500;
const MAIN_CAP: usize = 40;

fn complain(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn rooms_import_only_what_is_below_them() {
    let mut problems = Vec::new();
    for file in rust_files().iter().filter(|file| !file.is_test()) {
        let Some(room) = file.room() else { continue };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
            problems.push(format!("{}: room `{room}` is not in the import table", file.path));
            continue;
        };
        let foreign = file.imports().into_iter().filter(|import| import != room);
        let known = foreign.filter(|import| MAY_IMPORT.iter().any(|(name, _)| name == import));
        problems.extend(
            known
                .filter(|import| !allowed.contains(&import.as_str()))
                .map(|import| format!("{}: room `{room}` may not import `{import}`", file.path)),
        );
    }
    complain(&problems);
}

#[test]
fn only_the_composition_root_names_a_backend() {
    let backends = ["store::Sql", "shared::Memory"];
    let homes = ["crates/pollux/src/app", "crates/pollux/src/store", "crates/pollux/src/shared"];
    let strangers = rust_files().into_iter().filter(|file| {
        file.room().is_some() && !file.is_test() && !homes.iter().any(|home| file.path.starts_with(home))
    });
    let found = strangers.flat_map(|file| {
        let named = backends.iter().filter(|name| file.production().contains(**name)).copied();
        named.map(|name| format!("{} names the backend `{name}`", file.path)).collect::<Vec<_>>()
    });
    complain(&found.collect::<Vec<_>>());
}

/// A newer replica may add a column meanwhile, and PostgreSQL refuses a prepared statement whose result changed.
#[test]
fn statements_name_their_columns() {
    let sql = rust_files().into_iter().filter(|file| file.path.starts_with("crates/pollux/src/store"));
    let stars = sql.filter(|file| !file.is_test()).filter(|file| {
        let said = file.production();
        said.contains("SELECT *") || said.contains("RETURNING *")
    });
    complain(
        &stars.map(|file| format!("{}: name the columns instead of `*`", file.path)).collect::<Vec<_>>(),
    );
}

#[test]
fn surfaces_do_not_import_each_other() {
    let surfaces = ["openai", "gemini", "anthropic", "admin", "console"];
    let mut problems = Vec::new();
    for file in rust_files().iter().filter(|file| !file.is_test()) {
        let Some(inside) = file.path.strip_prefix("crates/pollux/src/http/") else { continue };
        let Some(surface) = surfaces.iter().find(|name| inside.starts_with(*name)) else { continue };
        for other in surfaces.iter().filter(|name| *name != surface) {
            if file.production().contains(&format!("http::{other}")) {
                problems.push(format!("{}: surface `{surface}` imports `{other}`", file.path));
            }
        }
    }
    complain(&problems);
}

/// A route that is not in a list of `http/routes.rs` has no declared guard, and no test would look at it.
#[test]
fn routes_are_mounted_in_one_place() {
    let mut problems = Vec::new();
    for file in rust_files().iter().filter(|file| !file.is_test() && file.room() == Some("http")) {
        if file.path == "crates/pollux/src/http/routes.rs" {
            continue;
        }
        let found = [".route(", ".route_service(", ".nest_service(", "axum::routing", ".fallback_service("];
        let found = found.iter().filter(|call| file.production().contains(**call));
        problems.extend(found.map(|call| format!("{}: mounts with `{call}`; declare a `Route`", file.path)));
    }
    complain(&problems);
}

#[test]
fn nothing_is_left_to_chance_but_dice() {
    // Without `biased` a select polls in an order that tokio draws, and no simulation repeats it.
    let drawn = |file: &Source| {
        let branches = file.production().split("select!").skip(1);
        branches.filter(|rest| !rest.trim_start_matches([' ', '{', '\n']).starts_with("biased;")).count()
    };
    let found = rust_files().into_iter().filter(|file| !file.is_test() && drawn(file) > 0);
    complain(&found.map(|file| format!("{}: a `select!` without `biased;`", file.path)).collect::<Vec<_>>());
}

#[test]
fn pure_crates_name_no_runtime() {
    let mut problems = Vec::new();
    for pure in ["dialect", "pool", "whatif"] {
        let manifest = tidy::root().join("crates").join(pure).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).expect("the manifest is there");
        let banned = ["tokio", "hyper", "axum", "rand", "getrandom", "reqwest", "async"];
        let found = banned.iter().filter(|name| manifest.lines().any(|line| line.starts_with(**name)));
        problems.extend(found.map(|name| format!("crate `{pure}` names `{name}`")));
    }
    let simulator =
        std::fs::read_to_string(tidy::root().join("crates/simulator/Cargo.toml")).expect("it is there");
    let ours = ["dialect", "pool", "pollux"];
    let found = ours.iter().filter(|name| simulator.lines().any(|line| line.starts_with(**name)));
    problems.extend(found.map(|name| format!("the simulator imports `{name}` and could share its mistakes")));
    complain(&problems);
}

#[test]
fn files_say_what_they_are_and_stay_short() {
    let mut problems = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        if lines > FILE_CAP {
            problems.push(format!("{}: {lines} lines, the cap is {FILE_CAP}", file.path));
        }
        if !file.text.starts_with("//!") {
            problems.push(format!("{}: does not start with `//!`", file.path));
        }
        if file.path == "crates/pollux/src/main.rs" && lines > MAIN_CAP {
            problems.push(format!("{}: {lines} lines, `main.rs` has at most {MAIN_CAP}", file.path));
        }
    }
    complain(&problems);
}

#[test]
fn no_room_has_a_name_that_says_nothing() {
    let vague = |file: &Source| file.path.split(['/', '.']).any(|piece| BANNED_NAMES.contains(&piece));
    let found = rust_files().into_iter().filter(vague).map(|file| format!("{}: a vague name", file.path));
    complain(&found.collect::<Vec<_>>());
}

#[test]
fn each_room_states_its_invariant() {
    let fronts = rust_files().into_iter().filter(|file| {
        let inside = file.path.strip_prefix("crates/pollux/src/");
        inside.is_some_and(|name| !name.contains('/') && name != "main.rs" && name != "lib.rs")
    });
    let silent = fronts.filter(|file| !file.text.contains("//! Invariant:"));
    complain(&silent.map(|file| format!("{}: no `Invariant:` sentence", file.path)).collect::<Vec<_>>());
}
