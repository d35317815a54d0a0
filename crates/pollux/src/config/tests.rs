//! The way from what is written to what is true.

use std::time::Duration;

use clap::{Args as _, Command, FromArgMatches as _};

use super::*;
use crate::keyring::Strategy;
use crate::secret::Secret;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().copied().collect()
}

fn flags(arguments: &[&str]) -> Flags {
    let command = Flags::augment_args(Command::new("pollux"));
    let line = std::iter::once("pollux").chain(arguments.iter().copied());
    Flags::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap()
}

fn toml(text: &str) -> File {
    File { name: String::from("pollux.toml"), text: String::from(text) }
}

fn read(
    arguments: &[&str],
    pairs: &[(&str, &str)],
    file: impl Into<Option<File>>,
) -> Result<Config, Problems> {
    RawConfig::gather(&flags(arguments), &environment(pairs), file.into())?.validate()
}

fn problems(pairs: &[(&str, &str)], file: &str) -> String {
    read(&[], pairs, toml(file)).unwrap_err().to_string()
}

#[test]
fn nothing_written_gives_the_documented_defaults() {
    let config = Config::of_defaults().unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.database_path().as_deref(), Some(Path::new("./data/pollux.db")));
    let live = &config.settings.values;
    assert_eq!(live.keep_alive_interval, Duration::from_mins(14));
    assert_eq!((live.max_attempts, config.max_body_mb, live.strategy), (3, 140, Strategy::Headroom));
    assert!(config.settings.written.is_empty());
    assert!(config.admin_auth && !config.allow_sim_faults && config.warnings.is_empty());
    assert!(config.admin_token.is_none() && config.gemini_api_keys.is_empty());
    // The rooms' own defaults say the same.
    assert_eq!(format!("{:?}", config.upstream()), format!("{:?}", upstream::Settings::default()));
    assert_eq!(config.telemetry(), telemetry::Settings::default());
}

#[test]
fn flags_go_before_environment_before_file() {
    let file = || toml("log = \"error\"\nstrategy = \"fill_first\"\nmax_attempts = 5\nidle_timeout = 7");
    let pairs = [("POLLUX_LOG", "warn"), ("POLLUX_STRATEGY", "round_robin"), ("POLLUX_DATA_DIR", "")];
    let config = read(&["--log", "debug"], &pairs, file()).unwrap();
    assert_eq!(
        (config.log.as_str(), config.settings.values.strategy, config.settings.values.max_attempts),
        ("debug", Strategy::RoundRobin, 5)
    );
    assert_eq!(
        (config.idle_timeout, config.data_dir.as_path()),
        (Duration::from_secs(7), Path::new("./data"))
    );
}

#[test]
fn the_flags_are_well_formed() {
    Flags::augment_args(Command::new("pollux")).debug_assert();
    assert_eq!(Flags::default().with("log", "debug").with("admin_token", "x").get("log"), Some("debug"));
    assert_eq!(Flags::default().with("admin_token", "x").get("admin_token"), None);
}

