//! What was written, and where.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use toml::{Table, Value};

use super::environment::Environment;
use super::flags::Flags;
use super::keys::{Config, key, keys};
use super::problem::{Bad, Problem, Problems, nearest};
use crate::secret::Secret;
use crate::settings::{Configured, Key, Kind, Values};

/// A configuration file that was read.
#[derive(Clone)]
pub struct File {
    /// What it is called in messages.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl File {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => {
                let reason = format!("cannot be read ({error})");
                Err(Problem::new(&name, reason, "name a readable file with --config or POLLUX_CONFIG"))
            }
        }
    }
}

impl fmt::Debug for File {
    /// The name only: the text may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// What was written: for each setting the text that wins, and its place.
#[derive(Clone, Debug)]
pub struct RawConfig {
    written: BTreeMap<&'static str, Written>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

#[derive(Clone, Debug)]
struct Written {
    text: Secret,
    place: String,
}

impl RawConfig {
    /// Collects what was written: flags before environment before file. Fails only if the file is no TOML at all.
    pub fn gather(flags: &Flags, environment: &Environment, file: Option<File>) -> Result<Self, Problems> {
        let mut raw =
            Self { written: BTreeMap::new(), problems: Vec::new(), warnings: strangers(environment) };
        if let Some(file) = file {
            raw.read_file(&file)?;
        }
        for key in keys() {
            let variable = key.env.iter().find_map(|name| Some((*name, environment.get(name)?)));
            if let Some((name, text)) = variable {
                raw.put(key, &for_variable(name, text), format!("from {name}"));
            }
            if let (Some(text), Some(flag)) = (flags.get(key.name), key.flag) {
                raw.put(key, text, format!("from --{flag}"));
            }
        }
        Ok(raw)
    }

    /// Turns what was written into what is true, or reports everything that is wrong.
    pub fn validate(self) -> Result<Config, Problems> {
        let mut problems = self.problems.clone();
        match Config::read(&self) {
            Ok(config) => {
                problems.extend(config.contradictions());
                if problems.is_empty() { Ok(config) } else { Err(Problems(problems)) }
            }
            Err(more) => {
                problems.extend(more);
                Err(Problems(problems))
            }
        }
    }

    /// The value of a fixed setting; if there is none, the problem is noted.
    pub(super) fn value<T>(
        &self,
        name: &str,
        parse: fn(&str) -> Result<T, Bad>,
        problems: &mut Vec<Problem>,
    ) -> Option<T> {
        let key = key(name)?;
        parse(self.text(key)).map_err(|bad| problems.push(self.problem(key, bad))).ok()
    }

    /// The starting values of what can be turned later.
    pub(super) fn settings(&self, problems: &mut Vec<Problem>) -> Option<Configured> {
        let values =
            Values::read(|key| self.text(key).into(), |key, bad| problems.push(self.problem(key, bad)))?;
        let live = keys().filter(|key| key.kind.is_some()).map(|key| key.name);
        Some(Configured { values, written: live.filter(|name| self.written.contains_key(name)).collect() })
    }

    fn text(&self, key: &'static Key) -> &str {
        self.written.get(key.name).map_or(key.default, |written| written.text.expose())
    }

    fn problem(&self, key: &Key, bad: Bad) -> Problem {
        let written = self.written.get(key.name);
        let text = written.map_or(key.default, |written| written.text.expose());
        let origin = written.map_or("by default", |written| written.place.as_str());
        let shown = if key.quotable { format!("\"{text}\"") } else { String::from("the value") };
        Problem::new(key.name, bad.reason, bad.way_out).at(format!("{shown} ({origin})"))
    }

    /// What looks like a mistake but may be none.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn read_file(&mut self, file: &File) -> Result<(), Problem> {
        let table: Table = file.text.parse().map_err(|error| not_toml(file, &error))?;
        for (name, value) in &table {
            let Some(key) = key(name) else {
                self.problems.push(unknown(name, file));
                continue;
            };
            let object = value.as_table().filter(|_| matches!(key.kind, Some(Kind::Models | Kind::Aliases)));
            let object = object.and_then(|table| serde_json::to_string(table).ok());
            if let Some(text) = object.or_else(|| scalar(value)) {
                self.put(key, &text, format!("in {}", file.name));
            } else {
                let way_out = "write a text, a number, true or false, or a list of texts";
                let problem = Problem::new(name, format!("is a {}", value.type_str()), way_out);
                self.problems.push(problem.at(format!("(in {})", file.name)));
            }
        }
        Ok(())
    }

    fn put(&mut self, key: &Key, text: &str, place: String) {
        // Like an empty variable, an empty text in the file means "not set".
        if !text.trim().is_empty() {
            let text = Secret::new(String::from(text.trim()));
            self.written.insert(key.name, Written { text, place });
        }
    }
}

fn unknown(name: &str, file: &File) -> Problem {
    let way_out = match nearest(name, keys().map(|key| key.name)) {
        Some(meant) => format!("did you mean {meant}?"),
        None => String::from("`pollux config reference` lists all settings"),
    };
    Problem::new(name, "is not a setting", way_out).at(format!("(in {})", file.name))
}

/// `PORT` is only a number, and asks for every interface.
fn for_variable<'a>(name: &str, text: &'a str) -> Cow<'a, str> {
    if name == "PORT" { Cow::Owned(format!("0.0.0.0:{text}")) } else { Cow::Borrowed(text) }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Array(items) => items.iter().map(scalar).collect::<Option<Vec<_>>>().map(|all| all.join("\n")),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// Where the text stops being TOML. The line itself is not shown: it may hold a secret.
fn not_toml(file: &File, error: &toml::de::Error) -> Problem {
    let start = error.span().map_or(0, |span| span.start);
    let line = file.text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    let reason =
        format!("line {line} is not valid TOML ({})", error.message().lines().next().unwrap_or_default());
    Problem::new(&file.name, reason, "write lines like: listen = \"127.0.0.1:8000\"")
}

/// Variables that begin like ours but are not. Kubernetes makes such for a service called "pollux".
fn strangers(environment: &Environment) -> Vec<String> {
    let known = || keys().flat_map(|key| key.env.iter().copied()).chain(["POLLUX_CONFIG", "POLLUX_BLESS"]);
    let ours = |name: &&str| {
        name.starts_with("POLLUX_")
            && !name.starts_with("POLLUX_SERVICE_")
            && !name.starts_with("POLLUX_PORT")
    };
    environment
        .names()
        .filter(ours)
        .filter(|name| !known().any(|other| other == *name))
        .map(|name| match nearest(name, known()) {
            Some(meant) => format!("the variable {name} is not a setting; did you mean {meant}?"),
            None => format!("the variable {name} is not a setting"),
        })
        .collect()
}
