//! What each message asks for, and what each repair does to a request.

use serde_json::{Value, json};

use super::*;
use crate::model::Catalogue;

fn repaired(repair: Repair, model: &str, request: Value) -> Option<Value> {
    let mut request: GenerateContentRequest = serde_json::from_value(request).unwrap();
    let model = Catalogue::builtin().resolve(model, "2026-11-22").effective;
    apply(repair, &mut request, &model).then(|| serde_json::to_value(request).unwrap())
}

fn thinking(config: &Value) -> Value {
    json!({"generationConfig": {"thinkingConfig": config}})
}

#[test]
fn messages_name_their_repair() {
    let table = [
        ("Thinking level MINIMAL is not supported for this model.", Some(Repair::RaiseThinkingLevel)),
        ("Thinking level is unsupported: THINKING_LEVEL_MINIMAL", Some(Repair::RaiseThinkingLevel)),
        ("Budget 0 is invalid. This model only works in thinking mode.", Some(Repair::ClampThinkingBudget)),
        (
            "The thinking budget (40000) is invalid. Please choose a value between 128 and 32768.",
            Some(Repair::ClampThinkingBudget),
        ),
        ("Thinking is not enabled for models/gemini-nano-banana-2.1", Some(Repair::DropThinking)),
        ("Only one of thinking_budget and thinking_level may be set.", Some(Repair::SplitThinking)),
        ("Unable to submit request because it must have a text parameter.", Some(Repair::AddBlankText)),
        (
            "* GenerateContentRequest.contents: contents.parts must not be empty.",
            Some(Repair::DropEmptyContents),
        ),
        ("Penalty is not enabled for models/gemini-2.5-flash", Some(Repair::DropPenalties)),
        ("Multiple candidates is not enabled for this model", Some(Repair::SingleCandidate)),
        (
            "Unknown name \"id\" at 'contents[1].parts[0].function_call': Cannot find field.",
            Some(Repair::StripFunctionIds),
        ),
        ("functionResponse.id does not match functionCall.id", Some(Repair::EchoFunctionIds)),
        ("Function call is missing a thought_signature in functionCall parts.", Some(Repair::AddSentinels)),
        ("Invalid thought signature.", Some(Repair::ReplaceSignatures)),
        ("CORRUPTED thought signature.", Some(Repair::ReplaceSignatures)),
        ("Thought signature is not valid", Some(Repair::ReplaceSignatures)),
        (
            "Please ensure that the number of function response parts is equal to the number of function call parts",
            Some(Repair::NormaliseHistory),
        ),
        (
            "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
            Some(Repair::NormaliseHistory),
        ),
        ("Tool use with function calling is unsupported", Some(Repair::DropBuiltinTools)),
        ("Tool call context circulation is not enabled", Some(Repair::DropBuiltinTools)),
        (
            "Function calling with a response mime type: 'application/json' is unsupported",
            Some(Repair::DropJsonMode),
        ),
        (
            "Developer instruction is not enabled for models/gemma-3-27b-it",
            Some(Repair::FoldSystemInstruction),
        ),
        ("The specified schema produces a constraint that has too many states for serving.", None),
        ("Request contains an invalid argument.", None),
        ("Unknown name \"x\" at 'contents[1].parts[0].function_call'", None),
        ("Logprobs is not enabled for models/gemini-2.5-flash", None),
        ("", None),
    ];
    for (message, repair) in table {
        assert_eq!(Repair::recognise(message), repair, "{message}");
    }
}

