//! Where a text ends up.

use serde_json::{Value, json};

use super::*;
use crate::model::Catalogue;

const PLACES: [Place; 3] = [Place::System, Place::UserPrefix, Place::UserSuffix];

fn inject(model: &str, request: &Value, injections: &[Injection<'_>]) -> Value {
    let capabilities = Catalogue::builtin().resolve(model, "2026-11-22").effective;
    let mut request: GenerateContentRequest = serde_json::from_value(request.clone()).unwrap();
    apply(&mut request, injections, &capabilities);
    serde_json::to_value(request).unwrap()
}

fn one(place: Place, text: &str) -> Injection<'_> {
    Injection { place, text }
}

/// A turn with an image, a tool call, and its result.
fn tool_loop() -> Value {
    let image = json!({ "inlineData": { "mimeType": "image/png", "data": "AAAA" } });
    json!({
        "systemInstruction": { "parts": [{ "text": "Be brief." }] },
        "contents": [
            { "role": "user", "parts": [image, { "text": "What is it?" }] },
            { "role": "model", "parts": [{ "functionCall": { "name": "look" }, "thoughtSignature": "sig" }] },
            { "role": "user", "parts": [{ "functionResponse": { "name": "look", "response": {} } }] },
        ],
    })
}

#[test]
fn each_place_and_nothing_else_changes() {
    let before = tool_loop();
    for place in PLACES {
        let after = inject("gemini-2.5-flash", &before, &[one(place, "Speak French.")]);
        let (path, index) = match place {
            Place::System => ("/systemInstruction/parts", 0),
            Place::UserPrefix => ("/contents/0/parts", 0),
            Place::UserSuffix => ("/contents/0/parts", 2),
        };
        let mut restored = after.clone();
        let parts = restored.pointer_mut(path).unwrap().as_array_mut().unwrap();
        let text = parts.remove(index)["text"].as_str().unwrap().to_owned();
        assert_eq!(text.trim(), "Speak French.");
        assert_eq!(restored, before, "{place:?}");
        let blank_line =
            if place == Place::UserSuffix { text.starts_with("\n\n") } else { text.ends_with("\n\n") };
        assert!(blank_line, "{text:?}");
    }
}

#[test]
fn what_stands_there_is_not_added_again() {
    for place in PLACES {
        let once = inject("gemini-2.5-flash", &tool_loop(), &[one(place, "Speak French.")]);
        assert_eq!(inject("gemini-2.5-flash", &once, &[one(place, " Speak French.\n")]), once, "{place:?}");
    }
}

#[test]
fn a_later_turn_is_told_in_the_same_message() {
    let mut first = tool_loop();
    first["contents"].as_array_mut().unwrap().truncate(1);
    for place in [Place::UserPrefix, Place::UserSuffix] {
        let injection = [one(place, "Speak French.")];
        let before = inject("gemini-2.5-flash", &first, &injection);
        let after = inject("gemini-2.5-flash", &tool_loop(), &injection);
        assert_eq!(before["contents"][0], after["contents"][0], "{place:?}");
    }
}

#[test]
fn the_operator_comes_before_the_user_everywhere() {
    for place in PLACES {
        let after = inject("gemini-2.5-flash", &tool_loop(), &[one(place, "first"), one(place, "second")]);
        let text = after.to_string();
        assert!(text.find("first").unwrap() < text.find("second").unwrap(), "{text}");
    }
}

#[test]
fn a_model_without_instructions_is_told_in_the_first_message() {
    let request = json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }] });
    let after = inject("gemma-3-27b-it", &request, &[one(Place::System, "Speak French.")]);
    assert_eq!(after["contents"][0]["parts"][0]["text"], "Speak French.\n\n");
    assert!(after.get("systemInstruction").is_none());
    let cached = json!({ "cachedContent": "cachedContents/1", "contents": request["contents"] });
    let after = inject("gemini-2.5-flash", &cached, &[one(Place::System, "Speak French.")]);
    assert_eq!(after["contents"][0]["parts"][0]["text"], "Speak French.\n\n");
    assert!(after.get("systemInstruction").is_none());
}

#[test]
fn where_nobody_speaks_nothing_is_added() {
    let silent = json!({ "contents": [{ "role": "user", "parts": [{ "text": " " }] },
        { "role": "model", "parts": [{ "text": "Hello" }] }] });
    for place in [Place::UserPrefix, Place::UserSuffix] {
        assert_eq!(inject("gemini-2.5-flash", &silent, &[one(place, "x")]), silent);
    }
    let plain = json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }] });
    assert_eq!(inject("gemini-2.5-flash", &plain, &[one(Place::System, " \n")]), plain);
    let system = inject("gemini-2.5-flash", &plain, &[one(Place::System, "x")]);
    assert_eq!(system["systemInstruction"]["parts"][0]["text"], "x");
    for place in PLACES {
        assert_eq!(inject("gemini-2.5-flash-preview-tts", &plain, &[one(place, "x")]), plain);
    }
}

#[test]
fn results_of_tools_stay_in_front_of_a_prefix() {
    let mixed = json!({ "contents": [{ "role": "user", "parts": [
        { "functionResponse": { "name": "look", "response": {} } }, { "text": "And now?" }] }] });
    let after = inject("gemini-2.5-flash", &mixed, &[one(Place::UserPrefix, "x")]);
    let parts = after["contents"][0]["parts"].as_array().unwrap();
    assert!(parts[0].get("functionResponse").is_some());
    assert_eq!(parts[1]["text"], "x\n\n");
}
