//! The models we know, and what a name a client uses comes down to.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::raw::{CatalogueError, RawCatalogue, Rule};
use super::{Capabilities, Price};

/// Aliases and reroutes are followed this far; a longer chain is a loop.
const LONGEST_CHAIN: usize = 8;

/// All models, aliases and the rules for ids that are unknown. Days are `YYYY-MM-DD`, compared as text.
#[derive(Clone, Debug)]
pub struct Catalogue {
    models: Vec<Arc<Model>>,
    aliases: BTreeMap<String, String>,
    unknown: Vec<(Rule, Arc<Capabilities>)>,
    fallback: Arc<Capabilities>,
}

/// One model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Google's id, without `models/`.
    pub id: String,
    /// What it is for.
    pub kind: Kind,
    /// What it can do itself; see [`Catalogue::resolve`] for what really answers.
    pub capabilities: Arc<Capabilities>,
    /// Google's limits to begin with, until a 429 teaches better.
    pub limits: Limits,
    /// Price lists, by their first day; none if unknown.
    pub prices: Vec<Price>,
    /// First day.
    pub released: Option<String>,
    /// First day without it.
    pub shutdown: Option<String>,
    /// Google answers with another model.
    pub reroute: Option<Reroute>,
    /// What we ask instead once it is shut down.
    pub replaced_by: Option<String>,
    /// Google's name of the quota bucket where it is not the id.
    pub bucket: Option<String>,
    /// What is uncertain about the entry.
    pub note: Option<String>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names explain themselves")]
pub enum Kind {
    Chat,
    Image,
    Speech,
    Transcription,
    Embedding,
}

/// Google answers with another model, silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reroute {
    /// The model that answers.
    pub to: String,
    /// First day of the reroute.
    pub since: String,
}

/// Limits of a project for one model; the values are guesses (`wire.md` §17.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// On the free tier.
    pub free: Rates,
    /// On the first paid tier.
    pub paid: Rates,
}

/// Limits of one tier; `None` is unlimited until a 429 teaches, 0 is not offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Input tokens per minute.
    pub tpm: Option<u64>,
    /// Requests per Pacific day.
    pub rpd: Option<u64>,
}

/// What a name comes down to on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The name without prefixes: what to call the model towards the client.
    pub requested: String,
    /// What to put into the path after `models/`; Google follows its own aliases and reroutes itself.
    pub upstream_id: String,
    /// The model that will really answer, as far as we know; else `upstream_id`.
    pub effective_id: String,
    /// What the model that will really answer can do.
    pub effective: Arc<Capabilities>,
    /// The quota bucket to count in until Google names another.
    pub bucket: String,
    /// Whether the catalogue has it; if not, the capabilities are a guess from the name.
    pub known: bool,
    /// Shut down, and nothing replaces it.
    pub is_gone: bool,
}

impl Model {
    /// Is it shut down on this day?
    pub fn is_shut(&self, today: &str) -> bool {
        self.shutdown.as_deref().is_some_and(|day| day <= today)
    }

    /// The price list of a day.
    pub fn price(&self, today: &str) -> Option<&Price> {
        let holds = |price: &&Price| price.from.as_deref().is_none_or(|day| day <= today);
        self.prices.iter().filter(holds).max_by(|left, right| left.from.cmp(&right.from))
    }

    /// Google's name of its quota bucket.
    pub fn bucket(&self) -> &str {
        self.bucket.as_deref().unwrap_or(&self.id)
    }
}