#[test]
fn thinking_is_mended_by_model() {
    use Repair::{ClampThinkingBudget as Clamp, RaiseThinkingLevel as Raise, SplitThinking as Split};
    let table = [
        (
            Raise,
            "gemini-3.8-flash",
            json!({"thinkingLevel": "minimal"}),
            Some(json!({"thinkingLevel": "LOW"})),
        ),
        (
            Raise,
            "gemini-3-pro-image",
            json!({"thinkingLevel": "LOW"}),
            Some(json!({"thinkingLevel": "HIGH"})),
        ),
        (
            Raise,
            "gemini-3.8-flash",
            json!({"thinkingLevel": "XHIGH", "includeThoughts": true}),
            Some(json!({"includeThoughts": true})),
        ),
        (Raise, "gemini-2.5-pro", json!({"thinkingLevel": "LOW"}), Some(json!({}))),
        (Raise, "gemini-3.8-flash", json!({"thinkingBudget": 0}), None),
        (Clamp, "gemini-2.5-pro", json!({"thinkingBudget": 0}), Some(json!({"thinkingBudget": 128}))),
        (Clamp, "gemini-2.5-pro", json!({"thinkingBudget": 99_999}), Some(json!({"thinkingBudget": 32768}))),
        (
            Clamp,
            "gemini-2.5-flash-lite",
            json!({"thinkingBudget": 100}),
            Some(json!({"thinkingBudget": 512})),
        ),
        (Clamp, "gemini-2.5-flash", json!({"thinkingBudget": 1000}), Some(json!({}))),
        (Clamp, "gemini-3.8-flash", json!({"thinkingBudget": 0}), Some(json!({"thinkingLevel": "LOW"}))),
        (Clamp, "gemini-3.6-flash", json!({"thinkingBudget": 0}), Some(json!({"thinkingLevel": "MINIMAL"}))),
        (Clamp, "gemini-3.6-flash", json!({"thinkingBudget": 9000}), Some(json!({"thinkingLevel": "HIGH"}))),
        (Clamp, "gemini-3.6-flash", json!({"thinkingBudget": -1}), Some(json!({}))),
        (
            Split,
            "gemini-3.8-flash",
            json!({"thinkingBudget": 5, "thinkingLevel": "LOW"}),
            Some(json!({"thinkingLevel": "LOW"})),
        ),
        (
            Split,
            "gemini-2.5-pro",
            json!({"thinkingBudget": 500, "thinkingLevel": "LOW"}),
            Some(json!({"thinkingBudget": 500})),
        ),
        (Split, "gemini-2.5-pro", json!({"thinkingBudget": 500}), None),
    ];
    for (repair, model, config, mended) in table {
        let expected = mended.map(|config| thinking(&config));
        assert_eq!(repaired(repair, model, thinking(&config)), expected, "{repair:?} {model} {config}");
        assert_eq!(repaired(repair, model, json!({})), None);
    }
    let gone = repaired(Clamp, "gemini-2.5-flash-image", thinking(&json!({"thinkingBudget": 0})));
    assert_eq!(gone, Some(json!({"generationConfig": {}})));
}

