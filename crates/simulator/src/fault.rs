//! Faults: names for everything that goes wrong between Google and a gateway (peers' list, items 12–33).

mod content;
mod status;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::options::Error;

pub(crate) use content::{Event, shape};
pub(crate) use status::{Scene, refusal};

/// Where a fault acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Instead of an answer.
    Status,
    /// On the events of an answer.
    Content,
    /// On its bytes and their timing.
    Bytes,
}

/// Every name, the stage it acts on, and what its number means.
pub(crate) const CATALOGUE: &[(&str, Stage)] = &[
    ("429-minute", Stage::Status),
    ("429-tokens", Stage::Status),
    ("429-day", Stage::Status),
    ("429-both", Stage::Status),
    ("429-zero", Stage::Status),
    ("429-bare", Stage::Status),
    ("429-help", Stage::Status),
    ("429-old", Stage::Status),
    ("429-html", Stage::Status),
    ("429-empty", Stage::Status),
    ("429-billing", Stage::Status),
    ("429-capacity", Stage::Status),
    ("500", Stage::Status),
    ("500-html", Stage::Status),
    ("502", Stage::Status),
    ("503", Stage::Status),
    ("503-capacity", Stage::Status),
    ("503-deadline", Stage::Status),
    ("503-array", Stage::Status),
    ("504", Stage::Status),
    ("401", Stage::Status),
    ("400-key-invalid", Stage::Status),
    ("400-key-expired", Stage::Status),
    ("400-credentials", Stage::Status),
    ("400-region", Stage::Status),
    ("400-context", Stage::Status),
    ("400-bare", Stage::Status),
    ("400-image", Stage::Status),
    ("400-states", Stage::Status),
    ("400-signature", Stage::Status),
    ("400-html", Stage::Status),
    ("403-service-disabled", Stage::Status),
    ("403-suspended", Stage::Status),
    ("403-leaked", Stage::Status),
    ("403-blocked", Stage::Status),
    ("403-referrer", Stage::Status),
    ("403-permission", Stage::Status),
    ("403-file", Stage::Status),
    ("404-model", Stage::Status),
    ("404-retired", Stage::Status),
    ("413", Stage::Status),
    ("error-json-200", Stage::Status),
    ("html-200", Stage::Status),
    ("empty-200", Stage::Status),
    ("error-first", Stage::Content),
    ("error-mid", Stage::Content),
    ("error-raw", Stage::Content),
    ("eof-early", Stage::Content),
    ("eof-balanced", Stage::Content),
    ("blocked", Stage::Content),
    ("malformed-call", Stage::Content),
    ("unexpected-call", Stage::Content),
    ("safety", Stage::Content),
    ("recitation", Stage::Content),
    ("unknown-finish", Stage::Content),
    ("pup-limited", Stage::Content),
    ("missing-signature-finish", Stage::Content),
    ("thought-only", Stage::Content),
    ("empty-parts", Stage::Content),
    ("empty", Stage::Content),
    ("empty-stop", Stage::Content),
    ("finish-first", Stage::Content),
    ("finish-alone", Stage::Content),
    ("stop-every-chunk", Stage::Content),
    ("no-usage", Stage::Content),
    ("usage-only", Stage::Content),
    ("shrinking-usage", Stage::Content),
    ("inclusive-thoughts", Stage::Content),
    ("signature-empty-part", Stage::Content),
    ("big-image", Stage::Content),
    ("reset-before", Stage::Bytes),
    ("reset", Stage::Bytes),
    ("silence", Stage::Bytes),
    ("silence-mid", Stage::Bytes),
    ("slow-first", Stage::Bytes),
    ("slow-chunks", Stage::Bytes),
    ("dribble", Stage::Bytes),
    ("split-utf8", Stage::Bytes),
    ("lf", Stage::Bytes),
    ("cr", Stage::Bytes),
    ("no-final-blank", Stage::Bytes),
];

/// One thing that goes wrong, such as `503` or `slow-first:250`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    name: &'static str,
    stage: Stage,
    argument: Option<u64>,
}

impl Fault {
    /// The name without its number.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Every name there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CATALOGUE.iter().map(|(name, _)| *name)
    }

    /// Reads a comma-separated list, as the header `x-sim-fault` carries it.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Error> {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::parse).collect()
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// The number behind the colon, or a default.
    pub(crate) fn number(&self, default: u64) -> u64 {
        self.argument.unwrap_or(default)
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownFault(text.to_owned());
        let (name, argument) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        let row = CATALOGUE.iter().find(|(known, _)| *known == name).ok_or_else(unknown)?;
        Ok(Self { name: row.0, stage: row.1, argument })
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

// Derived, this would want its text to live for ever.
impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument {
            Some(number) => write!(formatter, "{}:{number}", self.name),
            None => formatter.write_str(self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_are_documented() {
        let page = include_str!("../../../docs/simulator.md");
        for name in Fault::names() {
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), name);
            assert!(page.contains(&format!("`{name}")), "{name} is missing in docs/simulator.md");
        }
        assert_eq!("slow-first:250".parse::<Fault>().unwrap().number(0), 250);
        assert!("slow-first:x".parse::<Fault>().is_err() && "nonsense".parse::<Fault>().is_err());
        assert_eq!(Fault::parse_list(" 503, dribble ,").unwrap().len(), 2);
    }
}