impl Catalogue {
    /// The one that is built in.
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::from_json(include_str!("../../data/models.json"))
                .expect("the built-in catalogue is sound")
        });
        &BUILTIN
    }

    /// Reads a catalogue file and checks that every name in it leads somewhere.
    pub fn from_json(text: &str) -> Result<Self, CatalogueError> {
        let raw: RawCatalogue = serde_json::from_str(text)?;
        let models = raw.models()?;
        let profiles: BTreeMap<String, Arc<Capabilities>> =
            raw.profiles.into_iter().map(|(name, profile)| (name, Arc::new(profile))).collect();
        let mut unknown = Vec::with_capacity(raw.unknown.len());
        for rule in raw.unknown {
            if let Some(profile) = profiles.get(&rule.profile) {
                unknown.push((rule, Arc::clone(profile)));
            }
        }
        let dangling =
            |name: &str| CatalogueError::Dangling { user: "unknown".to_owned(), name: name.to_owned() };
        let fallback =
            unknown.last().map(|(_, profile)| Arc::clone(profile)).ok_or_else(|| dangling("a last rule"))?;
        let models = models.into_iter().map(Arc::new).collect();
        Ok(Self { models, aliases: raw.aliases, unknown, fallback })
    }

    /// A model by its exact id; aliases are not followed.
    pub fn get(&self, id: &str) -> Option<&Arc<Model>> {
        self.models.iter().find(|model| model.id == id)
    }

    /// Every model, also those shut down.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.iter()
    }

    /// The models that are served on a day.
    pub fn listed<'a>(&'a self, today: &'a str) -> impl Iterator<Item = &'a Arc<Model>> {
        self.models.iter().filter(move |model| !model.is_shut(today))
    }

    /// Names that Google leads to a model, with that model's id as far as is known.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(alias, target)| (alias.as_str(), target.as_str()))
    }

    /// The models that share a quota bucket.
    pub fn in_bucket<'a>(&'a self, bucket: &'a str) -> impl Iterator<Item = &'a Arc<Model>> {
        self.models.iter().filter(move |model| model.bucket() == bucket)
    }

    /// What a name comes down to: prefixes off, replacements, aliases and reroutes in force followed. Never fails:
    /// an unknown `gemini-*` is taken for the newest generation (`wire.md` §3.1).
    pub fn resolve(&self, name: &str, today: &str) -> Resolved {
        let requested = bare(name);
        let (upstream_id, entry) = match self.aliases.get(&requested) {
            Some(target) => (requested.clone(), self.get(target)),
            None => self.replaced(&requested, today),
        };
        let effective = entry.map(|model| self.answering(model, today));
        Resolved {
            effective_id: effective.map_or_else(|| upstream_id.clone(), |model| model.id.clone()),
            effective: effective
                .map_or_else(|| self.guess(&requested), |model| Arc::clone(&model.capabilities)),
            bucket: entry.map_or(upstream_id.as_str(), |model| model.bucket()).to_owned(),
            known: entry.is_some(),
            is_gone: effective.is_some_and(|model| model.is_shut(today)),
            upstream_id,
            requested,
        }
    }

    fn replaced(&self, id: &str, today: &str) -> (String, Option<&Arc<Model>>) {
        let mut entry = self.get(id);
        for _ in 0..LONGEST_CHAIN {
            let next =
                entry.filter(|model| model.is_shut(today)).and_then(|model| model.replaced_by.as_ref());
            let Some(next) = next else { break };
            entry = self.get(next);
        }
        (entry.map_or_else(|| id.to_owned(), |model| model.id.clone()), entry)
    }

    fn answering<'a>(&'a self, model: &'a Arc<Model>, today: &str) -> &'a Arc<Model> {
        let mut model = model;
        for _ in 0..LONGEST_CHAIN {
            let reroute = model.reroute.as_ref().filter(|reroute| reroute.since.as_str() <= today);
            let Some(next) = reroute.and_then(|reroute| self.get(&reroute.to)) else { break };
            model = next;
        }
        model
    }

    fn guess(&self, id: &str) -> Arc<Capabilities> {
        let fitting = self.unknown.iter().find(|(rule, _)| rule.fits(id)).map(|(_, profile)| profile);
        Arc::clone(fitting.unwrap_or(&self.fallback))
    }
}

/// The id alone: no `models/`, `google/`, `gemini/`, slashes also percent-encoded, in lower case as Google writes.
fn bare(name: &str) -> String {
    let name = name.trim().replace("%2F", "/").replace("%2f", "/");
    let mut id = name.as_str();
    while let Some(rest) = ["models/", "google/", "gemini/"].iter().find_map(|prefix| id.strip_prefix(prefix))
    {
        id = rest;
    }
    if id.starts_with("tunedModels/") { id.to_owned() } else { id.to_ascii_lowercase() }
}
