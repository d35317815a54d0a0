//! The models on offer, what each one accepts, and its default limits (wire.md §17, gemini-2026-11.md §1.12 and §6).

use serde_json::{Value, json};

use crate::options::{Limits, Tier};

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

const MILLION: u64 = 1_048_576;
const FOUR_LEVELS: &[&str] = &["MINIMAL", "LOW", "MEDIUM", "HIGH"];
const THREE_LEVELS: &[&str] = &["LOW", "MEDIUM", "HIGH"];

const fn row(id: &'static str, display: &'static str, family: Family, class: Class) -> Model {
    Model {
        id,
        display,
        family,
        class,
        input: MILLION,
        output: 65_536,
        thinking: Thinking::None,
        target: None,
        bucket: None,
    }
}

const fn levels(model: Model, allowed: &'static [&'static str], default: &'static str) -> Model {
    Model { thinking: Thinking::Levels { allowed, default }, ..model }
}

const fn budget(model: Model, bounds: (i64, i64), can_be_zero: bool, default_on: bool) -> Model {
    Model { thinking: Thinking::Budget { min: bounds.0, max: bounds.1, can_be_zero, default_on }, ..model }
}

const fn limited(model: Model, input: u64, output: u64) -> Model {
    Model { input, output, ..model }
}

const fn routed(model: Model, target: &'static str) -> Model {
    Model { target: Some(target), bucket: Some(target), ..model }
}

const fn metered_as(model: Model, bucket: &'static str) -> Model {
    Model { bucket: Some(bucket), ..model }
}

const CATALOGUE: &[Model] = &[
    levels(
        limited(row("gemini-4-argon", "Gemini 4 Argon", Family::Gen4, Class::Pro), MILLION, MILLION),
        THREE_LEVELS,
        "MEDIUM",
    ),
    levels(row("gemini-3.8-flash", "Gemini 3.8 Flash", Family::Gen3, Class::Flash), THREE_LEVELS, "MEDIUM"),
    routed(
        levels(
            row("gemini-3.7-flash", "Gemini 3.7 Flash", Family::Gen3, Class::Flash),
            THREE_LEVELS,
            "MEDIUM",
        ),
        "gemini-3.8-flash",
    ),
    levels(row("gemini-3.6-flash", "Gemini 3.6 Flash", Family::Gen3, Class::Flash), FOUR_LEVELS, "MEDIUM"),
    routed(
        levels(
            row("gemini-3.5-flash", "Gemini 3.5 Flash", Family::Gen3, Class::Flash),
            FOUR_LEVELS,
            "MEDIUM",
        ),
        "gemini-3.6-flash",
    ),
    levels(
        row("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite", Family::Gen3, Class::Lite),
        FOUR_LEVELS,
        "MINIMAL",
    ),
    metered_as(
        levels(
            row("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", Family::Gen3, Class::Pro),
            THREE_LEVELS,
            "HIGH",
        ),
        "gemini-3.1-pro",
    ),
    metered_as(
        levels(
            row(
                "gemini-3.1-pro-preview-customtools",
                "Gemini 3.1 Pro Preview Custom Tools",
                Family::Gen3,
                Class::Pro,
            ),
            THREE_LEVELS,
            "HIGH",
        ),
        "gemini-3.1-pro",
    ),
    levels(
        row("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite", Family::Gen3, Class::Lite),
        FOUR_LEVELS,
        "MINIMAL",
    ),
    levels(
        row("gemini-3-flash-preview", "Gemini 3 Flash Preview", Family::Gen3, Class::Flash),
        FOUR_LEVELS,
        "HIGH",
    ),
    budget(row("gemini-2.5-pro", "Gemini 2.5 Pro", Family::Gen25, Class::Pro), (128, 32_768), false, true),
    budget(row("gemini-2.5-flash", "Gemini 2.5 Flash", Family::Gen25, Class::Flash), (1, 24_576), true, true),
    budget(
        row("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", Family::Gen25, Class::Lite),
        (512, 24_576),
        true,
        false,
    ),
    routed(
        levels(
            row("gemini-flash-latest", "Gemini Flash Latest", Family::Gen3, Class::Flash),
            THREE_LEVELS,
            "MEDIUM",
        ),
        "gemini-3.8-flash",
    ),
    routed(
        levels(
            row("gemini-flash-lite-latest", "Gemini Flash-Lite Latest", Family::Gen3, Class::Lite),
            FOUR_LEVELS,
            "MINIMAL",
        ),
        "gemini-3.5-flash-lite",
    ),
    Model {
        bucket: Some("gemini-3.1-pro"),
        ..routed(
            levels(
                row("gemini-pro-latest", "Gemini Pro Latest", Family::Gen3, Class::Pro),
                THREE_LEVELS,
                "HIGH",
            ),
            "gemini-3.1-pro-preview",
        )
    },
    limited(row("gemma-4-31b-it", "Gemma 4 31B", Family::Gemma, Class::Gemma), 262_144, 32_768),
    limited(row("gemma-4-26b-a4b-it", "Gemma 4 26B A4B", Family::Gemma, Class::Gemma), 262_144, 32_768),
    limited(row("gemma-3-27b-it", "Gemma 3 27B", Family::Gemma, Class::Gemma), 131_072, 8_192),
    limited(row("gemini-nano-banana-2.1", "Nano Banana 2.1", Family::Image3, Class::Image), 131_072, 32_768),
    levels(
        limited(
            row("gemini-3-pro-image", "Gemini 3 Pro Image", Family::Image3, Class::Image),
            65_536,
            32_768,
        ),
        &["LOW", "HIGH"],
        "HIGH",
    ),
    levels(
        limited(
            row("gemini-3.1-flash-image", "Gemini 3.1 Flash Image", Family::Image3, Class::Image),
            131_072,
            32_768,
        ),
        &["MINIMAL", "HIGH"],
        "MINIMAL",
    ),
    levels(
        limited(
            row("gemini-3.1-flash-lite-image", "Gemini 3.1 Flash-Lite Image", Family::Image3, Class::Image),
            65_536,
            4_096,
        ),
        &["MINIMAL", "HIGH"],
        "MINIMAL",
    ),
    limited(
        row("gemini-2.5-flash-image", "Gemini 2.5 Flash Image", Family::Image25, Class::Image),
        65_536,
        32_768,
    ),
    limited(row("gemini-3.8-flash-tts", "Gemini 3.8 Flash TTS", Family::Tts, Class::Tts), 8_192, 16_384),
    limited(
        row("gemini-3.8-flash-lite-tts", "Gemini 3.8 Flash-Lite TTS", Family::Tts, Class::Tts),
        8_192,
        16_384,
    ),
    limited(
        row("gemini-embedding-001", "Gemini Embedding 001", Family::Embedding, Class::Embedding),
        2_048,
        1,
    ),
    limited(row("gemini-embedding-2", "Gemini Embedding 2", Family::Embedding, Class::Embedding), 8_192, 1),
];

/// Ids that Google has switched off, which answer with a text of their own.
const RETIRED: &[&str] = &[
    "gemini-1.",
    "gemini-2.0-",
    "gemini-3-pro-preview",
    "gemini-3.1-flash-lite-preview",
    "text-embedding-004",
];

pub(crate) fn all() -> &'static [Model] {
    CATALOGUE
}

pub(crate) fn find(id: &str) -> Option<&'static Model> {
    CATALOGUE.iter().find(|model| model.id == id)
}

pub(crate) fn is_retired(id: &str) -> bool {
    RETIRED.iter().any(|prefix| id.starts_with(prefix))
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