#[test]
fn where_to_listen() {
    let table = [
        ([("PORT", "10000"), ("POLLUX_LISTEN", "")], "", "0.0.0.0:10000"),
        ([("PORT", "10000"), ("POLLUX_LISTEN", "127.0.0.1:1")], "", "127.0.0.1:1"),
        ([("PORT", "10000"), ("POLLUX_LISTEN", " ")], "listen = \"127.0.0.1:9\"", "0.0.0.0:10000"),
        ([("PORT", ""), ("POLLUX_LISTEN", "")], "listen = \"localhost:9\"", "127.0.0.1:9"),
        ([("PORT", ""), ("POLLUX_LISTEN", "[::]:80")], "", "[::]:80"),
    ];
    for (pairs, file, expected) in table {
        assert_eq!(read(&[], &pairs, toml(file)).unwrap().listen.to_string(), expected);
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let pairs = [
        ("PORT", "abc"),
        ("POLLUX_STRATEGY", "random"),
        ("DATABASE_URL", "postgres://u:hunter2@h/db?colour=blue"),
        ("REDIS_URL", "http://:hunter2@h"),
        ("POLLUX_EGRESS_PROXY", "http://h:1, gopher://u:hunter2@h"),
        ("POLLUX_ADMIN_TOKEN", "hunter2"),
        ("POLLUX_UPSTREAM_URL", "generativelanguage.googleapis.com"),
    ];
    let file =
        "idle_timout = 3\nconnect_timeout = \"soon\"\nmax_attempts = 0\nlog = 1.5\n[upstream]\nx = 1\n";
    let text = problems(&pairs, file);
    assert!(!text.contains("hunter2"));
    insta::assert_snapshot!(text, @r#"
    idle_timout: (in pollux.toml) is not a setting; did you mean idle_timeout?
    log: (in pollux.toml) is a float; write a text, a number, true or false, or a list of texts
    upstream: (in pollux.toml) is not a setting; `pollux config reference` lists all settings
    listen: "0.0.0.0:abc" (from PORT) is not an address and a port; write for example 127.0.0.1:8000 or [::]:8000
    database_url: the value (from DATABASE_URL) has a parameter `colour` that is not known here; write postgres://USER:PASSWORD@HOST:PORT/DATABASE
    redis_url: the value (from REDIS_URL) does not begin with redis:// or rediss://; write redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss:// for TLS, or leave it out
    admin_token: the value (from POLLUX_ADMIN_TOKEN) has only 7 characters; use at least 8, or leave it out to have one generated
    upstream_url: the value (from POLLUX_UPSTREAM_URL) has no scheme; write https://HOST, with a path if need be
    egress_proxy: the value (from POLLUX_EGRESS_PROXY) (number 2) speaks "gopher", which is not known here; write http://, https:// or socks5:// and HOST:PORT, with user:password@ before it if need be
    connect_timeout: "soon" (in pollux.toml) is not a time above zero; write for example 500ms, 10s, 2m or 1h
    strategy: "random" (from POLLUX_STRATEGY) is not a strategy; write headroom, least_used, round_robin or fill_first
    max_attempts: "0" (in pollux.toml) is not a whole number from 1 to 100; write digits only
    "#);
}

#[test]
fn broken_toml_names_the_line_and_not_its_text() {
    let text = problems(&[], "log = \"info\"\nadmin_token = \"hunter2\n");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.starts_with("pollux.toml: line 2 is not valid TOML"), "{text}");
}

#[test]
fn the_console_may_have_another_address() {
    let on = |text| read(&[], &[("POLLUX_CONSOLE_LISTEN", text)], None);
    assert_eq!(on("").unwrap().console_listen, None);
    assert_eq!(on("localhost:8501").unwrap().console_listen, Some(([127, 0, 0, 1], 8501).into()));
    assert!(on("8501").unwrap_err().to_string().starts_with("console_listen: "));
    let open = [("POLLUX_ADMIN_AUTH", "off"), ("POLLUX_CONSOLE_LISTEN", "0.0.0.0:8501")];
    assert!(read(&[], &open, None).unwrap_err().to_string().contains("listening on 0.0.0.0:8501"));
}

#[test]
fn open_administration_needs_loopback() {
    let off = ("POLLUX_ADMIN_AUTH", "off");
    assert!(!read(&[], &[off, ("POLLUX_LISTEN", "[::1]:8000")], None).unwrap().admin_auth);
    let error = read(&[], &[off, ("PORT", "8000")], None).unwrap_err().to_string();
    insta::assert_snapshot!(error, @"admin_auth: cannot be off while listening on 0.0.0.0:8000, where others can reach it; listen on 127.0.0.1, or leave it on and use the admin token");
}

#[test]
fn waits_must_not_contradict_each_other() {
    let error = problems(&[], "first_event_timeout = \"1h\"");
    assert!(error.starts_with("first_event_timeout: is longer than total_timeout"), "{error}");
}

#[test]
fn keys_come_with_any_separator_and_once() {
    let config = read(&[], &[("GEMINI_API_KEYS", "AQ.a,AQ.b\nAQ.c; 'AQ.a'  ,")], None).unwrap();
    let keys: Vec<_> = config.gemini_api_keys.iter().map(Secret::expose).collect();
    assert_eq!(keys, ["AQ.a", "AQ.b", "AQ.c"]);
    let listed = read(&[], &[], toml("gemini_api_keys = [\"AQ.a\", \"AQ.b\"]")).unwrap();
    assert_eq!(listed.gemini_api_keys.len(), 2);
}

#[test]
fn times() {
    let table = [("3", 3000), ("500ms", 500), ("2m", 120_000), ("1 h", 3_600_000)];
    for (text, expected) in table {
        let config = read(&["--idle-timeout", text], &[], None).unwrap();
        assert_eq!(config.idle_timeout.as_millis(), expected, "{text}");
    }
    for text in ["0", "-1", "1.5s", "s", "1d", "99999999999999999999", "18446744073709551615h"] {
        assert!(read(&[], &[("POLLUX_IDLE_TIMEOUT", text)], None).is_err(), "{text}");
    }
    let config = read(&[], &[("POLLUX_QUEUE_PATIENCE", "0")], None).unwrap();
    assert_eq!(config.settings.values.queue_patience, Duration::ZERO);
}

#[test]
fn unknown_variables_of_ours_are_pointed_out() {
    let pairs =
        [("POLLUX_LISTN", "x"), ("POLLUX_SERVICE_HOST", "x"), ("POLLUX_PORT", "tcp://x"), ("PATH", "x")];
    let config = read(&[], &pairs, None).unwrap();
    assert_eq!(config.warnings, ["the variable POLLUX_LISTN is not a setting; did you mean POLLUX_LISTEN?"]);
}

#[test]
fn nothing_secret_is_printed() {
    let pairs = [
        ("GEMINI_API_KEYS", "hunter2-a"),
        ("ADMIN_TOKEN", "hunter2-b"),
        ("POLLUX_MASTER_KEY", "hunter2-0123456789"),
        ("POLLUX_EGRESS_PROXY", "socks5://u:hunter2@h:1"),
    ];
    let file = toml("log = \"info\" # hunter2");
    let flags = flags(&["--database-url", "sqlite:hunter2.db"]);
    let raw = RawConfig::gather(&flags, &environment(&pairs), Some(file.clone())).unwrap();
    let printed =
        format!("{flags:?} {:?} {file:?} {raw:?} {:?}", environment(&pairs), raw.clone().validate());
    assert!(!printed.replace("hunter2.db", "").contains("hunter2"), "{printed}");
    assert_eq!(raw.validate().unwrap().admin_token.unwrap().expose(), "hunter2-b");
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem() {
    let error = load(&flags(&["--config", "/absent/pollux.toml"]), &Environment::default()).unwrap_err();
    assert!(error.to_string().starts_with("/absent/pollux.toml: cannot be read"), "{error}");
    let named = environment(&[("POLLUX_CONFIG", "/absent/other.toml")]);
    assert!(load(&Flags::default(), &named).unwrap_err().to_string().contains("/absent/other.toml"));
}

#[test]
fn the_sample_says_the_defaults() {
    let lines = sample()
        .lines()
        .filter(|line| line.contains(" = "))
        .fold(String::new(), |all, line| all + line.trim_start_matches("# ") + "\n");
    let mut config = read(&[], &[], toml(&lines)).unwrap();
    assert!(config.settings.written.contains("strategy"));
    config.settings.written.clear();
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::of_defaults().unwrap()));
}

