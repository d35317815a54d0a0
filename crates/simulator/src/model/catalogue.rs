//! The rows: every model on offer, and the ids that are not any more.

use super::{Class, Family, Model, Thinking};

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
