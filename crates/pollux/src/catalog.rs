//! What a model name means on a given day, and what the model can do.
//!
//! Invariant: every decision follows the model that really answers, aliases and reroutes resolved.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use dialect::model::{Capabilities, Catalogue, Family, Kind, Limits, Model, Price};
use dialect::names::{self, Aliases, Extras};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::Moment;

/// What a model name means.
#[derive(Clone, Debug)]
pub struct Meant {
    /// What goes into the path.
    pub upstream_id: String,
    /// The model that really answers, as far as we know.
    pub effective_id: String,
    /// What the model that really answers can do.
    pub capabilities: Arc<Capabilities>,
    /// What answers call the model: as the client did, unless it used a name of the operator's.
    pub answered_as: String,
    /// What hangs on the name.
    pub extras: Extras,
}

/// Names of the operator's own.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// Aliases and patterns.
    pub aliases: &'a Aliases,
    /// Whether options may hang on a name.
    pub suffixes: bool,
}

impl Meant {
    /// The model's names: what was asked for, then what will answer.
    pub fn names(&self) -> [&str; 2] {
        [&self.upstream_id, &self.effective_id]
    }
}

/// A model that a chat can use today.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The name to ask for.
    pub id: String,
    /// What the model that really answers can do.
    pub capabilities: Arc<Capabilities>,
    /// When it came out, if that is known.
    pub released: Option<Moment>,
    /// The day Google switches it off, `2027-05-07`.
    pub shutdown: Option<String>,
}

/// A name that nothing answers to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownModel {
    /// It means nothing here.
    #[error(
        "The model “{0}” is not known here. GET /v1/models lists those that are; the administrator of this gateway can \
         give the name a meaning with the setting `aliases`."
    )]
    Stranger(String),
    /// The operator has switched it off.
    #[error("The model “{0}” is switched off on this gateway. GET /v1/models lists those that answer.")]
    Off(String),
    /// Google has switched it off, and nothing stands in for it.
    #[error("Google has switched the model “{0}” off. GET /v1/models lists those that answer.")]
    Gone(String),
}

impl UnknownModel {
    /// The operator has switched off what goes by this name.
    pub fn off(name: &str) -> Self {
        Self::Off(shown(name))
    }

    fn stranger(name: &str) -> Self {
        Self::Stranger(shown(name))
    }
}

/// Names taken on trust at most: the pool keeps counters for every name it hears.
const MOST_UNLISTED: usize = 256;

/// What model names mean.
#[derive(Debug)]
pub struct Catalog {
    catalogue: &'static Catalogue,
    /// Names that are not in the catalogue and were taken for new models.
    unlisted: Mutex<HashSet<String>>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { catalogue: Catalogue::builtin(), unlisted: Mutex::default() }
    }
}

impl Catalog {
    /// What a name means today. A name that is not in the catalogue is taken for a new Gemini model if it looks like
    /// one: Google adds models faster than we do.
    pub fn resolve(&self, name: &str, now: Moment) -> Result<Meant, UnknownModel> {
        let resolved = self.catalogue.resolve(name, &today(now));
        if !resolved.known
            && (resolved.effective.family == Family::Other || !self.trusts(&resolved.upstream_id))
        {
            return Err(UnknownModel::stranger(name));
        }
        if resolved.is_gone {
            return Err(UnknownModel::Gone(shown(name)));
        }
        Ok(Meant {
            upstream_id: resolved.upstream_id,
            effective_id: resolved.effective_id,
            capabilities: resolved.effective,
            answered_as: name.to_owned(),
            extras: Extras::default(),
        })
    }

    /// What a name means where the operator has names of its own. An alias goes before Google's names, those before
    /// options, and options before patterns; what is still strange may be a new model of Google's.
    pub fn understand(&self, name: &str, naming: Naming<'_>, now: Moment) -> Result<Meant, UnknownModel> {
        let (base, extras) = names::split(name);
        let plain = self.plainly(name, naming, now);
        match plain {
            None if naming.suffixes && !extras.is_empty() => {
                let meant = match self.plainly(base, naming, now) {
                    Some(meant) => meant?,
                    None => self.loosely(base, naming, now)?,
                };
                Ok(Meant { answered_as: meant.upstream_id.clone(), extras, ..meant })
            }
            None => self.loosely(name, naming, now),
            Some(meant) => meant,
        }
    }

    /// By an alias, or by a name that the catalogue has.
    fn plainly(&self, name: &str, naming: Naming<'_>, now: Moment) -> Option<Result<Meant, UnknownModel>> {
        if let Some(target) = naming.aliases.exact(name) {
            return Some(self.instead(target, now));
        }
        self.catalogue.resolve(name, &today(now)).known.then(|| self.resolve(name, now))
    }

    /// By a pattern, or on trust.
    fn loosely(&self, name: &str, naming: Naming<'_>, now: Moment) -> Result<Meant, UnknownModel> {
        match naming.aliases.fitting(name) {
            Some(target) => self.instead(target, now),
            None => self.resolve(name, now),
        }
    }

