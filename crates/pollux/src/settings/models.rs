//! What is set for single models.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::parse;
use super::problem::{Bad, escaped};
use super::setting::Setting;

/// How many models may have settings of their own.
const MOST: usize = 500;
/// The range of a budget: −1 is up to the model, 0 is off.
pub(super) const BUDGET: Kind = Kind::Whole { least: -1, most: 32_768 };

/// What is set for one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSettings {
    /// Whether it may be called.
    pub enabled: bool,
    /// Its thinking budget, before that of all models: −1 is up to the model, 0 is off.
    pub thinking_budget: Option<i64>,
    /// Whether its thoughts are shown, before what holds for all models.
    pub include_thoughts: Option<bool>,
}

/// How a model thinks if the request does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thoughts {
    /// The budget; `None` leaves it to the model.
    pub budget: Option<i64>,
    /// Whether thoughts are shown.
    pub shown: bool,
}

/// What is set for single models, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models(BTreeMap<String, ModelSettings>);

impl Default for ModelSettings {
    fn default() -> Self {
        Self { enabled: true, thinking_budget: None, include_thoughts: None }
    }
}

impl Models {
    /// What is set for the first of these names that has settings: what was asked for, then what will answer.
    pub fn of<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&ModelSettings> {
        names.into_iter().find_map(|name| self.0.get(name))
    }

    /// Whether a model of any of these names is switched off.
    pub fn are_off<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        names.into_iter().filter_map(|name| self.0.get(name)).any(|model| !model.enabled)
    }

    fn of_map(map: &Map<String, Value>, note: &mut dyn FnMut(String, Bad)) -> Option<Self> {
        let mut wrong = false;
        let mut models = BTreeMap::new();
        for (name, value) in map {
            let at = format!("/{}", escaped(name));
            let mut note = |below: &str, bad: Bad| {
                wrong = true;
                note(format!("{at}{below}"), bad);
            };
            match parse::model(name) {
                Ok(name) => {
                    let model = ModelSettings::of(value, &mut note);
                    models.insert(name.to_ascii_lowercase(), model);
                }
                Err(bad) => note("", bad),
            }
        }
        if models.len() > MOST {
            wrong = true;
            note(String::new(), Bad::new(format!("has more than {MOST} models"), "leave some out"));
        }
        (!wrong).then_some(Self(models))
    }
}

impl ModelSettings {
    fn of(value: &Value, note: &mut dyn FnMut(&str, Bad)) -> Self {
        let mut model = Self::default();
        let Some(fields) = value.as_object() else {
            note("", Bad::new("must be an object", "send for example {\"enabled\": false}"));
            return model;
        };
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            let below = format!("/{}", escaped(name));
            let mut note = |_: String, bad: Bad| note(&below, bad);
            match name.as_str() {
                "enabled" => {
                    model.enabled = bool::read(value, &Kind::Switch, &mut note).unwrap_or(true);
                }
                "thinking_budget" => model.thinking_budget = i64::read(value, &BUDGET, &mut note),
                "include_thoughts" => model.include_thoughts = bool::read(value, &Kind::Switch, &mut note),
                _ => {
                    let way_out = "use enabled, thinking_budget or include_thoughts; limits are declared at \
                                   PUT /admin/limits/{model}";
                    note(String::new(), Bad::new("is not a setting of a model", way_out));
                }
            }
        }
        model
    }

    fn json(&self) -> Value {
        let Self { enabled, thinking_budget, include_thoughts } = self;
        let mut shown = Map::from_iter([("enabled".to_owned(), json!(enabled))]);
        shown.extend(thinking_budget.map(|budget| ("thinking_budget".to_owned(), json!(budget))));
        shown.extend(include_thoughts.map(|include| ("include_thoughts".to_owned(), json!(include))));
        Value::Object(shown)
    }
}

impl Setting for Models {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let way_out = r#"write for example {"gemini-2.5-pro": {"enabled": false}}"#;
        let value: Value = serde_json::from_str(text).map_err(|_| Bad::new("is not JSON", way_out))?;
        let mut first = None;
        let mut note = |at: String, bad: Bad| {
            let reason = if at.is_empty() { bad.reason } else { format!("({at}) {}", bad.reason) };
            first.get_or_insert(Bad { reason, way_out: bad.way_out });
        };
        let read = Self::read(&value, kind, &mut note);
        read.ok_or_else(|| first.unwrap_or_else(|| Bad::new("cannot be read", way_out)))
    }

    fn json(&self) -> Value {
        self.0.iter().map(|(name, model)| (name.clone(), model.json())).collect::<Map<_, _>>().into()
    }

    fn read(value: &Value, kind: &Kind, note: &mut dyn FnMut(String, Bad)) -> Option<Self> {
        if let Some(map) = value.as_object() {
            return Self::of_map(map, note);
        }
        if let Err(bad) = kind.text_of(value) {
            note(String::new(), bad);
        }
        None
    }
}
