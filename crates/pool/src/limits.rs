//! What a bucket allows, and how we know.
//!
//! Three layers: what the admin declared, what the tier usually gets, what Google's 429 taught. A learned
//! limit beats the tier's; of a learned and a declared one the smaller holds. `None` is no limit known.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Moment;
use crate::blame::{Measure, Window};

/// How long a learned limit is believed (`wire.md` §17.3): a week.
pub(crate) const LEARNED_FOR_MS: i64 = 7 * 86_400_000;

/// The limits of one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Input tokens per minute.
    pub tpm: Option<u64>,
    /// Requests per Pacific day.
    pub rpd: Option<u64>,
    /// Input tokens per Pacific day; rare.
    pub tpd: Option<u64>,
}

/// How a limit is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The admin said so.
    Declared,
    /// Usual for the tier.
    TierDefault,
    /// A 429 named it, at this moment.
    Learned {
        /// When.
        at: Moment,
    },
}

impl Provenance {
    /// When a limit known like this is not believed any more, if it ends by itself.
    pub const fn ends_at(self) -> Option<Moment> {
        match self {
            Self::Learned { at } => Some(at.plus_ms(LEARNED_FOR_MS)),
            Self::Declared | Self::TierDefault => None,
        }
    }
}

/// Which limit is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names explain themselves")]
#[serde(rename_all = "snake_case")]
pub enum Gauge {
    Rpm,
    Tpm,
    Rpd,
    Tpd,
}

impl Gauge {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Rpm, Self::Tpm, Self::Rpd, Self::Tpd];

    pub(crate) const fn of(window: Window, measure: Measure) -> Self {
        match (window, measure) {
            (Window::Minute, Measure::Requests) => Self::Rpm,
            (Window::Minute, Measure::InputTokens) => Self::Tpm,
            (Window::Day, Measure::Requests) => Self::Rpd,
            (Window::Day, Measure::InputTokens) => Self::Tpd,
        }
    }
}

impl Limits {
    /// The limit on one gauge.
    pub const fn on(&self, gauge: Gauge) -> Option<u64> {
        match gauge {
            Gauge::Rpm => self.rpm,
            Gauge::Tpm => self.tpm,
            Gauge::Rpd => self.rpd,
            Gauge::Tpd => self.tpd,
        }
    }

    pub(crate) const fn on_mut(&mut self, gauge: Gauge) -> &mut Option<u64> {
        match gauge {
            Gauge::Rpm => &mut self.rpm,
            Gauge::Tpm => &mut self.tpm,
            Gauge::Rpd => &mut self.rpd,
            Gauge::Tpd => &mut self.tpd,
        }
    }
}

/// One limit in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cap {
    pub(crate) value: u64,
    pub(crate) provenance: Provenance,
    /// When it stops being believed.
    pub(crate) expires: Moment,
}

/// What is set, by layer. Most buckets hold one or two entries, so a list beats a table of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    entries: SmallVec<[Entry; 1]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    layer: Layer,
    gauge: Gauge,
    value: u64,
    /// When it was learned.
    at: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Declared,
    Tier,
    Learned,
}

impl Layers {
    /// Sets a whole layer. Learned values are added to what is known; the other layers are replaced.
    pub(crate) fn set(&mut self, limits: Limits, provenance: Provenance) {
        let (layer, at) = match provenance {
            Provenance::Declared => (Layer::Declared, Moment::default()),
            Provenance::TierDefault => (Layer::Tier, Moment::default()),
            Provenance::Learned { at } => (Layer::Learned, at),
        };
        if layer != Layer::Learned {
            self.entries.retain(|entry| entry.layer != layer);
        }
        for gauge in Gauge::ALL {
            if let Some(value) = limits.on(gauge) {
                self.put(Entry { layer, gauge, value, at });
            }
        }
    }

    pub(crate) fn learn(&mut self, gauge: Gauge, value: u64, at: Moment) {
        self.put(Entry { layer: Layer::Learned, gauge, value, at });
    }