    /// What stands behind an alias; answers name it.
    fn instead(&self, target: &str, now: Moment) -> Result<Meant, UnknownModel> {
        let meant = self.resolve(target, now)?;
        Ok(Meant { answered_as: meant.upstream_id.clone(), ..meant })
    }

    /// What a chat can use today, with the operator's names; patterns are not listed.
    pub fn list_named(&self, aliases: &Aliases, now: Moment) -> Vec<Offered> {
        let mut all = self.list(now);
        for (alias, target) in aliases.iter().filter(|(alias, _)| !alias.contains('*')) {
            let Ok(offered) = self.get(target, now) else { continue };
            all.retain(|known| known.id != alias);
            all.push(Offered { id: alias.to_owned(), ..offered });
        }
        all
    }

    /// One of them; also a name that only a pattern knows.
    pub fn get_named(&self, name: &str, aliases: &Aliases, now: Moment) -> Result<Offered, UnknownModel> {
        let known = |name: &str| self.catalogue.resolve(name, &today(now)).known;
        let target = aliases.exact(name).or_else(|| aliases.fitting(name).filter(|_| !known(name)));
        match target {
            Some(target) => Ok(Offered { id: shown(name), ..self.get(target, now)? }),
            None => self.get(name, now),
        }
    }

    /// Whether a name that is not in the catalogue is one of the few that are tried.
    fn trusts(&self, name: &str) -> bool {
        let mut unlisted = self.unlisted.lock().unwrap_or_else(PoisonError::into_inner);
        unlisted.contains(name) || (unlisted.len() < MOST_UNLISTED && unlisted.insert(name.to_owned()))
    }

    /// The name under which a model is counted where names must be few: its own if the catalogue has it, else `other`.
    pub fn label<'a>(&self, id: &'a str) -> &'a str {
        if self.catalogue.get(id).is_some() || self.catalogue.aliases().any(|(alias, _)| alias == id) {
            id
        } else {
            "other"
        }
    }

    /// The models that a chat can use today, in the order of the catalogue, then Google's aliases.
    pub fn list(&self, now: Moment) -> Vec<Offered> {
        let today = today(now);
        let models = self.catalogue.models().map(|model| (model.id.as_str(), model));
        let aliases = self.catalogue.aliases();
        let aliases = aliases.filter_map(|(alias, target)| Some((alias, self.catalogue.get(target)?)));
        models.chain(aliases).filter_map(|(id, model)| self.offer(id, model, &today)).collect()
    }

    /// What projects of each tier usually have of a model, until Google teaches better.
    pub fn usual_limits(&self, id: &str) -> Option<&'static Limits> {
        Some(&self.catalogue.get(id)?.limits)
    }

    /// What the model that answers to a name costs today; none if nobody knows.
    pub fn price(&self, name: &str, now: Moment) -> Option<Price> {
        let today = today(now);
        let answering = self.catalogue.resolve(name, &today).effective_id;
        self.catalogue.get(&answering)?.price(&today).cloned()
    }

    /// One of them, by its id or an alias, with or without `models/`.
    pub fn get(&self, name: &str, now: Moment) -> Result<Offered, UnknownModel> {
        let today = today(now);
        let id = self.catalogue.resolve(name, &today).requested;
        let target =
            self.catalogue.aliases().find(|(alias, _)| *alias == id).map_or(&*id, |(_, target)| target);
        let model = self.catalogue.get(target).filter(|model| answers_chats(model.kind));
        let model = model.ok_or_else(|| UnknownModel::stranger(name))?;
        self.offer(&id, model, &today).ok_or_else(|| UnknownModel::Gone(shown(name)))
    }

    fn offer(&self, id: &str, model: &Model, today: &str) -> Option<Offered> {
        let alive = answers_chats(model.kind) && !model.is_shut(today);
        alive.then(|| Offered {
            id: id.to_owned(),
            capabilities: self.catalogue.resolve(id, today).effective,
            released: model.released.as_deref().and_then(midnight),
            shutdown: model.shutdown.clone(),
        })
    }
}

/// Whether a model of this kind answers `generateContent` calls.
fn answers_chats(kind: Kind) -> bool {
    match kind {
        Kind::Chat | Kind::Image | Kind::Speech => true,
        Kind::Transcription | Kind::Embedding => false,
    }
}

