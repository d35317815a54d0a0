//! A page of metrics in the words of Prometheus or OpenMetrics.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::names::{self, Declared, Kind};

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text format, 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

/// What a series stands at.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(f64),
    /// Counts by bucket, one more than there are ends.
    Buckets {
        ends: &'static [f64],
        counts: Vec<u64>,
        sum: f64,
    },
}

type Labels = Vec<(String, String)>;

/// Everything there is to say at one moment.
#[derive(Clone, Debug, Default)]
pub struct Page(BTreeMap<String, BTreeMap<Labels, Value>>);

impl Page {
    /// Says what a metric stands at, in the place of what was said before.
    pub fn set(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let owned = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        self.put(name, owned.collect(), Value::Number(value));
    }

    pub(super) fn put(&mut self, name: &str, labels: Labels, value: Value) {
        self.0.entry(name.to_owned()).or_default().insert(labels, value);
    }

    /// How many series are on it.
    pub fn series(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// The text, in the order of `names`.
    pub fn render(&self, format: Format) -> String {
        let mut text = String::with_capacity(16 << 10);
        for declared in names::ALL {
            if let Some(series) = self.0.get(declared.name) {
                family(&mut text, declared, series, format);
            }
        }
        if format == Format::OpenMetrics {
            text.push_str("# EOF\n");
        }
        text
    }
}

impl Format {
    /// The media type of such a page.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

fn family(text: &mut String, declared: &Declared, series: &BTreeMap<Labels, Value>, format: Format) {
    let Declared { name, kind, help, .. } = declared;
    let family = match format {
        // OpenMetrics names the family, and the sample with its suffix.
        Format::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
        Format::Prometheus => name,
    };
    let kind = match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Seconds => "histogram",
    };
    line(text, format_args!("# HELP {family} {help}"));
    line(text, format_args!("# TYPE {family} {kind}"));
    for (labels, value) in series {
        match value {
            Value::Number(number) => {
                line(text, format_args!("{name}{} {}", written(labels, None), float(*number)));
            }
            Value::Buckets { ends, counts, sum } => buckets(text, (name, labels), (ends, counts), *sum),
        }
    }
}

fn buckets(text: &mut String, (name, labels): (&str, &Labels), (ends, counts): (&[f64], &[u64]), sum: f64) {
    let mut count = 0;
    let ends = ends.iter().copied().chain([f64::INFINITY]);
    for (end, more) in ends.zip(counts) {
        count += more;
        line(text, format_args!("{name}_bucket{} {count}", written(labels, Some(&float(end)))));
    }
    line(text, format_args!("{name}_sum{} {}", written(labels, None), float(sum)));
    line(text, format_args!("{name}_count{} {count}", written(labels, None)));
}

/// Labels in braces, or nothing.
fn written(labels: &Labels, end: Option<&str>) -> String {
    let pairs = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let pairs: Vec<String> = pairs
        .chain(end.map(|end| ("le", end)))
        .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn float(number: f64) -> String {
    if number == f64::INFINITY { String::from("+Inf") } else { number.to_string() }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _strings_take_everything = text.write_fmt(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats() {
        let mut page = Page::default();
        page.set(names::BUILD_INFO, &[("version", "1 \"x\"\n\\")], 1.0);
        page.set(names::HEDGES, &[], 7.0);
        page.set(names::DAY_DRY_SECONDS, &[("model", "m")], f64::INFINITY);
        insta::assert_snapshot!(page.render(Format::Prometheus), @r#"
        # HELP pollux_hedges_total Calls whose first event was late, so that a second project was asked as well.
        # TYPE pollux_hedges_total counter
        pollux_hedges_total 7
        # HELP pollux_day_runs_dry_in_seconds Seconds until a model's day runs dry at the present rate; +Inf if it lasts, absent if a limit is not known.
        # TYPE pollux_day_runs_dry_in_seconds gauge
        pollux_day_runs_dry_in_seconds{model="m"} +Inf
        # HELP pollux_build_info Always 1; the label says which version runs.
        # TYPE pollux_build_info gauge
        pollux_build_info{version="1 \"x\"\n\\"} 1
        "#);
        insta::assert_snapshot!(page.render(Format::OpenMetrics), @r#"
        # HELP pollux_hedges Calls whose first event was late, so that a second project was asked as well.
        # TYPE pollux_hedges counter
        pollux_hedges_total 7
        # HELP pollux_day_runs_dry_in_seconds Seconds until a model's day runs dry at the present rate; +Inf if it lasts, absent if a limit is not known.
        # TYPE pollux_day_runs_dry_in_seconds gauge
        pollux_day_runs_dry_in_seconds{model="m"} +Inf
        # HELP pollux_build_info Always 1; the label says which version runs.
        # TYPE pollux_build_info gauge
        pollux_build_info{version="1 \"x\"\n\\"} 1
        # EOF
        "#);
    }
}
