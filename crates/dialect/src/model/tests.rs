//! The data file is sound, and names come down to what they should.

use std::collections::HashSet;

use super::*;

const TODAY: &str = "2026-11-22";

fn catalogue() -> &'static Catalogue {
    Catalogue::builtin()
}

#[test]
fn the_data_file_is_sound() {
    let mut ids = HashSet::new();
    for model in catalogue().models() {
        assert!(ids.insert(&model.id), "{} is there once", model.id);
        assert!(model.id.is_ascii() && !model.id.contains('/'));
        let can = &model.capabilities;
        assert!(can.input_limit > 0 && can.max_candidates > 0, "{}", model.id);
        assert_eq!(can.output_limit == 0, model.kind == Kind::Embedding, "{}", model.id);
        if let Thinking::Level { levels, default } = &can.thinking {
            assert!(levels.is_sorted() && !levels.is_empty(), "{}", model.id);
            assert!(default.is_none_or(|level| levels.contains(&level)), "{}", model.id);
        }
        assert!(model.prices.iter().map(|price| &price.from).is_sorted(), "{}", model.id);
    }
    for (alias, target) in catalogue().aliases() {
        assert!(!ids.contains(&alias.to_owned()) && ids.contains(&target.to_owned()), "{alias}");
        assert!(!catalogue().get(target).unwrap().is_shut(TODAY), "{alias}");
    }
    assert!(catalogue().listed(TODAY).count() > 30);
    assert!(catalogue().listed(TODAY).all(|model| model.id != "gemini-3-pro-preview"));
}

