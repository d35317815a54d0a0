//! How many input tokens a call will take, before Google has counted them (`wire.md` §9.5).
//!
//! Estimates are by script and by kind of part; a calibration per model, learned from what Google counted,
//! corrects them.

use serde::{Deserialize, Serialize};

/// Thousandths of a token; text is summed in these.
const MILLI: u64 = 1_000;
/// Estimates that differ by more than this factor from the truth are not learned from at full weight.
const MOST: f64 = 4.0;
/// After so many observations the newest counts 1 in so many.
const MEMORY: u32 = 30;

/// Which generation of models counts: media cost differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// Gemini 2.x.
    Two,
    /// Gemini 3 and later.
    Three,
}

/// A part that is not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// An image; its size in pixels if known.
    Image {
        /// Width and height.
        pixels: Option<(u32, u32)>,
    },
    /// Sound of so many milliseconds.
    Audio {
        /// Its length.
        ms: u64,
    },
    /// Moving pictures of so many milliseconds, with sound.
    Video {
        /// Its length.
        ms: u64,
    },
    /// A document of so many pages.
    Pdf {
        /// Its pages.
        pages: u32,
    },
}

/// Input tokens of a text: one pass, no allocation.
pub fn estimate_text(text: &str) -> u64 {
    let milli: u64 = text.chars().map(weight).sum();
    milli.div_ceil(MILLI)
}

/// Input tokens of a part that is not text. Where Google's table is not known, the higher figure.
pub fn estimate_media(media: Media, generation: Generation) -> u64 {
    match (media, generation) {
        (Media::Image { pixels }, Generation::Two) => 258 * pixels.map_or(1, tiles),
        (Media::Image { .. }, Generation::Three) => 1_120,
        (Media::Audio { ms }, _) => per_second(32, ms),
        (Media::Video { ms }, Generation::Two) => per_second(263 + 32, ms),
        (Media::Video { ms }, Generation::Three) => per_second(70 + 32, ms),
        (Media::Pdf { pages }, Generation::Two) => 258 * u64::from(pages),
        (Media::Pdf { pages }, Generation::Three) => 560 * u64::from(pages),
    }
}

/// Gemini 2 counts small images as one tile, others by tiles of 768 pixels.
fn tiles((width, height): (u32, u32)) -> u64 {
    if width <= 384 && height <= 384 {
        return 1;
    }
    u64::from(width.div_ceil(768).max(1)) * u64::from(height.div_ceil(768).max(1))
}

fn per_second(tokens: u64, ms: u64) -> u64 {
    tokens.saturating_mul(ms).div_ceil(1_000)
}

/// What one character weighs, in thousandths of a token.
fn weight(c: char) -> u64 {
    match u32::from(c) {
        0..=0x7F => 250,
        // Latin with marks; Greek, Cyrillic
        0x80..=0x24F | 0x1E00..=0x1EFF | 0x370..=0x52F => 400,
        // Hebrew, Arabic; India, Thai, Lao, Tibetan, Burmese; punctuation
        0x590..=0x8FF | 0x900..=0x109F | 0x2000..=0x206F => 500,
        // Chinese, Japanese; Korean
        0x2E80..=0xA4CF
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE4F
        | 0xFF00..=0xFFEF
        | 0xAC00..=0xD7AF
        | 0x1100..=0x11FF => 667,
        // rare ideographs; emoji
        0x2_0000..=0x3_FFFF | 0x1_F000..=0x1_FAFF => 1_500,
        _ => 1_000,
    }
}

/// A model's correction of estimates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Google's count divided by the estimate, on average.
    pub factor: f64,
    /// By how much the corrected estimate misses, as a share of the truth, on average.
    pub error: f64,
    /// Observations, up to a bound.
    pub seen: u32,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { factor: 1.0, error: 0.0, seen: 0 }
    }
}

