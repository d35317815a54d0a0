//! Requests that make no sense get an answer all the same.

use serde_json::{Value, json};

use crate::bed::{Bed, FLASH};

/// A small generator, so that failures repeat.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }
}

fn good() -> Value {
    json!({
        "contents": [
            {"role": "user", "parts": [{"text": "call ping parallel:2 words:5"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "ping", "args": {}, "id": "1"}, "thoughtSignature": "AAAA"}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "ping", "id": "1", "response": {"output": 1}}}]},
        ],
        "systemInstruction": {"parts": [{"text": "x"}]},
        "tools": [{"functionDeclarations": [{"name": "ping", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "INTEGER", "maximum": 3}}}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["ping"]}},
        "generationConfig": {"maxOutputTokens": 50, "stopSequences": ["z"], "candidateCount": 1, "seed": 1, "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object", "properties": {"b": {"type": "array", "items": {"enum": [1]}}}},
            "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "LOW"}},
        "continuationToken": "AAAA",
    })
}

fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, child)| pointers(child, &format!("{at}/{}", name.replace('/', "~1")), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, child)| pointers(child, &format!("{at}/{index}"), found)),
        _ => {}
    }
}

fn spoiled(dice: &mut Dice) -> Value {
    let junk = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(0.5),
        json!(""),
        json!("\u{1f600}%00"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({"$ref": "#"}),
        json!(["a", 1]),
        json!({"text": "words:9"}),
        json!(u64::MAX),
        json!("9223372036854775808"),
    ];
    let mut body = good();
    for _ in 0..=dice.below(3) {
        let mut places = Vec::new();
        pointers(&body, "", &mut places);
        let place = &places[dice.below(places.len())];
        *body.pointer_mut(place).unwrap() = junk[dice.below(junk.len())].clone();
    }
    body
}

#[tokio::test]
async fn spoiled_requests_get_200_or_4xx_and_never_a_broken_connection() {
    let bed = Bed::roomy().await;
    let mut dice = Dice(7);
    let mut refused = 0;
    for round in 0..600 {
        let body = spoiled(&mut dice);
        let model = [FLASH, "gemini-2.5-flash", "gemini-4-argon", "gemini-3.1-flash-image"][round % 4];
        let action = ["generateContent", "streamGenerateContent?alt=sse", "countTokens"][round % 3];
        let path = format!("/v1beta/models/{model}:{action}");
        let key = bed.key(0);
        let fault = ["", "finish-first", "safety", "shrinking-usage", "big-image"][round % 5];
        let request = bed.request("POST", &path, &[("x-goog-api-key", &key), ("x-sim-fault", fault)], &body);
        let reply = bed.send(request).await.unwrap_or_else(|error| panic!("{error}: {path} {body}"));
        assert!(
            reply.complete && matches!(reply.status, 200 | 400 | 403 | 404 | 429),
            "{} {path} {body}",
            reply.status
        );
        refused += u32::from(reply.status == 400);
    }
    assert!(refused > 100, "{refused}");
}