#[test]
fn contents_config_and_tools_are_mended() {
    let media = json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}});
    let json_mode = json!({"generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}}});
    let said = "Answer with JSON only: no other text, no Markdown fence. The JSON must satisfy this schema: {\"type\":\"OBJECT\"}";
    let table = [
        (
            Repair::AddBlankText,
            json!({"contents": [{"parts": [media]}, {"parts": [{"text": ""}]}]}),
            json!({"contents": [{"parts": [media, {"text": " "}]}, {"parts": [{"text": " "}]}]}),
        ),
        (
            Repair::DropEmptyContents,
            json!({"contents": [{"role": "user"}, {"parts": []}, {"parts": [{}]}, {"parts": [{}, {"text": "a"}]}]}),
            json!({"contents": [{"parts": [{"text": "a"}]}]}),
        ),
        (
            Repair::DropPenalties,
            json!({"generationConfig": {"presencePenalty": 1, "frequency_penalty": 0.5, "seed": 7}}),
            json!({"generationConfig": {"seed": 7}}),
        ),
        (
            Repair::DropThinking,
            json!({"generationConfig": {"thinkingConfig": {"includeThoughts": true}, "seed": 7}}),
            json!({"generationConfig": {"seed": 7}}),
        ),
        (
            Repair::SingleCandidate,
            json!({"generationConfig": {"candidateCount": 3}}),
            json!({"generationConfig": {}}),
        ),
        (
            Repair::StripFunctionIds,
            json!({"contents": [{"parts": [{"functionCall": {"id": "a", "name": "f"}}, {"functionResponse": {"id": "a", "name": "f"}}]}]}),
            json!({"contents": [{"parts": [{"functionCall": {"name": "f"}}, {"functionResponse": {"name": "f"}}]}]}),
        ),
        (
            Repair::DropBuiltinTools,
            json!({"tools": [{"functionDeclarations": [], "urlContext": {}}, {"googleSearch": {}}], "toolConfig": {"includeServerSideToolInvocations": true}}),
            json!({"tools": [{"functionDeclarations": []}], "toolConfig": {}}),
        ),
        (
            Repair::DropJsonMode,
            json_mode,
            json!({"systemInstruction": {"parts": [{"text": said}]}, "generationConfig": {}}),
        ),
        (
            Repair::FoldSystemInstruction,
            json!({"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [{"role": "user", "parts": [{"text": "u"}]}]}),
            json!({"contents": [{"role": "user", "parts": [{"text": "s"}, {"text": "u"}]}]}),
        ),
        (
            Repair::FoldSystemInstruction,
            json!({"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [{"role": "model", "parts": []}]}),
            json!({"contents": [{"parts": [{"text": "s"}], "role": "user"}, {"role": "model", "parts": []}]}),
        ),
    ];
    for (repair, before, after) in table {
        assert_eq!(repaired(repair, "gemini-3.8-flash", before), Some(after.clone()), "{repair:?}");
        assert_eq!(repaired(repair, "gemini-3.8-flash", after.clone()), None, "{repair:?} twice");
    }
}

fn call(name: &str, signature: Option<&str>) -> Value {
    match signature {
        None => json!({"functionCall": {"name": name}}),
        Some(signature) => json!({"thoughtSignature": signature, "functionCall": {"name": name}}),
    }
}

fn model(parts: &[Value]) -> Value {
    json!({"role": "model", "parts": parts})
}

fn user(parts: &[Value]) -> Value {
    json!({"role": "user", "parts": parts})
}

fn result(name: &str) -> Value {
    json!({"functionResponse": {"name": name, "response": {"output": name}}})
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

fn history(turns: &[Value]) -> Value {
    json!({"contents": turns})
}

#[test]
fn sentinels_go_on_the_first_call_of_each_step_of_the_running_turn() {
    let before = history(&[
        user(&[text("old")]),
        model(&[call("old", None)]),
        user(&[result("old")]),
        user(&[text("go")]),
        model(&[text("t"), call("a", None), call("b", None)]),
        user(&[result("a"), result("b")]),
        model(&[call("c", Some("real"))]),
        user(&[result("c")]),
        model(&[call("d", Some(SENTINEL))]),
        user(&[result("d")]),
    ]);
    let once = repaired(Repair::AddSentinels, "gemini-3.8-flash", before.clone()).unwrap();
    let at = |value: &Value, turn: usize, part: usize| {
        value["contents"][turn]["parts"][part]["thoughtSignature"].clone()
    };
    assert_eq!(at(&once, 1, 0), Value::Null, "earlier turns are not checked");
    assert_eq!(at(&once, 4, 1), SENTINEL);
    assert_eq!(at(&once, 4, 2), Value::Null, "only the first of a parallel set");
    assert_eq!(at(&once, 6, 0), "real");
    assert_eq!(at(&once, 8, 0), SENTINEL_BASE64);
    let twice = repaired(Repair::AddSentinels, "gemini-3.8-flash", once).unwrap();
    assert_eq!(at(&twice, 4, 1), SENTINEL_BASE64);
    let thrice = repaired(Repair::AddSentinels, "gemini-3.8-flash", twice).unwrap();
    assert_eq!(at(&thrice, 1, 0), SENTINEL, "then the past");
}

#[test]
fn signatures_are_replaced_on_calls_and_dropped_elsewhere() {
    let signed = |text: &str| json!({"text": text, "thoughtSignature": "foreign"});
    let before = history(&[
        user(&[text("go")]),
        model(&[signed("thinking"), call("a", Some("foreign")), call("b", None), signed("")]),
    ]);
    let once = repaired(Repair::ReplaceSignatures, "gemini-3.8-flash", before).unwrap();
    let expected = history(&[
        user(&[text("go")]),
        model(&[text("thinking"), call("a", Some(SENTINEL)), call("b", None)]),
    ]);
    assert_eq!(once, expected);
    let twice = repaired(Repair::ReplaceSignatures, "gemini-3.8-flash", once).unwrap();
    assert_eq!(twice["contents"][1]["parts"][1], call("a", Some(SENTINEL_BASE64)));
    assert_eq!(repaired(Repair::ReplaceSignatures, "gemini-3.8-flash", twice), None);
}

#[test]
fn ids_are_echoed_on_both_sides() {
    let before = history(&[
        model(&[json!({"functionCall": {"id": "x", "name": "f"}}), call("g", None)]),
        user(&[result("g"), json!({"functionResponse": {"id": "wrong", "name": "f"}})]),
    ]);
    let after = repaired(Repair::EchoFunctionIds, "gemini-3.8-flash", before).unwrap();
    let parts = &after["contents"][1]["parts"];
    assert_eq!(parts[0]["functionResponse"]["id"], "call_0_1");
    assert_eq!(parts[1]["functionResponse"]["id"], "x");
    assert_eq!(repaired(Repair::EchoFunctionIds, "gemini-3.8-flash", after), None);
}

#[test]
fn history_is_rebuilt_in_the_strict_form() {
    let missing = json!({"functionResponse": {"name": "b", "response": {"error": "no result was provided"}}});
    let words = |name: &str| text(&format!("Result of the function {name}: {{\"output\":\"{name}\"}}"));
    let cases = [
        ("starts with the model", vec![model(&[text("hi")])], vec![user(&[text(" ")]), model(&[text("hi")])]),
        (
            "results in order, a missing one made up, text after them",
            vec![
                user(&[text("go")]),
                model(&[call("a", None)]),
                model(&[call("b", None), call("c", None)]),
                user(&[text("note"), result("c")]),
                json!({"role": "function", "parts": [result("a"), result("stranger")]}),
                model(&[text("done")]),
            ],
            vec![
                user(&[text("go")]),
                model(&[call("a", None), call("b", None), call("c", None)]),
                user(&[result("a"), missing.clone(), result("c")]),
                user(&[words("stranger"), text("note")]),
                model(&[text("done")]),
            ],
        ),
        (
            "open calls at the end go, what was said stays",
            vec![user(&[text("go")]), model(&[text("wait"), call("a", None)])],
            vec![user(&[text("go")]), model(&[text("wait")])],
        ),
        (
            "calls without any result",
            vec![user(&[text("go")]), model(&[call("b", None)]), user(&[text("next")])],
            vec![user(&[text("go")]), model(&[call("b", None)]), user(&[missing]), user(&[text("next")])],
        ),
        ("orphans become words", vec![user(&[result("a")]), user(&[])], vec![user(&[words("a")])]),
        (
            "odd roles",
            vec![
                json!({"role": "tool", "parts": [text("x")]}),
                json!({"role": "assistant", "parts": [text("y")]}),
            ],
            vec![user(&[text("x")]), model(&[text("y")])],
        ),
    ];
    for (name, before, after) in cases {
        let after = history(&after);
        assert_eq!(
            repaired(Repair::NormaliseHistory, "gemini-3.8-flash", history(&before)),
            Some(after),
            "{name}"
        );
    }
    let fine = history(&[
        user(&[text("go")]),
        model(&[call("a", None), result("a"), text("server side")]),
        user(&[text("more")]),
        model(&[call("a", Some("s"))]),
        user(&[result("a")]),
    ]);
    assert_eq!(repaired(Repair::NormaliseHistory, "gemini-3.8-flash", fine), None);
}
