//! Sums over calls, with enough of a histogram to tell percentiles.

use super::Record;

/// Upper bounds of the histogram's bins; the last bin has none.
pub const BOUNDS_MS: [i64; 11] = [100, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 120_000];

/// How durations spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// All of them together.
    pub sum_ms: i64,
    /// How many were within each of [`BOUNDS_MS`] and not within the one before; the last is for longer ones.
    pub bins: [i64; 12],
}

impl Spread {
    /// Takes one in.
    pub fn add(&mut self, ms: i64) {
        let ms = ms.max(0);
        self.sum_ms = self.sum_ms.saturating_add(ms);
        let bin = BOUNDS_MS.iter().position(|bound| ms <= *bound).unwrap_or(BOUNDS_MS.len());
        if let Some(bin) = self.bins.get_mut(bin) {
            *bin += 1;
        }
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        self.bins.iter().sum()
    }

    /// Their mean; none of none.
    pub fn mean_ms(&self) -> Option<i64> {
        self.sum_ms.checked_div(self.count())
    }

    /// The duration that `share` (0 to 1) of them do not exceed, interpolated within a bin; beyond the last bound, that
    /// bound. None of none.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "counts and milliseconds are far below 2^53"
    )]
    pub fn percentile_ms(&self, share: f64) -> Option<i64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let wanted = (share.clamp(0.0, 1.0) * count as f64).max(f64::MIN_POSITIVE);
        let (mut below, mut from) = (0.0, 0);
        for (bin, bound) in self.bins.iter().zip(BOUNDS_MS) {
            let inside = *bin as f64;
            if inside > 0.0 && below + inside >= wanted {
                let part = (wanted - below) / inside;
                return Some(from + (part * (bound - from) as f64).round() as i64);
            }
            below += inside;
            from = bound;
        }
        Some(from)
    }

    fn absorb(&mut self, other: &Self) {
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
        for (mine, theirs) in self.bins.iter_mut().zip(other.bins) {
            *mine += theirs;
        }
    }
}

/// Sums over calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub calls: i64,
    /// Prompt and tool results, cached ones included.
    pub input_tokens: i64,
    /// Of the input, served from a cache.
    pub cached_tokens: i64,
    /// Answer and thoughts.
    pub output_tokens: i64,
    /// Of the output, spent on thinking.
    pub thinking_tokens: i64,
    /// Of the input, results of built-in tools.
    pub tool_use_tokens: i64,
    /// What they cost at list price.
    pub cost_microdollars: i64,
    /// Times to the first event, of those that had one.
    pub first_event: Spread,
    /// Times to the end.
    pub total: Spread,
}

/// What no sum can grow out of, however many calls there are.
const MOST: i64 = 1_000_000_000_000_000;

/// A count as the store keeps it.
pub(in crate::store) fn kept(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(MOST).min(MOST)
}

impl Sums {
    /// The sums of one call.
    pub fn of(record: &Record) -> Self {
        let counts = &record.tokens;
        let mut sums = Self {
            calls: 1,
            input_tokens: kept(counts.input),
            cached_tokens: kept(counts.cached),
            output_tokens: kept(counts.output),
            thinking_tokens: kept(counts.thinking),
            tool_use_tokens: kept(counts.tool_use),
            cost_microdollars: kept(record.cost_microdollars),
            ..Self::default()
        };
        if let Some(ms) = record.timings.first_event_ms {
            sums.first_event.add(ms.min(MOST));
        }
        sums.total.add(record.timings.total_ms.min(MOST));
        sums
    }

    /// Takes others in.
    pub fn absorb(&mut self, other: &Self) {
        let Self {
            calls,
            input_tokens,
            cached_tokens,
            output_tokens,
            thinking_tokens,
            tool_use_tokens,
            cost_microdollars,
            first_event,
            total,
        } = other;
        for (mine, theirs) in [
            (&mut self.calls, calls),
            (&mut self.input_tokens, input_tokens),
            (&mut self.cached_tokens, cached_tokens),
            (&mut self.output_tokens, output_tokens),
            (&mut self.thinking_tokens, thinking_tokens),
            (&mut self.tool_use_tokens, tool_use_tokens),
            (&mut self.cost_microdollars, cost_microdollars),
        ] {
            *mine = mine.saturating_add(*theirs);
        }
        self.first_event.absorb(first_event);
        self.total.absorb(total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_come_from_the_bins() {
        let mut spread = Spread::default();
        assert_eq!((spread.percentile_ms(0.5), spread.mean_ms()), (None, None));
        for ms in [0, 100, 101, 250, 251, 500, 900, 1_000, 1_000, 999_999] {
            spread.add(ms);
        }
        assert_eq!(spread.bins, [2, 2, 2, 3, 0, 0, 0, 0, 0, 0, 0, 1]);
        // share -> ms
        for (share, ms) in
            [(0.0, 0), (0.1, 50), (0.2, 100), (0.3, 175), (0.6, 500), (0.9, 1_000), (1.0, 120_000)]
        {
            assert_eq!(spread.percentile_ms(share), Some(ms), "{share}");
        }
        assert_eq!(spread.count(), 10);
    }

    #[test]
    fn absurd_counts_cannot_overflow_a_sum() {
        let mut record = Record { cost_microdollars: u64::MAX, ..Record::default() };
        record.tokens.input = u64::MAX;
        record.timings.total_ms = i64::MAX;
        let mut sums = Sums::of(&record);
        sums.absorb(&Sums::of(&record));
        assert_eq!((sums.calls, sums.input_tokens, sums.total.sum_ms), (2, 2 * MOST, 2 * MOST));
    }
}
