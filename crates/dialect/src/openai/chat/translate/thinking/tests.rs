//! Every effort and budget × every kind of model (R9, R10).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::model::Capabilities;
use crate::openai::chat::Policy;
use crate::openai::chat::translate::tests::{asking, models, translate, translate_with};

/// `budget|level`, and `+` if thoughts are shown.
fn config(model: &Capabilities, fields: &Value) -> String {
    let translated = translate(model, &asking(fields)).unwrap();
    let config = translated.request.generation_config.and_then(|config| config.thinking_config);
    let Some(config) = config else { return "-".to_owned() };
    let budget = config.thinking_budget.map(|budget| budget.to_string());
    let amount = config.thinking_level.or(budget).unwrap_or_default();
    let shown = if config.include_thoughts == Some(true) { "+" } else { "" };
    assert_eq!(translated.encoding.show_thoughts, config.include_thoughts == Some(true));
    format!("{}{shown}", amount.to_lowercase())
}

fn table(rows: impl Iterator<Item = (String, Value)>) -> String {
    let models = models::all();
    let names: Vec<&str> = models.iter().map(|(name, _)| *name).collect();
    let mut text = format!("| {}\n", names.join(" | "));
    for (name, fields) in rows {
        let cells: Vec<String> = models.iter().map(|(_, model)| config(model, &fields)).collect();
        writeln!(text, "{name} | {}", cells.join(" | ")).unwrap();
    }
    text
}

