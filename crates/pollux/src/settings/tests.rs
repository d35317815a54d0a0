//! Settings on a real store.

use std::sync::Arc;
use std::time::Duration;

use pool::Strategy;
use serde_json::json;

use super::*;
use crate::clock::ManualClock;
use crate::store::{SqlStore, SqliteSettings};

const NOW: Moment = Moment(1_795_305_600_000);

/// A store in a folder of its own.
struct House {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    _dir: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pollux.db");
        let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
        Self { store: Arc::new(store), clock: Arc::new(ManualClock::new(NOW)), _dir: dir }
    }

    async fn settings(&self) -> Settings {
        self.settings_of(&[]).await
    }

    /// As if these had been configured.
    async fn settings_of(&self, said: &[(&'static str, &'static str)]) -> Settings {
        let text = |key: &'static Key| {
            let said = said.iter().find(|(name, _)| *name == key.name);
            said.map_or(key.default, |(_, text)| *text).into()
        };
        let values = Values::read(text, |key, bad| panic!("{}: {bad:?}", key.name)).unwrap();
        let written = said.iter().map(|(name, _)| *name).collect();
        let clock: Arc<dyn Clock> = self.clock.clone();
        Settings::open(Arc::clone(&self.store), clock, Configured { values, written }).await.unwrap()
    }
}

fn by(author: &str) -> Terms<'_> {
    Terms { seen: None, author, dry_run: false }
}

