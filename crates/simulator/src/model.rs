//! The models on offer, what each one accepts, and its default limits (wire.md §17, gemini-2026-11.md §1.12 and §6).

use serde_json::{Value, json};

use crate::options::{Limits, Tier};

mod catalogue;

pub(crate) use catalogue::{all, find, is_retired};

/// How a model's thinking is steered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thinking {
    /// Any `thinkingConfig` is refused.
    None,
    /// `thinkingBudget` within bounds.
    Budget { min: i64, max: i64, can_be_zero: bool, default_on: bool },
    /// `thinkingLevel` out of a list.
    Levels { allowed: &'static [&'static str], default: &'static str },
}

/// Generation and kind of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Gen25,
    Gen3,
    Gen4,
    Gemma,
    Image25,
    Image3,
    Tts,
    Embedding,
}

/// The group whose default limits a model shares (wire.md §17.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Flash,
    Lite,
    Pro,
    Image,
    Gemma,
    Embedding,
    Tts,
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    pub(crate) display: &'static str,
    pub(crate) family: Family,
    pub(crate) class: Class,
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) thinking: Thinking,
    /// The model that really answers, for aliases and reroutes.
    pub(crate) target: Option<&'static str>,
    /// The name of its quota, when it is not the id (wire.md §9.2).
    pub(crate) bucket: Option<&'static str>,
}

impl Model {
    pub(crate) fn is_gen3(&self) -> bool {
        matches!(self.family, Family::Gen3 | Family::Gen4)
    }

    pub(crate) fn is_image(&self) -> bool {
        matches!(self.family, Family::Image25 | Family::Image3)
    }

    pub(crate) fn is_embedding(&self) -> bool {
        self.family == Family::Embedding
    }

    /// What `modelVersion` says.
    pub(crate) fn version(&self) -> &'static str {
        self.target.unwrap_or(self.id)
    }

    /// What `quotaDimensions.model` says.
    pub(crate) fn bucket(&self) -> &'static str {
        self.bucket.unwrap_or(self.id)
    }

    /// Rolling aliases live on v1beta only (wire.md §2.1).
    pub(crate) fn is_served_on(&self, version: &str) -> bool {
        version != "v1" || !self.id.ends_with("-latest")
    }

    pub(crate) fn offers(&self, method: &str) -> bool {
        self.methods().contains(&method)
    }

    fn methods(&self) -> &'static [&'static str] {
        match self.family {
            Family::Embedding => &["embedContent", "batchEmbedContents", "countTokens"],
            Family::Tts | Family::Gemma | Family::Image25 | Family::Image3 => {
                &["generateContent", "streamGenerateContent", "countTokens"]
            }
            Family::Gen25 | Family::Gen3 | Family::Gen4 => &[
                "generateContent",
                "streamGenerateContent",
                "countTokens",
                "createCachedContent",
                "batchGenerateContent",
            ],
        }
    }

    /// The row of `GET /models`.
    pub(crate) fn describe(&self) -> Value {
        let methods: Vec<&str> = self
            .methods()
            .iter()
            .copied()
            .filter(|name| !matches!(*name, "streamGenerateContent" | "batchEmbedContents"))
            .collect();
        let mut row = json!({
            "name": format!("models/{}", self.id),
            "version": "001",
            "displayName": self.display,
            "description": format!("{} as the simulator plays it.", self.display),
            "inputTokenLimit": self.input,
            "outputTokenLimit": self.output,
            "supportedGenerationMethods": methods,
        });
        if let (Some(row), false) = (row.as_object_mut(), self.is_embedding()) {
            row.insert("temperature".into(), json!(1));
            row.insert("topP".into(), json!(0.95));
            row.insert("topK".into(), json!(64));
            row.insert("maxTemperature".into(), json!(2));
            if self.thinking != Thinking::None {
                row.insert("thinking".into(), json!(true));
            }
        }
        row
    }

    /// The limits of a fresh project.
    pub(crate) fn limits(&self, tier: Tier) -> Limits {
        let some = |rpm, tpm, rpd| Limits { rpm: Some(rpm), tpm: Some(tpm), rpd: Some(rpd) };
        match (tier, self.class) {
            (Tier::Free, Class::Flash) => some(5, 250_000, 20),
            (Tier::Free, Class::Lite) => some(15, 250_000, 500),
            (Tier::Free, Class::Pro | Class::Image) => some(0, 0, 0),
            (_, Class::Gemma) => some(30, 15_000, 14_400),
            (Tier::Free, Class::Embedding) => some(100, 30_000, 1_000),
            (Tier::Free, Class::Tts) => some(3, 10_000, 15),
            (Tier::Paid, Class::Flash) => some(1_000, 1_000_000, 10_000),
            (Tier::Paid, Class::Lite) => Limits { rpd: None, ..some(4_000, 4_000_000, 0) },
            (Tier::Paid, Class::Pro) => some(150, 2_000_000, 1_000),
            (Tier::Paid, Class::Image) => Limits { rpd: None, ..some(1_000, 4_000_000, 0) },
            (Tier::Paid, Class::Embedding) => Limits { rpd: None, ..some(3_000, 1_000_000, 0) },
            (Tier::Paid, Class::Tts) => some(10, 10_000, 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_name_a_model_and_ids_are_unique() {
        for model in all() {
            assert!(find(model.version()).is_some(), "{}", model.id);
            assert_eq!(all().iter().filter(|other| other.id == model.id).count(), 1, "{}", model.id);
            assert!(!is_retired(model.id), "{}", model.id);
        }
        assert_eq!(find("gemini-3.5-flash").unwrap().version(), "gemini-3.6-flash");
        assert_eq!(find("gemini-pro-latest").unwrap().bucket(), "gemini-3.1-pro");
        assert!(is_retired("gemini-2.0-flash-lite"));
    }
}
