//! Figures of one load on one target, and medians of them.

use std::collections::BTreeMap;

/// Figures by name.
pub(crate) type Figures = BTreeMap<&'static str, f64>;

/// Times, to be asked for their quantiles.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// One more, in seconds.
    pub(crate) fn add(&mut self, seconds: f64) {
        self.0.push(seconds);
    }

    /// The time that this share of them stays below, in milliseconds.
    pub(crate) fn quantile_ms(&mut self, share: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index below the length of a list"
        )]
        let at = ((self.0.len() as f64 - 1.0) * share).round() as usize;
        self.0.get(at).copied().unwrap_or(f64::NAN) * 1_000.0
    }
}

/// The middle of several figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.retain(|figure| !figure.is_nan());
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match (figures.len() % 2, figures.get(middle.wrapping_sub(1)), figures.get(middle)) {
        (1, _, Some(only)) => *only,
        (0, Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quantiles() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0, f64::NAN]) - 2.5).abs() < 1e-9);
        assert!(median(vec![]).is_nan());
        let mut times = Times::default();
        (0..=100).rev().for_each(|n| times.add(f64::from(n) / 1_000.0));
        assert!((times.quantile_ms(0.5) - 50.0).abs() < 1e-9);
        assert!((times.quantile_ms(0.99) - 99.0).abs() < 1e-9);
    }
}
