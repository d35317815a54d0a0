//! What was recorded through the `metrics` facade, kept in a few atomics for each series.
//!
//! Nothing grows between two scrapes, and no label can make the number of series grow without end: a metric that has too
//! many refuses more, and one that is not declared in `names` keeps none.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::exposition::{Page, Value};
use super::names::{self, Declared, Kind};

/// Series that one metric may have.
const MOST_SERIES: usize = 2_000;

/// Everything recorded in this process. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Registry>);

#[derive(Debug, Default)]
struct Registry {
    series: RwLock<HashMap<Key, Series>>,
    refused: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
enum Series {
    Counter(Arc<AtomicU64>),
    Gauge(Arc<AtomicU64>),
    Seconds(Arc<Buckets>),
}

/// Durations by bucket.
#[derive(Debug)]
struct Buckets {
    ends: &'static [f64],
    /// One for each end, and one for what is beyond the last.
    counts: Vec<AtomicU64>,
    /// The bits of a float.
    sum: AtomicU64,
}

impl Metrics {
    /// Those of this process: from the first call on, the facade records here.
    pub fn install() -> Self {
        static INSTALLED: OnceLock<Metrics> = OnceLock::new();
        let installed = INSTALLED.get_or_init(|| {
            let metrics = Self::default();
            if metrics::set_global_recorder(metrics.clone()).is_err() {
                tracing::warn!("metrics go elsewhere: something else records them");
            }
            metrics
        });
        installed.clone()
    }

    /// A page with everything recorded; the caller may add what is known only when asked.
    pub fn page(&self) -> Page {
        let mut page = Page::default();
        for declared in names::ALL.iter().filter(|declared| declared.labels.is_empty()) {
            if declared.kind == Kind::Counter && !declared.name.starts_with("process_") {
                // A counter that was never moved is 0, not absent: rates begin with it.
                page.put(declared.name, Vec::new(), Value::Number(0.0));
            }
        }
        let series = self.0.series.read().unwrap_or_else(PoisonError::into_inner);
        for (key, series) in series.iter() {
            let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
            page.put(key.name(), labels.collect(), series.value());
        }
        drop(series);
        page.set(names::SERIES_REFUSED, &[], whole(self.0.refused.load(Ordering::Relaxed)));
        page
    }

    /// How many series there are.
    pub fn series(&self) -> usize {
        self.0.series.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn find<T>(&self, key: &Key, kind: Kind, pick: impl Fn(&Series) -> Option<T>) -> Option<T> {
        let known = self.0.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(key) {
            return pick(series);
        }
        drop(known);
        let declared =
            names::find(key.name()).filter(|declared| declared.kind == kind && fits(declared, key));
        let kept = declared.and_then(|declared| self.keep(key, declared));
        if kept.is_none() {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
        }
        pick(&kept?)
    }

    fn keep(&self, key: &Key, declared: &Declared) -> Option<Series> {
        let mut series: RwLockWriteGuard<'_, _> =
            self.0.series.write().unwrap_or_else(PoisonError::into_inner);
        let siblings = series.keys().filter(|other| other.name() == declared.name).count();
        match series.entry(key.to_retained()) {
            Entry::Occupied(there) => Some(there.get().clone()),
            Entry::Vacant(_) if siblings >= MOST_SERIES => None,
            Entry::Vacant(place) => Some(place.insert(Series::new(declared)).clone()),
        }
    }
}

/// Exactly the labels that were declared, in any order.
fn fits(declared: &Declared, key: &Key) -> bool {
    key.labels().len() == declared.labels.len()
        && key.labels().all(|label| declared.labels.contains(&label.key()))
}

impl Series {
    fn new(declared: &Declared) -> Self {
        match declared.kind {
            Kind::Counter => Self::Counter(Arc::default()),
            Kind::Gauge => Self::Gauge(Arc::default()),
            Kind::Seconds => Self::Seconds(Arc::new(Buckets::new(declared.buckets()))),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Counter(count) => Value::Number(whole(count.load(Ordering::Relaxed))),
            Self::Gauge(bits) => Value::Number(f64::from_bits(bits.load(Ordering::Relaxed))),
            Self::Seconds(buckets) => buckets.value(),
        }
    }
}

impl Buckets {
    fn new(ends: &'static [f64]) -> Self {
        let counts = std::iter::repeat_with(AtomicU64::default).take(ends.len() + 1).collect();
        Self { ends, counts, sum: AtomicU64::default() }
    }

