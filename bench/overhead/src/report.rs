//! The table, and one line of JSON.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Map, Value, json};

use crate::measure::Figures;
use crate::options::Options;
use crate::plan::Load;

/// Figures that are told as what the target adds to the direct way.
const ADDED: &[&str] = &["p50_ms", "p99_ms", "p999_ms", "first_p50_ms", "first_p99_ms"];

/// Says that a setup could not be made.
pub(crate) fn skipped(setup: &str, error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "overhead-bench: `{setup}` is left out: {error:#}");
}

/// Prints everything.
pub(crate) fn print(
    out: &mut impl Write,
    options: &Options,
    loads: &[(usize, &Load)],
    medians: &BTreeMap<(usize, &'static str), Figures>,
) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:<27} {:<23} {:>11} {:>11} {:>11} {:>8}",
        "load", "figure", "direct", "nginx", "pollux", "ratio"
    )?;
    let mut all = Map::new();
    for (at, load) in loads {
        let of = |name| medians.get(&(*at, name));
        let Some(pollux) = of("pollux") else {
            writeln!(out, "{:<27} not answered by this gateway", load.name)?;
            continue;
        };
        let mut figures = Map::new();
        for name in pollux.keys() {
            let base = if ADDED.contains(name) { figure(of("direct"), name) } else { 0.0 };
            let direct = figure(of("direct"), name);
            let nginx = figure(of("nginx"), name) - base;
            let pollux = figure(Some(pollux), name) - base;
            let ratio = pollux / nginx;
            let shown = format!("{}{name}", if ADDED.contains(name) { "+" } else { "" });
            writeln!(
                out,
                "{:<27} {shown:<23} {:>11} {:>11} {:>11} {:>8}",
                load.name,
                short(direct),
                short(nginx),
                short(pollux),
                short(ratio)
            )?;
            figures.insert((*name).to_owned(), json!({"direct": known(direct), "nginx": known(nginx), "pollux": known(pollux), "ratio": known(ratio)}));
        }
        all.insert(load.name.to_owned(), Value::Object(figures));
    }
    let binary = std::fs::metadata(&options.pollux).map_or(0, |file| file.len());
    writeln!(out, "binary {:.1} MB", f64::from(u32::try_from(binary / 1_000).unwrap_or(u32::MAX)) / 1e3)?;
    all.insert("binary_bytes".to_owned(), json!(binary));
    writeln!(out, "{}", Value::Object(all))?;
    Ok(())
}

fn figure(figures: Option<&Figures>, name: &str) -> f64 {
    figures.and_then(|figures| figures.get(name)).copied().unwrap_or(f64::NAN)
}

fn known(figure: f64) -> Option<f64> {
    figure.is_finite().then_some(figure)
}

fn short(figure: f64) -> String {
    match figure {
        figure if !figure.is_finite() => "–".to_owned(),
        figure if figure.abs() >= 1_000.0 => format!("{figure:.0}"),
        figure if figure.abs() >= 10.0 => format!("{figure:.1}"),
        figure => format!("{figure:.3}"),
    }
}
