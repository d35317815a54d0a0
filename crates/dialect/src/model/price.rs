//! What tokens cost, in whole numbers: nothing is ever rounded but the sum.

use serde::{Deserialize, Serialize};

use crate::gemini::usage::Tokens;

/// A picodollar for each token and each micro-dollar of the price of a million tokens.
const PICODOLLARS_PER_MICRODOLLAR: u128 = 1_000_000;

/// A price list, in micro-dollars for a million tokens: `750000` is $0.75.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The first day it holds, `YYYY-MM-DD`; from ever if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Prompt.
    pub input: u64,
    /// Answer and thoughts.
    pub output: u64,
    /// Cached part of the prompt; as `input` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// Audio in the prompt; as `input` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<u64>,
    /// Images in the answer; as `output` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_output: Option<u64>,
    /// What long prompts cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongPrice>,
}

/// The price of the whole call when its prompt is longer than a threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongPrice {
    /// Prompts of more tokens than this.
    pub over: u64,
    /// Prompt.
    pub input: u64,
    /// Answer and thoughts.
    pub output: u64,
    /// Cached part of the prompt; as `input` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
}

/// What else decides the price of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// Of the uncached prompt, audio.
    pub audio_input: u64,
    /// Of the answer, images.
    pub image_output: u64,
    /// The tier that served it.
    pub tier: Tier,
}

/// A service tier; the factors are the same for every model that has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// The list price.
    #[default]
    Standard,
    /// Half.
    Flex,
    /// Half.
    Batch,
    /// 1.8 times.
    Priority,
}

impl Tier {
    /// Reads `usageMetadata.serviceTier`; anything unknown is the list price.
    pub fn from_wire(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "flex" => Self::Flex,
            "priority" => Self::Priority,
            "batch" => Self::Batch,
            _ => Self::Standard,
        }
    }

    fn factor(self) -> (u128, u128) {
        match self {
            Self::Standard => (1, 1),
            Self::Flex | Self::Batch => (1, 2),
            Self::Priority => (9, 5),
        }
    }
}

impl Price {
    /// What a call costs, in micro-dollars, rounded to the nearest.
    pub fn cost_microdollars(&self, tokens: &Tokens, metered: &Metered) -> u64 {
        let (times, over) = metered.tier.factor();
        let unit = PICODOLLARS_PER_MICRODOLLAR * over;
        let cost = (self.list_picodollars(tokens, metered) * times + unit / 2) / unit;
        u64::try_from(cost).unwrap_or(u64::MAX)
    }

    fn list_picodollars(&self, tokens: &Tokens, metered: &Metered) -> u128 {
        let long = self.long.as_ref().filter(|long| tokens.input > long.over);
        let (input, output, cached) = match long {
            Some(long) => (long.input, long.output, long.cached),
            None => (self.input, self.output, self.cached),
        };
        let cached_tokens = tokens.cached.min(tokens.input);
        let fresh = tokens.input - cached_tokens;
        let audio = metered.audio_input.min(fresh);
        let images = metered.image_output.min(tokens.output);
        [
            (fresh - audio, input),
            (cached_tokens, cached.unwrap_or(input)),
            (audio, self.audio_input.unwrap_or(input)),
            (tokens.output - images, output),
            (images, self.image_output.unwrap_or(output)),
        ]
        .into_iter()
        .map(|(count, price)| u128::from(count) * u128::from(price))
        .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price() -> Price {
        let long = LongPrice { over: 200_000, input: 2_500_000, output: 15_000_000, cached: Some(250_000) };
        Price {
            from: None,
            input: 1_250_000,
            output: 10_000_000,
            cached: Some(125_000),
            audio_input: Some(3_000_000),
            image_output: Some(30_000_000),
            long: Some(long),
        }
    }

    #[test]
    fn costs_are_exact() {
        let plain = Metered::default();
        let media = Metered { audio_input: 100, image_output: 10, tier: Tier::Standard };
        // (input, cached, output) and what else -> micro-dollars
        let table = [
            ((0, 0, 0), plain, 0),
            ((1_000_000, 0, 0), Metered { tier: Tier::Flex, ..plain }, 1_250_000),
            ((1000, 0, 0), plain, 1_250),
            ((1000, 400, 100), plain, 750 + 50 + 1000),
            ((1000, 400, 100), Metered { tier: Tier::Priority, ..plain }, 3_240),
            ((1000, 400, 100), media, 625 + 50 + 300 + 900 + 300),
            ((200_000, 0, 0), plain, 250_000),
            ((200_001, 0, 0), plain, 500_003),
            ((1, 0, 0), plain, 1),
            ((1, 9, 0), plain, 0),
            ((u64::MAX, 0, 0), plain, u64::MAX),
        ];
        for ((input, cached, output), metered, cost) in table {
            let tokens = Tokens { input, cached, output, ..Tokens::default() };
            let price =
                if input == 1_000_000 { Price { long: None, input: 2_500_000, ..price() } } else { price() };
            assert_eq!(
                price.cost_microdollars(&tokens, &metered),
                cost,
                "{input} {cached} {output} {metered:?}"
            );
        }
    }

    #[test]
    fn tiers_by_name() {
        for (name, tier) in [
            ("FLEX", Tier::Flex),
            ("priority", Tier::Priority),
            ("standard", Tier::Standard),
            ("", Tier::Standard),
        ] {
            assert_eq!(Tier::from_wire(name), tier);
        }
    }
}
