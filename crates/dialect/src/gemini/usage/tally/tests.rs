//! Counts over events and hops.

use super::super::Modalities;
use super::*;

fn usage(value: Value) -> UsageMetadata {
    serde_json::from_value(value).unwrap()
}

#[test]
fn tokens_by_the_rules() {
    // (prompt, toolUse, candidates, thoughts, cached, total) -> (input, cached, output, thoughts, total)
    let table = [
        (
            json!({"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}),
            (10, 0, 5, 0, 15),
        ),
        (
            json!({"promptTokenCount": 10, "toolUsePromptTokenCount": 7, "candidatesTokenCount": 5,
                   "thoughtsTokenCount": 20, "cachedContentTokenCount": 4, "totalTokenCount": 42}),
            (17, 4, 25, 20, 42),
        ),
        (
            json!({"promptTokenCount": 10, "candidatesTokenCount": 25, "thoughtsTokenCount": 20, "totalTokenCount": 35}),
            (10, 0, 25, 20, 35),
        ),
        (
            json!({"promptTokenCount": 10, "thoughtsTokenCount": 20, "totalTokenCount": 30}),
            (10, 0, 20, 20, 30),
        ),
        (json!({"promptTokenCount": 10, "candidatesTokenCount": 5}), (10, 0, 5, 0, 15)),
        (json!({"promptTokenCount": 10, "totalTokenCount": 99}), (10, 0, 0, 0, 99)),
        (json!({"promptTokenCount": 3, "cachedContentTokenCount": 9}), (3, 3, 0, 0, 3)),
        (json!({}), (0, 0, 0, 0, 0)),
    ];
    for (value, expected) in table {
        let usage = usage(value.clone());
        let Tokens { input, cached, output, thoughts, total } = usage.tokens();
        assert_eq!((input, cached, output, thoughts, total), expected, "{value}");
    }
}

#[test]
fn the_last_seen_value_stands_and_nothing_adds_up() {
    let mut tally = UsageTally::default();
    assert!(!tally.is_seen());
    for value in [
        json!({"promptTokenCount": 51, "totalTokenCount": 51, "trafficType": "ON_DEMAND"}),
        json!({"promptTokenCount": 51, "candidatesTokenCount": 22, "toolUsePromptTokenCount": 9, "totalTokenCount": 82}),
        json!({"trafficType": "PROVISIONED"}),
        json!({"promptTokenCount": 33, "candidatesTokenCount": 57, "totalTokenCount": 99, "serviceTier": "standard"}),
    ] {
        tally.see(&usage(value));
    }
    assert!(tally.is_seen());
    assert_eq!(tally.tokens(), Tokens { input: 42, cached: 0, output: 57, thoughts: 0, total: 99 });
    assert_eq!(
        serde_json::to_value(tally.metadata()).unwrap(),
        json!({"promptTokenCount": 33, "candidatesTokenCount": 57, "toolUsePromptTokenCount": 9,
               "totalTokenCount": 99, "serviceTier": "standard", "trafficType": "PROVISIONED"})
    );
}

#[test]
fn hops_add_up_and_the_first_prompt_is_kept() {
    let mut tally = UsageTally::default();
    tally.see(&usage(json!({"promptTokenCount": 100, "candidatesTokenCount": 1, "totalTokenCount": 101})));
    tally.see(&usage(json!({"promptTokenCount": 100, "candidatesTokenCount": 40, "totalTokenCount": 140,
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 40}]})));
    tally.absorb_hop();
    tally.see(&usage(json!({"promptTokenCount": 140, "candidatesTokenCount": 10, "totalTokenCount": 150,
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 8}, {"modality": "IMAGE", "tokenCount": 2}]})));
    assert_eq!(tally.tokens(), Tokens { input: 240, cached: 0, output: 50, thoughts: 0, total: 290 });
    let shown = tally.shown();
    assert_eq!(shown.tokens(), Tokens { input: 100, cached: 0, output: 50, thoughts: 0, total: 150 });
    assert_eq!(tally.metadata().prompt_token_count, Some(240));
    assert_eq!(
        shown.candidates_modalities(),
        Some(Modalities { text: 48, image: 2, ..Modalities::default() })
    );
    let before = tally.tokens();
    tally.absorb_hop();
    assert_eq!(tally.tokens(), before);
    assert_eq!(tally.metadata().total_token_count, Some(290));
}

#[test]
fn what_is_shown_has_the_prompt_of_the_first_hop_and_all_output() {
    let mut tally = UsageTally::default();
    tally.absorb_hop();
    assert_eq!(tally.shown(), UsageMetadata::default(), "a hop that said nothing shows nothing");
    for (exclusive, prompt, answer) in [(true, 100, 10), (false, 140, 35), (true, 180, 10)] {
        let total = prompt + answer + if exclusive { 30 } else { 0 };
        tally.see(&usage(json!({
            "promptTokenCount": prompt, "cachedContentTokenCount": prompt - 50, "toolUsePromptTokenCount": 0,
            "candidatesTokenCount": answer, "thoughtsTokenCount": 30, "totalTokenCount": total,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}], "serviceTier": "flex",
        })));
        tally.absorb_hop();
    }
    let shown = tally.shown();
    assert_eq!(
        shown.tokens(),
        Tokens { input: 100, cached: 50, output: 40 + 35 + 40, thoughts: 90, total: 215 }
    );
    assert_eq!(shown.prompt_modalities().unwrap().text, 100);
    assert_eq!(tally.service_tier(), Some("flex"));
    assert_eq!(tally.tokens().input, 100 + 140 + 180, "billed is every prompt");
}

#[test]
fn modalities_by_name_and_number() {
    let read = |details: Value| usage(json!({"promptTokensDetails": details})).prompt_modalities();
    let details = json!([{"modality": "TEXT", "tokenCount": 3}, {"modality": "AUDIO", "tokenCount": 7},
        {"modality": 4, "tokenCount": 1}, {"modality": "SMELL", "tokenCount": 9}, {"modality": "IMAGE"}, 5]);
    assert_eq!(read(details), Some(Modalities { text: 3, audio: 8, ..Modalities::default() }));
    assert_eq!(read(json!("TEXT")), None);
    assert_eq!(UsageMetadata::default().prompt_modalities(), None);
}

#[test]
fn absurd_counts_do_not_overflow() {
    let most = u64::MAX;
    let details = json!([{"modality": "TEXT", "tokenCount": most}, {"modality": "TEXT", "tokenCount": most}]);
    let mut tally = UsageTally::default();
    for _ in 0..3 {
        tally.see(&usage(
            json!({"promptTokenCount": most, "toolUsePromptTokenCount": most, "thoughtsTokenCount": most,
            "candidatesTokenCount": most, "totalTokenCount": most, "promptTokensDetails": details}),
        ));
        tally.absorb_hop();
    }
    assert_eq!(tally.tokens().input, most);
    assert_eq!(tally.metadata().prompt_modalities().unwrap().text, most);
    assert_eq!(tally.shown().total_token_count, Some(most));
}
