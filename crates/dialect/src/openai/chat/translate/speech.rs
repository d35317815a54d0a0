//! What the answer consists of besides text: `modalities` and `audio` (`wire.md` §4.3).

use serde_json::json;

use super::Work;
use crate::gemini::request::GenerationConfig;
use crate::model::{Family, Modality};
use crate::openai::chat::request::options::Scalars;
use crate::openai::error::ApiError;

/// OpenAI's voices and the nearest of Google's (`gemini-2026-11.md` §3.11).
const VOICES: &[(&str, &str)] = &[
    ("alloy", "Kore"),
    ("ash", "Iapetus"),
    ("ballad", "Algieba"),
    ("cedar", "Achird"),
    ("coral", "Sulafat"),
    ("echo", "Charon"),
    ("fable", "Umbriel"),
    ("marin", "Despina"),
    ("onyx", "Orus"),
    ("sage", "Vindemiatrix"),
    ("shimmer", "Achernar"),
    ("verse", "Puck"),
];

/// Sets `responseModalities` and `speechConfig`.
pub(super) fn apply(
    scalars: &Scalars,
    config: &mut GenerationConfig,
    work: &mut Work<'_>,
) -> Result<(), ApiError> {
    let mut wanted = Vec::new();
    for (path, name) in &scalars.modalities {
        let (wire, needs) = match name.to_ascii_lowercase().as_str() {
            "text" => ("TEXT", None),
            "image" => ("IMAGE", Some(Modality::Image)),
            "audio" => ("AUDIO", Some(Modality::Audio)),
            other => {
                return Err(ApiError::value(
                    path,
                    format!("unknown modality {other:?}; use text, image or audio."),
                ));
            }
        };
        if needs.is_some_and(|modality| !work.capabilities.output.contains(&modality)) {
            work.notes
                .refuse("modalities", &format!("this model cannot produce {name}; choose one that can."))?;
        } else if !wanted.contains(&wire) {
            wanted.push(wire);
        }
    }
    // Text with speech is not on offer: a speech model answers in sound only.
    let speaks = wanted.contains(&"AUDIO") || work.capabilities.family == Family::Speech;
    if speaks {
        wanted = vec!["AUDIO"];
    }
    if !wanted.is_empty() && wanted != ["TEXT"] {
        config.extra.insert("responseModalities".to_owned(), json!(wanted));
    }
    let Some(audio) = &scalars.audio else { return Ok(()) };
    if !speaks {
        return work.notes.ignore("audio", "this answer is not spoken.");
    }
    if let Some(voice) = &audio.voice {
        config.extra.insert("speechConfig".to_owned(), speech(voice));
    }
    Ok(())
}

fn speech(voice: &str) -> serde_json::Value {
    let known = VOICES.iter().find(|(name, _)| name.eq_ignore_ascii_case(voice));
    let voice = known.map_or(voice, |(_, google)| google);
    json!({ "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": voice } } })
}