#[test]
fn r9_every_effort_for_every_family() {
    let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
    let rows = efforts.iter().map(|effort| ((*effort).to_owned(), json!({ "reasoning_effort": effort })));
    let rows = rows.chain([("(nothing)".to_owned(), json!({}))]);
    insta::assert_snapshot!(table(rows), @r#"
    | 2.5-pro | 2.5-flash | 2.5-lite | 3 | 3.8 | argon | image | gemma | speech
    none | 128 | 0 | 0 | minimal | low | low | minimal | - | -
    minimal | 1024+ | 1024+ | 1024+ | minimal+ | low+ | low+ | minimal+ | - | -
    low | 1024+ | 1024+ | 1024+ | low+ | low+ | low+ | high+ | - | -
    medium | 8192+ | 8192+ | 8192+ | medium+ | medium+ | medium+ | high+ | - | -
    high | 24576+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    xhigh | 32768+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    max | 32768+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    (nothing) | + | + | + | + | + | + | + | - | -
    "#);
}

#[test]
fn r10_every_budget_for_every_family() {
    let budgets = [-1, 0, 1, 128, 512, 24_576, 32_768, 40_000];
    let row = |budget| json!({ "thinking_config": { "thinking_budget": budget } });
    insta::assert_snapshot!(table(budgets.into_iter().map(|budget| (budget.to_string(), row(budget)))), @r#"
    | 2.5-pro | 2.5-flash | 2.5-lite | 3 | 3.8 | argon | image | gemma | speech
    -1 | -1+ | -1+ | -1+ | + | + | + | + | - | -
    0 | 128 | 0 | 0 | minimal | low | low | minimal | - | -
    1 | 128+ | 1+ | 512+ | minimal+ | low+ | low+ | minimal+ | - | -
    128 | 128+ | 128+ | 512+ | minimal+ | low+ | low+ | minimal+ | - | -
    512 | 512+ | 512+ | 512+ | minimal+ | low+ | low+ | minimal+ | - | -
    24576 | 24576+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    32768 | 32768+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    40000 | 32768+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    "#);
}

/// What the operator set is brought into what each model takes, as a request's own budget is.
#[test]
fn a_default_budget_fits_every_family() {
    let sent = |model: &Capabilities, budget, shown| {
        let policy = Policy { default_thinking_budget: budget, expose_reasoning: shown, ..Policy::default() };
        let translated = translate_with(model, &policy, &asking(&json!({}))).unwrap();
        let config = translated.request.generation_config.and_then(|config| config.thinking_config);
        let Some(config) = config else { return "-".to_owned() };
        let amount = config.thinking_level.or(config.thinking_budget.map(|budget| budget.to_string()));
        let shown = if config.include_thoughts == Some(true) { "+" } else { "" };
        format!("{}{shown}", amount.unwrap_or_default().to_lowercase())
    };
    let mut text = String::new();
    for (budget, shown) in
        [(None, true), (Some(0), true), (Some(1), true), (Some(16_384), false), (Some(32_768), true)]
    {
        let cells: Vec<String> = models::all().iter().map(|(_, model)| sent(model, budget, shown)).collect();
        writeln!(text, "{budget:?} {shown} | {}", cells.join(" | ")).unwrap();
    }
    insta::assert_snapshot!(text, @"
    None true | + | + | + | + | + | + | + | - | -
    Some(0) true | 128 | 0 | 0 | minimal | low | low | minimal | - | -
    Some(1) true | 128+ | 1+ | 512+ | minimal+ | low+ | low+ | minimal+ | - | -
    Some(16384) false | 16384 | 16384 | 16384 | high | high | high | high | - | -
    Some(32768) true | 32768+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    ");
}

#[test]
fn every_level_for_every_family() {
    let levels = ["MINIMAL", "low", "THINKING_LEVEL_MEDIUM", "high", "xhigh"];
    let row = |level: &str| json!({ "extra_body": { "google": { "thinking_config": { "thinking_level": level } } } });
    insta::assert_snapshot!(table(levels.into_iter().map(|level| (level.to_owned(), row(level)))), @r#"
    | 2.5-pro | 2.5-flash | 2.5-lite | 3 | 3.8 | argon | image | gemma | speech
    MINIMAL | 512+ | 512+ | 512+ | minimal+ | low+ | low+ | minimal+ | - | -
    low | 1024+ | 1024+ | 1024+ | low+ | low+ | low+ | high+ | - | -
    THINKING_LEVEL_MEDIUM | 8192+ | 8192+ | 8192+ | medium+ | medium+ | medium+ | high+ | - | -
    high | 24576+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    xhigh | 32768+ | 24576+ | 24576+ | high+ | high+ | high+ | high+ | - | -
    "#);
}

#[test]
fn every_carrier_is_read() {
    let carriers = [
        json!({ "thinking_config": { "thinking_budget": 1000 } }),
        json!({ "thinkingConfig": { "thinkingBudget": 1000 } }),
        json!({ "google": { "thinking_config": { "thinking_budget": 1000 } } }),
        json!({ "extra_body": { "google": { "thinkingConfig": { "thinkingBudget": 1000 } } } }),
        json!({ "extra_body": { "thinking_config": { "thinking_budget": 1000 } } }),
        json!({ "reasoning": { "max_tokens": 1000 } }),
        json!({ "thinking": { "type": "enabled", "budget_tokens": 1000 } }),
    ];
    for fields in carriers {
        assert_eq!(config(&models::gen25_pro(), &fields), "1000+", "{fields}");
    }
    let off = [
        json!({ "reasoning": { "enabled": false } }),
        json!({ "reasoning": { "effort": "none" } }),
        json!({ "thinking": { "type": "disabled" } }),
    ];
    for fields in off {
        assert_eq!(config(&models::gen25_flash(), &fields), "0", "{fields}");
    }
    let high = json!({ "reasoning_effort": { "effort": "high", "summary": "auto" } });
    assert_eq!(config(&models::gen3(), &high), "high+");
    assert_eq!(
        config(&models::gen3(), &json!({ "reasoning": { "effort": "high", "exclude": true } })),
        "high"
    );
    let hidden = json!({ "thinking_config": { "include_thoughts": false } });
    assert_eq!(config(&models::gen3(), &hidden), "");
}

#[test]
fn the_config_wins_over_the_effort() {
    let fields = json!({ "thinking_config": { "thinking_budget": 1000 }, "reasoning_effort": "high" });
    let translated = translate(&models::gen25_pro(), &asking(&fields)).unwrap();
    assert_eq!(translated.ignored, ["reasoning_effort"]);
    assert_eq!(config(&models::gen25_pro(), &fields), "1000+");
    // A config that only says whether thoughts are shown says nothing about how much.
    let fields = json!({ "thinking_config": { "include_thoughts": true }, "reasoning_effort": "high" });
    assert_eq!(config(&models::gen25_pro(), &fields), "24576+");
}

#[test]
fn of_budget_and_level_the_models_own_wins() {
    let fields = json!({ "thinking_config": { "thinking_budget": 1000, "thinking_level": "high" } });
    assert_eq!(config(&models::gen25_pro(), &fields), "1000+");
    assert_eq!(config(&models::gen3(), &fields), "high+");
    let translated = translate(&models::gen3(), &asking(&fields)).unwrap();
    assert_eq!(translated.ignored, ["thinking_config.thinking_budget"]);
}

#[test]
fn a_model_that_does_not_think_gets_no_config() {
    let translated = translate(&models::gemma(), &asking(&json!({ "reasoning_effort": "high" }))).unwrap();
    assert_eq!(translated.ignored, ["reasoning_effort"]);
    let translated = translate(&models::gemma(), &asking(&json!({ "reasoning_effort": "none" }))).unwrap();
    assert!(translated.ignored.is_empty());
}
