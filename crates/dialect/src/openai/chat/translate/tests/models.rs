//! Models as the catalogue describes them, one of each kind.

use crate::model::{Capabilities, Family, Level, Modality, Sampling, Thinking};

fn base(family: Family, thinking: Thinking) -> Capabilities {
    let modern = matches!(family, Family::Gen3 | Family::Gen4);
    Capabilities {
        family,
        input_limit: 1_048_576,
        output_limit: 65_536,
        thinking,
        sampling: Sampling::Honoured,
        penalties: false,
        logprobs: false,
        max_candidates: if modern { 1 } else { 8 },
        function_ids: modern,
        mixed_tools: modern,
        multimodal_tool_results: modern,
        json_with_tools: modern,
        system_instruction: true,
        part_media_resolution: modern,
        signatures_required: modern,
        long_decode: family == Family::Gen4,
        output: Vec::new(),
    }
}

fn budget(min: i64, max: i64, can_zero: bool) -> Capabilities {
    base(Family::Gen25, Thinking::Budget { min, max, can_zero })
}

fn levels(family: Family, levels: &[Level]) -> Capabilities {
    base(family, Thinking::Level { levels: levels.to_vec(), default: None })
}

pub(in super::super) fn gen25_pro() -> Capabilities {
    budget(128, 32_768, false)
}

pub(in super::super) fn gen25_flash() -> Capabilities {
    budget(1, 24_576, true)
}

pub(in super::super) fn gen25_lite() -> Capabilities {
    budget(512, 24_576, true)
}

/// Minimal to high.
pub(in super::super) fn gen3() -> Capabilities {
    levels(Family::Gen3, &[Level::Minimal, Level::Low, Level::Medium, Level::High])
}

/// Low to high, samples by itself.
pub(in super::super) fn gen38() -> Capabilities {
    let own = levels(Family::Gen3, &[Level::Low, Level::Medium, Level::High]);
    Capabilities { sampling: Sampling::Ignored, ..own }
}

pub(in super::super) fn argon() -> Capabilities {
    let own = levels(Family::Gen4, &[Level::Low, Level::Medium, Level::High]);
    Capabilities { sampling: Sampling::Ignored, ..own }
}

pub(in super::super) fn gemma() -> Capabilities {
    let own = base(Family::Gemma, Thinking::None);
    Capabilities { system_instruction: false, output_limit: 32_768, ..own }
}

pub(in super::super) fn image() -> Capabilities {
    let own = levels(Family::Image, &[Level::Minimal, Level::High]);
    Capabilities { output: vec![Modality::Image], signatures_required: true, ..own }
}

pub(in super::super) fn speech() -> Capabilities {
    let own = base(Family::Speech, Thinking::None);
    Capabilities { output: vec![Modality::Audio], ..own }
}

/// Every kind, by name.
pub(in super::super) fn all() -> Vec<(&'static str, Capabilities)> {
    vec![
        ("2.5-pro", gen25_pro()),
        ("2.5-flash", gen25_flash()),
        ("2.5-lite", gen25_lite()),
        ("3", gen3()),
        ("3.8", gen38()),
        ("argon", argon()),
        ("image", image()),
        ("gemma", gemma()),
        ("speech", speech()),
    ]
}