    fn value(&self) -> Value {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Value::Buckets { ends: self.ends, counts, sum: f64::from_bits(self.sum.load(Ordering::Relaxed)) }
    }
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        let place = self.ends.partition_point(|end| *end < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        let _always_succeeds = self.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

/// A count as a float: exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "Prometheus has floats only")]
pub fn whole(count: u64) -> f64 {
    count as f64
}

impl Recorder for Metrics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let found = self.find(key, Kind::Counter, |series| match series {
            Series::Counter(count) => Some(Counter::from_arc(Arc::clone(count))),
            Series::Gauge(_) | Series::Seconds(_) => None,
        });
        found.unwrap_or_else(Counter::noop)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let found = self.find(key, Kind::Gauge, |series| match series {
            Series::Gauge(bits) => Some(Gauge::from_arc(Arc::clone(bits))),
            Series::Counter(_) | Series::Seconds(_) => None,
        });
        found.unwrap_or_else(Gauge::noop)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let found = self.find(key, Kind::Seconds, |series| match series {
            Series::Seconds(buckets) => Some(Histogram::from_arc(Arc::clone(buckets))),
            Series::Counter(_) | Series::Gauge(_) => None,
        });
        found.unwrap_or_else(Histogram::noop)
    }
}

#[cfg(test)]
mod tests {
    use super::super::exposition::Format;
    use super::*;

    #[test]
    fn what_is_recorded_is_on_the_page() {
        let metrics = Metrics::default();
        metrics::with_local_recorder(&metrics, || {
            metrics::counter!(names::ATTEMPTS, "outcome" => "ok").increment(2);
            metrics::gauge!(names::CALLS_OPEN).increment(3);
            metrics::gauge!(names::CALLS_OPEN).decrement(1);
            for seconds in [0.000_2, 0.3, 700.0] {
                metrics::histogram!(names::QUEUE_WAIT_SECONDS).record(seconds);
            }
        });
        let text = metrics.page().render(Format::Prometheus);
        for line in [
            r#"pollux_attempts_total{outcome="ok"} 2"#,
            "pollux_calls_open 2",
            r#"pollux_queue_wait_seconds_bucket{le="0.025"} 1"#,
            r#"pollux_queue_wait_seconds_bucket{le="0.5"} 2"#,
            r#"pollux_queue_wait_seconds_bucket{le="600"} 2"#,
            r#"pollux_queue_wait_seconds_bucket{le="+Inf"} 3"#,
            "pollux_queue_wait_seconds_sum 700.3002",
            "pollux_queue_wait_seconds_count 3",
            "pollux_hedges_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_is_not_declared_or_too_much_is_refused_and_counted() {
        let metrics = Metrics::default();
        metrics::with_local_recorder(&metrics, || {
            metrics::counter!("pollux_made_up_total").increment(1);
            metrics::counter!(names::ATTEMPTS, "user" => "u").increment(1);
            metrics::gauge!(names::ATTEMPTS, "outcome" => "ok").set(1.0);
            for number in 0..MOST_SERIES + 10 {
                metrics::counter!(names::ATTEMPTS, "outcome" => number.to_string()).increment(1);
            }
        });
        assert_eq!(metrics.series(), MOST_SERIES);
        let text = metrics.page().render(Format::Prometheus);
        assert!(text.contains("pollux_metrics_series_refused_total 13\n"), "{text}");
        assert!(!text.contains("made_up"));
    }
}