fn patch(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn problems(error: SettingsError) -> Vec<String> {
    match error {
        SettingsError::Invalid(problems) => problems.iter().map(Problem::to_string).collect(),
        other => panic!("{other}"),
    }
}

fn source(settings: &Settings, name: &str) -> (Value, &'static str, Value) {
    let entries = settings.current().entries;
    let entry = entries.into_iter().find(|entry| entry.key.name == name).unwrap();
    (entry.value, entry.source.word(), entry.configured)
}

#[test]
fn every_default_can_be_read_and_is_shown_as_it_is_read() {
    let values = Values::of_defaults().unwrap();
    let (again, problems) = values.over(&values.json());
    assert_eq!((again, problems), (values.clone(), vec![]));
    assert_eq!(values.contradictions(), []);
    assert_eq!(values.json().len(), KEYS.len());
    for key in KEYS {
        let kind = key.kind.unwrap();
        assert!(kind.constraints().is_object() && !kind.words().is_empty(), "{}", key.name);
    }
}

#[tokio::test]
async fn stored_goes_before_configured_before_default() {
    let house = House::open().await;
    let settings = house.settings_of(&[("max_attempts", "5")]).await;
    assert_eq!(source(&settings, "max_attempts"), (json!(5), "configured", json!(5)));
    assert_eq!(source(&settings, "strategy"), (json!("headroom"), "default", json!("headroom")));
    let live = settings.live();
    let before = live.now();
    let change = json!({ "max_attempts": 7, "strategy": "least-used", "request_timeout": 60 });
    let (version, changes) = settings.change(&patch(&change), by("ann")).await.unwrap();
    let names: Vec<_> = changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!((version, names), (1, vec!["strategy", "max_attempts", "request_timeout"]));
    assert_eq!((live.now().max_attempts, live.now().strategy), (7, Strategy::LeastUsed));
    assert_eq!(live.now().request_timeout, Duration::from_mins(1));
    assert_eq!(before.max_attempts, 5, "a snapshot never changes");
    assert_eq!(source(&settings, "max_attempts"), (json!(7), "stored", json!(5)));
    assert_eq!(source(&settings, "request_timeout").0, json!("1m"));
    // Another start, with something else configured: what is stored holds.
    let later = house.settings_of(&[("max_attempts", "9")]).await;
    assert_eq!((later.now().max_attempts, later.version()), (7, 1));
    let reset = later.change(&patch(&json!({ "max_attempts": null })), by("bob")).await.unwrap();
    assert_eq!(reset.0, 2);
    assert_eq!(source(&later, "max_attempts"), (json!(9), "configured", json!(9)));
    settings.refresh().await.unwrap();
    assert_eq!((settings.version(), settings.now().max_attempts), (2, 5), "another replica follows");
}

#[tokio::test]
async fn everything_wrong_is_said_at_once_and_nothing_changes() {
    let house = House::open().await;
    let settings = house.settings().await;
    let wrong = json!({
        "thinking_enabled": "false", "thinking_budget": 32_769, "injection_enabled": true, "strategy": "best",
        "max_attempts": "3", "request_timeout": "0", "no_such": 1, "nor_this": null, "project_concurrency": 0,
        "cors_origins": ["https://a.example", "https://b.example/path"], "default_model": "a b",
        "models": { "gemini-2.5-pro": { "enabled": "no", "colour": 1 }, "a/b": {} },
    });
    let error = settings.change(&patch(&wrong), by("ann")).await.unwrap_err();
    insta::assert_snapshot!(problems(error).join("\n"), @r#"
    `/no_such` is not a setting that can be changed here; GET /admin/settings lists those that can.
    `/nor_this` is not a setting that can be changed here; GET /admin/settings lists those that can.
    `/thinking_enabled` must be true or false; send a JSON truth value, not a text.
    `/thinking_budget` is not a whole number from -1 to 32768; write digits only.
    `/strategy` is not a strategy; write headroom, least_used, round_robin or fill_first.
    `/max_attempts` must be a whole number; send a JSON number, not a text.
    `/request_timeout` is not a time above zero; write for example 500ms, 10s, 2m or 1h.
    `/project_concurrency` is neither off nor a whole number from 1 to 1000000; write for example off or 8.
    `/cors_origins` (number 2) is not an origin; write for example https://app.example.com, without a path, or *.
    `/default_model` is not the name of a model; write for example gemini-3.8-flash.
    `/models/gemini-2.5-pro/enabled` must be true or false; send a JSON truth value, not a text.
    `/models/gemini-2.5-pro/colour` is not a setting of a model; use enabled, thinking_budget or include_thoughts; limits are declared at PUT /admin/limits/{model}.
    `/models/a~1b` is not the name of a model; write for example gemini-3.8-flash.
    `/injection_content` is empty while prompt injection is on; say what to inject, or switch it off.
    "#);
    assert_eq!(settings.version(), 0);
    assert_eq!(*settings.now(), Values::of_defaults().unwrap());
}

#[tokio::test]
async fn the_whole_has_to_make_sense() {
    let house = House::open().await;
    let settings = house.settings().await;
    let cases = [
        (json!({ "injection_enabled": true, "injection_content": " " }), "/injection_content"),
        (
            json!({ "default_model": "gemini-2.5-pro", "models": { "gemini-2.5-pro": { "enabled": false } } }),
            "/default_model",
        ),
        (json!({ "hedge_after": "1m", "request_timeout": "30s" }), "/hedge_after"),
    ];
    for (change, pointer) in cases {
        let found = problems(settings.change(&patch(&change), by("ann")).await.unwrap_err());
        assert!(found.len() == 1 && found[0].starts_with(&format!("`{pointer}`")), "{found:?}");
    }
}

#[tokio::test]
async fn two_administrators_do_not_overwrite_each_other() {
    let house = House::open().await;
    let (one, two) = (house.settings().await, house.settings().await);
    let seen = Terms { seen: Some(0), ..by("ann") };
    one.change(&patch(&json!({ "max_attempts": 4 })), seen).await.unwrap();
    // The other replica has not noticed yet, and is told.
    let late = two.change(&patch(&json!({ "max_attempts": 8 })), Terms { seen: Some(0), ..by("bob") }).await;
    assert!(matches!(late, Err(SettingsError::Stale { version: 1 })), "{late:?}");
    // Who names no version changes what holds, and loses nothing of it.
    two.change(&patch(&json!({ "strategy": "fill_first" })), by("bob")).await.unwrap();
    assert_eq!((two.now().max_attempts, two.now().strategy), (4, Strategy::FillFirst));
    let changes =
        (0..6).map(|n| (n, patch(&json!({ "models": { format!("gemini-{n}"): { "thinking_budget": n } } }))));
    let changes: Vec<_> = changes.collect();
    let all =
        changes.iter().map(|(n, change)| if n % 2 == 0 { &one } else { &two }.change(change, by("many")));
    for done in futures_util::future::join_all(all).await {
        done.unwrap();
    }
    one.refresh().await.unwrap();
    assert_eq!(one.now().json()["models"].as_object().unwrap().len(), 6);
    assert_eq!(one.version(), 8);
}

#[tokio::test]
async fn any_version_can_be_brought_back() {
    let house = House::open().await;
    let settings = house.settings().await;
    for attempts in [4, 5, 6] {
        settings.change(&patch(&json!({ "max_attempts": attempts })), by("ann")).await.unwrap();
    }
    let unchanged = settings.change(&patch(&json!({ "max_attempts": 6 })), by("ann")).await.unwrap();
    assert_eq!(unchanged, (3, vec![]), "a change of nothing makes no version");
    let dry = Terms { dry_run: true, ..by("bob") };
    let (version, changes) = settings.roll_back(1, dry).await.unwrap();
    assert_eq!((version, changes[0].to.clone(), settings.now().max_attempts), (3, json!(4), 6));
    assert_eq!(settings.roll_back(1, by("bob")).await.unwrap().0, 4);
    assert_eq!(settings.now().max_attempts, 4);
    assert_eq!(settings.roll_back(0, by("bob")).await.unwrap().0, 5);
    assert_eq!(source(&settings, "max_attempts").1, "default");
    assert!(matches!(settings.roll_back(77, by("bob")).await, Err(SettingsError::NoVersion(77))));
    let page = settings.history(None, 2).await.unwrap();
    let told: Vec<_> =
        page.iter().map(|version| (version.version, &*version.author, &*version.note)).collect();
    assert_eq!(told, [(5, "bob", "rollback to 0"), (4, "bob", "rollback to 1")]);
    assert_eq!(page[1].changes, [Difference { name: "max_attempts".into(), from: json!(6), to: json!(4) }]);
    assert_eq!(settings.history(Some(4), 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_stored_value_of_another_release_does_not_stop_the_start() {
    let house = House::open().await;
    let stored = r#"{"max_attempts": "many", "gone": true, "strategy": "fill_first"}"#.to_owned();
    let row = crate::store::record::SettingsVersion {
        version: 1,
        at: NOW,
        author: "ann".into(),
        note: String::new(),
        stored,
        changes: "[]".into(),
    };
    house.store.add_settings_version(&row).await.unwrap();
    let settings = house.settings().await;
    assert_eq!((settings.now().max_attempts, settings.now().strategy), (3, Strategy::FillFirst));
    let mended = json!({ "max_attempts": null });
    settings.change(&patch(&mended), by("ann")).await.unwrap();
    assert_eq!(settings.current().entries.len(), KEYS.len());
    assert_eq!(settings.now().strategy, Strategy::FillFirst);
}

#[test]
fn how_a_model_thinks() {
    let of = |change: Value| {
        let (values, problems) = Values::of_defaults().unwrap().over(&patch(&change));
        assert_eq!(problems, []);
        values.thoughts(["gemini-flash-latest", "gemini-2.5-flash"])
    };
    let table = [
        (json!({}), None, true),
        (json!({ "thinking_budget": 8192, "include_thoughts": false }), Some(8192), false),
        (json!({ "thinking_budget": 8192, "thinking_enabled": false }), Some(0), true),
        (json!({ "thinking_budget": 0 }), Some(0), true),
        (
            json!({ "thinking_budget": 1, "models": { "gemini-2.5-flash": { "thinking_budget": 5 } } }),
            Some(5),
            true,
        ),
        (
            json!({ "thinking_enabled": false, "models": { "gemini-2.5-flash": { "thinking_budget": -1 } } }),
            None,
            true,
        ),
        (
            json!({ "thinking_budget": 9, "models": { "gemini-2.5-flash": { "include_thoughts": false } } }),
            Some(9),
            false,
        ),
        (
            json!({ "models": { "Gemini-Flash-Latest": { "thinking_budget": 7 }, "gemini-2.5-flash": {} } }),
            Some(7),
            true,
        ),
    ];
    for (change, budget, shown) in table {
        assert_eq!(of(change.clone()), Thoughts { budget, shown }, "{change}");
    }
}

#[test]
fn origins_are_compared_whole() {
    let of = |text| <Origins as setting::Setting>::parse(text, &Kind::Origins).unwrap();
    let two = of("https://a.example, http://localhost:3000");
    assert!(two.allow("https://a.example") && two.allow("http://LOCALHOST:3000"));
    assert!(!two.allow("https://a.example.evil.com") && !two.allow("null") && of("").is_empty());
    assert!(of("*").allow("https://anything.example"));
}
