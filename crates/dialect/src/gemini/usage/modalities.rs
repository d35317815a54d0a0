//! Token counts by modality: text, image, sound and so on.

use serde_json::Value;

/// Token counts by modality, summed over the entries of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names explain themselves")]
pub struct Modalities {
    pub text: u64,
    pub image: u64,
    pub audio: u64,
    pub video: u64,
    pub document: u64,
}

impl Modalities {
    /// Reads `[{modality, tokenCount}]`; unknown modalities are left out.
    pub(super) fn read(details: &Value) -> Option<Self> {
        let mut sums = Self::default();
        for entry in details.as_array()? {
            let tokens = entry.get("tokenCount").and_then(Value::as_u64).unwrap_or(0);
            // Under `enum-encoding=int` the modality is its number.
            let slot = match entry.get("modality") {
                Some(Value::String(name)) => sums.by_name(name),
                Some(Value::Number(number)) => sums.by_number(number.as_u64()),
                _ => None,
            };
            if let Some(slot) = slot {
                *slot = slot.saturating_add(tokens);
            }
        }
        Some(sums)
    }

    fn by_name(&mut self, name: &str) -> Option<&mut u64> {
        match name {
            "TEXT" => Some(&mut self.text),
            "IMAGE" => Some(&mut self.image),
            "VIDEO" => Some(&mut self.video),
            "AUDIO" => Some(&mut self.audio),
            "DOCUMENT" => Some(&mut self.document),
            _ => None,
        }
    }

    fn by_number(&mut self, number: Option<u64>) -> Option<&mut u64> {
        let name = match number? {
            1 => "TEXT",
            2 => "IMAGE",
            3 => "VIDEO",
            4 => "AUDIO",
            5 => "DOCUMENT",
            _ => return None,
        };
        self.by_name(name)
    }
}