impl Calibration {
    /// Learns from one call. Empty calls teach nothing; one odd call moves little.
    pub fn see(&mut self, estimated: u64, actual: u64) {
        if estimated == 0 || actual == 0 {
            return;
        }
        let ratio = (float(actual) / float(estimated)).clamp(1.0 / MOST, MOST);
        let miss = (ratio - self.factor).abs() / ratio;
        self.seen = (self.seen + 1).min(MEMORY);
        let share = 1.0 / f64::from(self.seen);
        self.factor += (ratio - self.factor) * share;
        self.error += (miss - self.error) * share;
    }

    /// The corrected estimate.
    pub fn apply(&self, estimated: u64) -> u64 {
        let milli = (self.factor.clamp(1.0 / MOST, MOST) * 1_000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number between 250 and 4,000"
        )]
        let milli = milli as u64;
        estimated.saturating_mul(milli).div_ceil(MILLI)
    }
}

/// Token counts are far below 2³²; larger ones lose nothing that matters here.
fn float(tokens: u64) -> f64 {
    f64::from(u32::try_from(tokens).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_weighed_by_script() {
        for (text, expected) in [
            ("", 0),
            ("abcd", 1),
            ("abcde", 2),
            ("The quick brown fox jumps over the lazy dog.", 11),
            ("轮询", 2),
            ("轮询轮询轮询", 5),
            ("Привет, мир", 5),
            ("안녕하세요", 4),
            ("สวัสดี", 3),
            ("😀😀", 3),
        ] {
            assert_eq!(estimate_text(text), expected, "{text}");
        }
    }

    #[test]
    fn media_cost_what_the_documentation_says() {
        use Generation::{Three, Two};
        for (media, generation, expected) in [
            (Media::Image { pixels: None }, Two, 258),
            (Media::Image { pixels: Some((384, 384)) }, Two, 258),
            (Media::Image { pixels: Some((1_536, 800)) }, Two, 4 * 258),
            (Media::Image { pixels: Some((1_536, 800)) }, Three, 1_120),
            (Media::Audio { ms: 10_000 }, Two, 320),
            (Media::Audio { ms: 10_001 }, Three, 321),
            (Media::Video { ms: 1_000 }, Two, 295),
            (Media::Video { ms: 1_000 }, Three, 102),
            (Media::Pdf { pages: 3 }, Two, 774),
            (Media::Pdf { pages: 3 }, Three, 1_680),
        ] {
            assert_eq!(estimate_media(media, generation), expected, "{media:?} {generation:?}");
        }
    }

    #[test]
    fn a_calibration_finds_the_factor_and_survives_an_outlier() {
        let mut calibration = Calibration::default();
        for size in 1..100 {
            calibration.see(size * 100, size * 130);
        }
        assert_eq!(calibration.apply(1_000), 1_300);
        assert!(calibration.error < 0.02, "{}", calibration.error);
        calibration.see(10, 100_000);
        assert!((1_300..1_450).contains(&calibration.apply(1_000)), "{}", calibration.apply(1_000));
    }

    #[test]
    fn nothing_is_learned_from_nothing() {
        let mut calibration = Calibration::default();
        calibration.see(0, 500);
        calibration.see(500, 0);
        assert_eq!((calibration.seen, calibration.apply(77)), (0, 77));
    }

    proptest! {
        #[test]
        fn the_estimate_of_a_whole_is_about_the_sum_of_its_parts(a: String, b: String) {
            let whole = estimate_text(&format!("{a}{b}"));
            let sum = estimate_text(&a) + estimate_text(&b);
            prop_assert!(whole <= sum && sum <= whole + 1);
        }

        #[test]
        fn a_calibration_stays_within_bounds(pairs in prop::collection::vec((0..1_000_000_u64, 0..1_000_000_u64), 0..50)) {
            let mut calibration = Calibration::default();
            for (estimated, actual) in pairs {
                calibration.see(estimated, actual);
            }
            prop_assert!((249..=4_001).contains(&calibration.apply(1_000)));
        }
    }
}