/// A name as it may stand in a message: it comes from a client.
fn shown(name: &str) -> String {
    const LONGEST: usize = 100;
    name.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

/// The first moment of a day, UTC.
fn midnight(date: &str) -> Option<Moment> {
    let start = date.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(Moment(start.timestamp().as_millisecond()))
}

/// Google's calendar day, as the catalogue writes dates.
fn today(now: Moment) -> String {
    let time = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22.
    const NOW: Moment = Moment(1_795_305_600_000);

    #[test]
    fn a_reroute_in_force_decides_what_a_model_can_do() {
        let catalog = Catalog::default();
        let old = catalog.resolve("gemini-3.7-flash", NOW).unwrap();
        let new = catalog.resolve("gemini-3.8-flash", NOW).unwrap();
        assert_eq!(old.upstream_id, "gemini-3.7-flash");
        assert_eq!(old.capabilities, new.capabilities);
    }

    #[test]
    fn a_new_gemini_is_taken_on_trust_and_a_stranger_is_not() {
        let catalog = Catalog::default();
        assert!(catalog.resolve("gemini-9-flash", NOW).is_ok());
        assert!(catalog.resolve("gpt-4o", NOW).unwrap_err().to_string().contains("gpt-4o"));
    }

    #[test]
    fn what_is_switched_off_is_not_offered() {
        let catalog = Catalog::default();
        let gone = UnknownModel::Gone("gemini-2.0-flash".to_owned());
        assert_eq!(catalog.resolve("gemini-2.0-flash", NOW).unwrap_err(), gone);
        assert_eq!(catalog.get("gemini-2.0-flash", NOW).unwrap_err(), gone);
        let before = Moment(NOW.0 - 365 * 86_400_000);
        assert!(catalog.get("gemini-2.0-flash", before).is_ok());
    }

    #[test]
    fn names_of_the_operators_own_mean_what_it_says() {
        let catalog = Catalog::default();
        let entries = [
            ("gpt-4o", "gemini-2.5-flash"),
            ("claude-*", "gemini-3.8-flash"),
            ("gemini-2.5-pro", "gemini-3.8-flash"),
            ("gemini-flash*", "gemini-2.5-flash"),
        ];
        let aliases = Aliases::new(entries.map(|(name, target)| (name.to_owned(), target.to_owned())));
        let means = |name: &str, suffixes: bool| {
            let meant = catalog.understand(name, Naming { aliases: &aliases, suffixes }, NOW);
            meant.map(|meant| (meant.upstream_id, meant.answered_as, !meant.extras.is_empty()))
        };
        let ok = |upstream: &str, answered: &str, extras: bool| {
            Ok((upstream.to_owned(), answered.to_owned(), extras))
        };
        let (flash, new) = ("gemini-2.5-flash", "gemini-3.8-flash");
        for (name, suffixes, meaning) in [
            ("GPT-4o", false, ok(flash, flash, false)),
            ("claude-sonnet-5", false, ok(new, new, false)),
            ("gemini-2.5-pro", false, ok(new, new, false)),
            ("models/gemini-2.5-flash", false, ok(flash, "models/gemini-2.5-flash", false)),
            ("gemini-flash-latest", false, ok("gemini-flash-latest", "gemini-flash-latest", false)),
            ("gemini-flashy", false, ok(flash, flash, false)),
            ("gpt-4o-search", true, ok(flash, flash, true)),
            ("claude-x-thinking=high", true, ok(new, new, true)),
            ("gemini-3.8-flash-search", true, ok(new, new, true)),
            (
                "gemini-3.8-flash-search",
                false,
                ok("gemini-3.8-flash-search", "gemini-3.8-flash-search", false),
            ),
        ] {
            assert_eq!(means(name, suffixes), meaning, "{name}");
        }
        for name in ["gpt-4o-search", "llama-9", "llama-9-search"] {
            assert!(matches!(means(name, false), Err(UnknownModel::Stranger(_))), "{name}");
        }
        let list = catalog.list_named(&aliases, NOW);
        assert_eq!(list.iter().filter(|model| model.id == "gemini-2.5-pro").count(), 1);
        assert!(
            list.iter().any(|model| model.id == "gpt-4o") && list.iter().all(|model| !model.id.contains('*'))
        );
        assert_eq!(catalog.get_named("claude-sonnet-5", &aliases, NOW).unwrap().id, "claude-sonnet-5");
        assert!(catalog.get_named("llama", &aliases, NOW).is_err());
    }

    #[test]
    fn the_list_holds_what_a_chat_can_use() {
        let catalog = Catalog::default();
        let list = catalog.list(NOW);
        let has = |id: &str| list.iter().any(|model| model.id == id);
        for id in ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.5-flash-image", "gemini-flash-latest"] {
            assert!(has(id), "{id}");
        }
        for id in ["gemini-2.0-flash", "gemini-embedding-001", "gemini-3.5-transcribe"] {
            assert!(!has(id), "{id}");
        }
        assert!(list.iter().all(|model| catalog.get(&model.id, NOW).is_ok()));
        assert!(list.iter().all(|model| catalog.resolve(&model.id, NOW).is_ok()));
    }

    #[test]
    fn a_model_is_found_by_its_names() {
        let catalog = Catalog::default();
        for name in ["models/gemini-2.5-flash", "models%2Fgemini-2.5-flash", "gemini-2.5-flash"] {
            let model = catalog.get(name, NOW).unwrap();
            assert_eq!(
                (model.id.as_str(), model.released),
                ("gemini-2.5-flash", Some(Moment(1_750_118_400_000)))
            );
        }
        assert_eq!(catalog.get("gemini-flash-latest", NOW).unwrap().id, "gemini-flash-latest");
        for name in ["gpt-4o", "gemini-embedding-001", "", "../keys", "gemini-9-flash"] {
            assert!(matches!(catalog.get(name, NOW), Err(UnknownModel::Stranger(_))), "{name}");
        }
    }
}