#[test]
fn names_follow_one_rule() {
    for key in keys::keys() {
        if let Some(flag) = key.flag {
            assert_eq!(flag, key.name.replace('_', "-"));
        }
        let env = format!("POLLUX_{}", key.name.to_ascii_uppercase());
        let other =
            ["DATABASE_URL", "REDIS_URL", "GEMINI_API_KEYS", "RENDER_EXTERNAL_URL", "KEEP_ALIVE_INTERVAL"];
        // Those of OpenTelemetry are the same in every program.
        let known = other.contains(&key.env[0]) || key.env[0].starts_with("OTEL_");
        assert!(key.env[0] == env || known, "{}", key.name);
        assert!(key.doc().ends_with('.'), "{}", key.name);
    }
}

/// `POLLUX_BLESS=1 cargo test -p pollux config` writes them anew.
#[test]
fn the_checked_in_pages_are_up_to_date() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let bless = Environment::of_process().get("POLLUX_BLESS").is_some();
    for (name, text) in [
        ("docs/configuration.md", reference()),
        ("pollux.sample.toml", sample()),
        ("docs/settings.md", crate::settings::reference()),
    ] {
        let path = root.join(name);
        if bless {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(checked_in, text, "{name} is stale; POLLUX_BLESS=1 writes it anew");
    }
}

#[test]
fn user_keys_are_named_and_long_enough() {
    let text = "ann=sk-0123456789abcdef,\n bob = sk-fedcba9876543210 \n";
    let users = read(&[], &[("POLLUX_USER_KEYS", text)], None).unwrap().user_keys;
    let users: Vec<_> = users.iter().map(|user| (user.name.as_str(), user.key.expose())).collect();
    assert_eq!(users, [("ann", "sk-0123456789abcdef"), ("bob", "sk-fedcba9876543210")]);
    for (text, reason) in [
        ("sk-0123456789abcdef", "(number 1) has no `=`"),
        ("ann=sk-0123456789abcdef,=sk-fedcba9876543210", "(number 2) has no name"),
        ("ann=short", "(number 1) has no usable key"),
        ("ann=sk-0123456789abcdef,bob=sk-0123456789abcdef", "(number 2) has the key of another user"),
    ] {
        let said = problems(&[("POLLUX_USER_KEYS", text)], "");
        assert!(said.contains(reason) && !said.contains("0123456789abcdef"), "{said}");
    }
}