    pub(crate) fn forget(&mut self, gauge: Gauge) {
        self.entries.retain(|entry| (entry.layer, entry.gauge) != (Layer::Learned, gauge));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn learned(&self, gauge: Gauge, now: Moment) -> Option<(u64, Moment)> {
        let entry = self.find(Layer::Learned, gauge)?;
        (now.since(entry.at) < LEARNED_FOR_MS).then_some((entry.value, entry.at))
    }

    /// The limit in force on a gauge, if any.
    pub(crate) fn cap(&self, defaults: Option<&Self>, gauge: Gauge, now: Moment) -> Option<Cap> {
        let plain = |value, provenance| Cap { value, provenance, expires: Moment::NEVER };
        let set = |layer| {
            let own = self.find(layer, gauge);
            own.or_else(|| defaults?.find(layer, gauge)).map(|entry| entry.value)
        };
        let declared = set(Layer::Declared).map(|value| plain(value, Provenance::Declared));
        let learned = self
            .learned(gauge, now)
            .or_else(|| defaults.and_then(|defaults| defaults.learned(gauge, now)))
            .map(|(value, at)| Cap {
                value,
                provenance: Provenance::Learned { at },
                expires: at.plus_ms(LEARNED_FOR_MS),
            });
        match (learned, declared) {
            (Some(learned), Some(declared)) if declared.value <= learned.value => Some(declared),
            (Some(learned), _) => Some(learned),
            (None, Some(declared)) => Some(declared),
            (None, None) => set(Layer::Tier).map(|value| plain(value, Provenance::TierDefault)),
        }
    }

    fn find(&self, layer: Layer, gauge: Gauge) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.gauge == gauge && entry.layer == layer)
    }

    fn put(&mut self, new: Entry) {
        let same = |entry: &&mut Entry| (entry.layer, entry.gauge) == (new.layer, new.gauge);
        match self.entries.iter_mut().find(same) {
            Some(entry) => *entry = new,
            None => self.entries.push(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rpm(value: u64) -> Limits {
        Limits { rpm: Some(value), ..Limits::default() }
    }

    #[test]
    fn a_learned_limit_beats_the_tier_and_the_smaller_of_learned_and_declared_holds() {
        let learned = Provenance::Learned { at: Moment(5) };
        for (declared, tier, taught, expected) in [
            (None, None, None, None),
            (None, Some(15), None, Some(15)),
            (None, Some(15), Some(5), Some(5)),
            (None, Some(15), Some(30), Some(30)),
            (Some(10), Some(15), None, Some(10)),
            (Some(10), Some(15), Some(30), Some(10)),
            (Some(10), Some(15), Some(5), Some(5)),
        ] {
            let mut layers = Layers::default();
            layers.set(declared.map(rpm).unwrap_or_default(), Provenance::Declared);
            layers.set(tier.map(rpm).unwrap_or_default(), Provenance::TierDefault);
            layers.set(taught.map(rpm).unwrap_or_default(), learned);
            let cap = layers.cap(None, Gauge::Rpm, Moment(9)).map(|cap| cap.value);
            assert_eq!(cap, expected, "{declared:?} {tier:?} {taught:?}");
        }
    }

    #[test]
    fn a_learned_limit_is_believed_for_a_week() {
        let mut layers = Layers::default();
        layers.set(Limits { rpd: Some(20), ..Limits::default() }, Provenance::Learned { at: Moment(1_000) });
        let last = Moment(1_000).plus_ms(LEARNED_FOR_MS - 1);
        assert_eq!(layers.cap(None, Gauge::Rpd, last).map(|cap| cap.value), Some(20));
        assert_eq!(layers.cap(None, Gauge::Rpd, last.plus_ms(1)), None);
    }

    #[test]
    fn a_projects_own_layer_comes_before_the_default_of_all() {
        let (mut own, mut all) = (Layers::default(), Layers::default());
        all.set(Limits { rpm: Some(10), rpd: Some(100), ..Limits::default() }, Provenance::Declared);
        own.set(rpm(3), Provenance::Declared);
        assert_eq!(own.cap(Some(&all), Gauge::Rpm, Moment(0)).map(|cap| cap.value), Some(3));
        assert_eq!(own.cap(Some(&all), Gauge::Rpd, Moment(0)).map(|cap| cap.value), Some(100));
    }
}
