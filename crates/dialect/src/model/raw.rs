//! The data file as it is written, and what can be wrong with it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{Capabilities, Kind, Limits, Model, Price, Reroute};

/// The file: models name a profile (what they can do) and a class of limits, so that neither is written twice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCatalogue {
    pub(super) profiles: BTreeMap<String, Capabilities>,
    limits: BTreeMap<String, Limits>,
    models: Vec<RawModel>,
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) unknown: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    id: String,
    kind: Kind,
    profile: String,
    input_limit: Option<u64>,
    output_limit: Option<u64>,
    limits: String,
    prices: Vec<Price>,
    released: Option<String>,
    shutdown: Option<String>,
    reroute: Option<Reroute>,
    replaced_by: Option<String>,
    bucket: Option<String>,
    note: Option<String>,
}

/// Which profile an id gets that no model has. Empty lists fit everything; the first rule that fits counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) profile: String,
    #[serde(default)]
    starts_with: Vec<String>,
    #[serde(default)]
    contains: Vec<String>,
    #[serde(default)]
    exact: Vec<String>,
}

impl Rule {
    pub(super) fn fits(&self, id: &str) -> bool {
        let any = |forms: &[String], fits: &dyn Fn(&str) -> bool| {
            forms.is_empty() || forms.iter().any(|form| fits(form))
        };
        any(&self.starts_with, &|form| id.starts_with(form))
            && any(&self.contains, &|form| id.contains(form))
            && any(&self.exact, &|form| id == form)
    }
}

/// What is wrong with a catalogue file.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not JSON, or not of the shape.
    #[error("the model catalogue cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// A name that is defined nowhere.
    #[error("`{user}` in the model catalogue names `{name}`, which is not there")]
    Dangling {
        /// What names it.
        user: String,
        /// What is missing.
        name: String,
    },
    /// Two models of one id, or an alias that is also a model.
    #[error("`{0}` is in the model catalogue twice")]
    Duplicate(String),
    /// A date that is not `YYYY-MM-DD`.
    #[error("`{id}` in the model catalogue has the date `{date}`, which is not YYYY-MM-DD")]
    BadDate {
        /// Whose.
        id: String,
        /// The date as written.
        date: String,
    },
}

impl RawCatalogue {
    /// Every model with its profile and limits put in.
    pub(super) fn models(&self) -> Result<Vec<Model>, CatalogueError> {
        let models = self.models.iter().map(|raw| self.model(raw)).collect::<Result<Vec<_>, _>>()?;
        self.check_names(&models)?;
        models.iter().try_for_each(check_dates)?;
        Ok(models)
    }

    fn model(&self, raw: &RawModel) -> Result<Model, CatalogueError> {
        let mut capabilities = find(&self.profiles, &raw.id, &raw.profile)?.clone();
        capabilities.input_limit = raw.input_limit.unwrap_or(capabilities.input_limit);
        capabilities.output_limit = raw.output_limit.unwrap_or(capabilities.output_limit);
        Ok(Model {
            id: raw.id.clone(),
            kind: raw.kind,
            capabilities: Arc::new(capabilities),
            limits: find(&self.limits, &raw.id, &raw.limits)?.clone(),
            prices: raw.prices.clone(),
            released: raw.released.clone(),
            shutdown: raw.shutdown.clone(),
            reroute: raw.reroute.clone(),
            replaced_by: raw.replaced_by.clone(),
            bucket: raw.bucket.clone(),
            note: raw.note.clone(),
        })
    }

    fn check_names(&self, models: &[Model]) -> Result<(), CatalogueError> {
        let mut ids = HashSet::new();
        let names = models.iter().map(|model| &model.id).chain(self.aliases.keys());
        if let Some(twice) = names.into_iter().find(|id| !ids.insert(id.as_str())) {
            return Err(CatalogueError::Duplicate(twice.clone()));
        }
        let targets = models.iter().flat_map(|model| {
            let reroute = model.reroute.as_ref().map(|reroute| &reroute.to);
            reroute.into_iter().chain(&model.replaced_by).map(|target| (&model.id, target))
        });
        let is_model = |name: &str| models.iter().any(|model| model.id == name);
        if let Some((user, name)) = targets.chain(&self.aliases).find(|(_, name)| !is_model(name)) {
            return Err(CatalogueError::Dangling { user: user.clone(), name: name.clone() });
        }
        self.unknown.iter().try_for_each(|rule| find(&self.profiles, "unknown", &rule.profile).map(|_| ()))
    }
}

fn find<'a, T>(map: &'a BTreeMap<String, T>, user: &str, name: &str) -> Result<&'a T, CatalogueError> {
    map.get(name).ok_or_else(|| CatalogueError::Dangling { user: user.to_owned(), name: name.to_owned() })
}

fn check_dates(model: &Model) -> Result<(), CatalogueError> {
    let reroute = model.reroute.as_ref().map(|reroute| &reroute.since);
    let prices = model.prices.iter().filter_map(|price| price.from.as_ref());
    let mut dates = prices.chain(&model.released).chain(&model.shutdown).chain(reroute);
    match dates.find(|date| !is_date(date)) {
        None => Ok(()),
        Some(date) => Err(CatalogueError::BadDate { id: model.id.clone(), date: date.clone() }),
    }
}

fn is_date(text: &str) -> bool {
    let shape = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let between = |range: Option<&str>, most: &str| range.is_some_and(|text| ("01"..=most).contains(&text));
    shape && text.len() == 10 && between(text.get(5..7), "12") && between(text.get(8..10), "31")
}