#[test]
fn mistakes_in_a_file_are_named() {
    let good = include_str!("../../data/models.json");
    for (from, to, message) in [
        ("\"models\": [", "\"modells\": [", "cannot be read"),
        ("\"penalties\"", "\"penalty\"", "cannot be read"),
        (
            "\"id\": \"gemini-4-carbon\"",
            "\"id\": \"gemini-4-argon\"",
            "`gemini-4-argon` is in the model catalogue twice",
        ),
        (
            "\"id\": \"gemini-4-carbon\"",
            "\"id\": \"gemini-flash-latest\"",
            "`gemini-flash-latest` is in the model catalogue twice",
        ),
        (
            "\"profile\": \"gen37_flash\"",
            "\"profile\": \"gone\"",
            "`gemini-3.8-flash` in the model catalogue names `gone`",
        ),
        (
            "\"to\": \"gemini-3.6-flash\"",
            "\"to\": \"gone\"",
            "`gemini-3.5-flash` in the model catalogue names `gone`",
        ),
        ("\"limits\": \"flash\"", "\"limits\": \"gone\"", "names `gone`"),
        ("2026-10-13", "2026-13-10", "the date `2026-13-10`"),
        ("2026-10-13", "13.10.2026", "the date `13.10.2026`"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Catalogue::from_json(&good.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// Name | day | upstream id | effective id. The requested name is the upstream id but for replacements.
const NAMES: &str = "
gemini-3.8-flash | 2026-11-22 | gemini-3.8-flash | gemini-3.8-flash
models/gemini-3.7-flash | 2026-11-22 | gemini-3.7-flash | gemini-3.8-flash
gemini-3.7-flash | 2026-10-07 | gemini-3.7-flash | gemini-3.7-flash
google/gemini-2.5-pro | 2026-11-22 | gemini-2.5-pro | gemini-2.5-pro
gemini-2.5-pro | 2026-12-01 | gemini-2.5-pro | gemini-2.5-pro
gemini-2.5-flash | 2026-12-01 | gemini-2.5-flash | gemini-2.5-flash
gemini/gemini-3.5-flash | 2026-11-22 | gemini-3.5-flash | gemini-3.6-flash
google%2Fmodels%2fGemini-Flash-Latest | 2026-11-22 | gemini-flash-latest | gemini-3.8-flash
gemini-pro-latest | 2026-11-22 | gemini-pro-latest | gemini-3.1-pro-preview
gemini-3-pro-preview | 2026-11-22 | gemini-3.1-pro-preview | gemini-3.1-pro-preview
gemini-3-pro-preview | 2026-03-08 | gemini-3-pro-preview | gemini-3-pro-preview
gemini-9-zirconium | 2026-11-22 | gemini-9-zirconium | gemini-9-zirconium
tunedModels/My-Model | 2026-11-22 | tunedModels/My-Model | tunedModels/My-Model
";

#[test]
fn names_resolve() {
    for line in NAMES.trim().lines() {
        let [name, day, upstream, effective] = line.split(" | ").collect::<Vec<_>>().try_into().unwrap();
        let resolved = catalogue().resolve(name, day);
        assert_eq!((&*resolved.upstream_id, &*resolved.effective_id), (upstream, effective), "{line}");
        assert_eq!(resolved.known, catalogue().get(effective).is_some(), "{line}");
        if let Some(model) = catalogue().get(effective) {
            assert_eq!(resolved.effective, model.capabilities, "{line}");
        }
    }
    assert_eq!(catalogue().resolve(" models/gemini-3-pro-preview", TODAY).requested, "gemini-3-pro-preview");
    assert!(catalogue().resolve("gemini-2.0-flash", TODAY).is_gone);
    assert!(!catalogue().resolve("gemini-2.0-flash", "2026-05-31").is_gone);
    assert!(!catalogue().resolve("gemini-3-pro-preview", TODAY).is_gone);
}

#[test]
fn unknown_names_are_guessed_by_family() {
    for (name, family, levels) in [
        ("gemini-5-xenon", Family::Gen4, true),
        ("gemini-ultra", Family::Gen4, true),
        ("gemini-4-neon", Family::Gen4, true),
        ("gemini-3.9-flash", Family::Gen3, true),
        ("gemini-3.9-pro-preview", Family::Gen3, true),
        ("gemini-2.5-flash-preview-05-20", Family::Gen25, false),
        ("gemini-2.5-pro-preview-06-05", Family::Gen25, false),
        ("gemini-2.0-flash-exp", Family::Gen2, false),
        ("gemini-1.5-pro", Family::Gen2, false),
        ("gemini-exp-1206", Family::Gen2, false),
        ("gemini-pro", Family::Gen2, false),
        ("gemini-flash", Family::Gen2, false),
        ("gemma-3-27b-it", Family::Gemma, false),
        ("learnlm-2.0", Family::Other, false),
        ("gpt-5", Family::Other, false),
        ("", Family::Other, false),
        ("gemini-9-flash-image", Family::Image, true),
        ("gemini-9-tts", Family::Speech, false),
        ("gemini-embedding-9", Family::Embedding, false),
    ] {
        let resolved = catalogue().resolve(name, TODAY);
        assert!(!resolved.known);
        assert_eq!(resolved.effective.family, family, "{name}");
        assert_eq!(matches!(resolved.effective.thinking, Thinking::Level { .. }), levels, "{name}");
    }
}

#[test]
fn prices_buckets_and_limits() {
    let argon = catalogue().get("gemini-4-argon").unwrap();
    let on = |day| argon.price(day).unwrap().input;
    assert_eq!((on("2026-11-30"), on("2026-12-01")), (2_000_000, 4_000_000));
    assert_eq!(argon.limits.free.rpd, Some(0));
    let flash = catalogue().get("gemini-3.8-flash").unwrap();
    assert_eq!((flash.limits.free.rpd, flash.limits.paid.rpm), (Some(20), Some(1000)));
    assert_eq!(catalogue().get("gemini-3.1-flash-lite").unwrap().limits.paid.rpd, None);
    assert_eq!(catalogue().resolve("gemini-3.1-pro-preview", TODAY).bucket, "gemini-3.1-pro");
    assert_eq!(catalogue().in_bucket("gemini-3.1-pro").count(), 2);
    assert_eq!(catalogue().get("gemini-4-carbon").unwrap().price(TODAY), None);
}

#[test]
fn levels_by_their_wire_names() {
    for level in [Level::Minimal, Level::Low, Level::Medium, Level::High, Level::Xhigh] {
        assert_eq!(Level::from_wire(level.wire()), Some(level));
        assert_eq!(Level::from_wire(&format!("thinking_level_{}", level.wire().to_lowercase())), Some(level));
    }
    assert_eq!(Level::from_wire("none"), None);
}
