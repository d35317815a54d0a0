//! What the model says, whole and in streams.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulator::{Options, Tier};

use crate::bed::{Bed, FLASH, NOON, say, say_with, text_of};

fn last(events: &[Value]) -> &Value {
    events.last().unwrap()
}

fn count(event: &Value, name: &str) -> u64 {
    event["usageMetadata"][name].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn a_stream_is_framed_as_google_frames_it() {
    let bed = Bed::roomy().await;
    let reply = bed.stream(FLASH, &say("hello")).await;
    let text = reply.text();
    assert_eq!(reply.headers["content-type"], "text/event-stream");
    assert_eq!(reply.headers["content-disposition"], "attachment");
    assert!(
        text.starts_with("data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"You said"),
        "{text}"
    );
    assert!(text.ends_with("\r\n\r\n") && !text.contains("[DONE]"));
    assert_eq!(text.matches("\r\n\r\n").count(), reply.events().len());
    let events = reply.events();
    assert!(events.len() >= 4);
    assert!(text_of(&events).contains("You said: \"hello\"."));
    assert!(
        events
            .iter()
            .all(|event| event["usageMetadata"]["promptTokenCount"] == 2 && event["modelVersion"] == FLASH)
    );
    let finished = &last(&events)["candidates"][0];
    assert_eq!(
        (&finished["finishReason"], &finished["content"]["parts"][0]["text"]),
        (&json!("STOP"), &json!(""))
    );
    assert!(finished["content"]["parts"][0]["thoughtSignature"].is_string());
}

#[tokio::test]
async fn whole_answers_and_streams_say_the_same() {
    let bed = Bed::roomy().await;
    for model in [FLASH, "gemini-2.5-flash", "gemma-4-31b-it"] {
        let body = say("tell me");
        let events = bed.stream(model, &body).await.events();
        let whole = bed.generate(model, &body).await.json();
        assert_eq!(text_of(&events), text_of(std::slice::from_ref(&whole)), "{model}");
        assert_eq!(last(&events)["usageMetadata"], whole["usageMetadata"], "{model}");
        let sum = count(&whole, "promptTokenCount")
            + count(&whole, "candidatesTokenCount")
            + count(&whole, "thoughtsTokenCount");
        assert_eq!(count(&whole, "totalTokenCount"), sum, "{model}");
    }
}

#[tokio::test]
async fn without_sse_a_stream_is_a_json_array() {
    let bed = Bed::roomy().await;
    let path = format!("/v1beta/models/{FLASH}:streamGenerateContent");
    let reply = bed.post(&path, &[("x-goog-api-key", &bed.key(0))], &say("hello")).await;
    assert!(reply.text().starts_with("[{\n") && reply.text().contains("\n,\r\n{"));
    let events: Vec<Value> = serde_json::from_slice(&reply.bytes).unwrap();
    assert!(text_of(&events).contains("hello"));
}

#[tokio::test]
async fn chinese_is_answered_in_chinese() {
    let bed = Bed::roomy().await;
    let text = text_of(&bed.stream(FLASH, &say("你好，世界")).await.events());
    assert!(text.starts_with("你说的是：“你好，世界”。"), "{text}");
}

#[tokio::test]
async fn limits_and_stops_end_an_answer() {
    let bed = Bed::roomy().await;
    let config = |config: Value| say_with("words:200", &json!({ "generationConfig": config }));
    let cut = bed.generate(FLASH, &config(json!({"maxOutputTokens": 60}))).await.json();
    assert_eq!(cut["candidates"][0]["finishReason"], "MAX_TOKENS");
    assert_eq!((count(&cut, "thoughtsTokenCount"), count(&cut, "candidatesTokenCount")), (24, 36));
    let starved = bed.generate(FLASH, &config(json!({"maxOutputTokens": 20}))).await.json();
    assert_eq!(starved["candidates"][0]["content"], json!({"role": "model"}));
    assert!(starved["usageMetadata"].get("candidatesTokenCount").is_none());
    let stopped = bed.generate(FLASH, &config(json!({"stopSequences": ["zzz", "11"]}))).await.json();
    let text = text_of(std::slice::from_ref(&stopped));
    assert!(
        stopped["candidates"][0]["finishReason"] == "STOP" && text.starts_with("1 ") && !text.contains("11"),
        "{text}"
    );
    let long = bed.generate(FLASH, &say("words:200")).await.json();
    assert_eq!(text_of(std::slice::from_ref(&long)).split_whitespace().count(), 200);
}

#[tokio::test]
async fn thoughts_are_shown_on_request_and_always_counted() {
    let bed = Bed::roomy().await;
    let config = |thinking: Value| say_with("hi", &json!({"generationConfig": {"thinkingConfig": thinking}}));
    let events =
        bed.stream(FLASH, &config(json!({"includeThoughts": true, "thinkingLevel": "high"}))).await.events();
    let thoughts = events
        .iter()
        .filter(|event| event["candidates"][0]["content"]["parts"][0]["thought"] == true)
        .count();
    assert_eq!((thoughts, count(last(&events), "thoughtsTokenCount")), (2, 48));
    let off = bed
        .generate("gemini-2.5-flash", &config(json!({"thinkingBudget": 0, "includeThoughts": true})))
        .await
        .json();
    assert_eq!(
        (
            count(&off, "thoughtsTokenCount"),
            off["candidates"][0]["content"]["parts"].as_array().unwrap().len()
        ),
        (0, 1)
    );
}

#[tokio::test]
async fn candidates_differ_and_interleave() {
    let bed = Bed::roomy().await;
    let body = say_with("hi", &json!({"generationConfig": {"candidateCount": 3}}));
    let whole = bed.generate("gemini-2.5-flash", &body).await.json();
    let texts: Vec<&str> = whole["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["content"]["parts"][0]["text"].as_str().unwrap())
        .collect();
    assert!(texts.len() == 3 && texts[0] != texts[1]);
    let events = bed.stream("gemini-2.5-flash", &body).await.events();
    let indices: Vec<u64> =
        events.iter().map(|event| event["candidates"][0]["index"].as_u64().unwrap()).take(4).collect();
    assert_eq!(indices, [0, 1, 2, 0]);
    let refused = bed.generate(FLASH, &body).await;
    assert_eq!(refused.message(), "Multiple candidates is not enabled for this model");
}

#[tokio::test]
async fn json_mode_satisfies_the_schema() {
    let bed = Bed::roomy().await;
    let schema = json!({"type": "object", "properties": {"colour": {"enum": ["red"]}, "size": {"$ref": "#/$defs/S"}},
        "required": ["size"], "$defs": {"S": {"type": "integer", "minimum": 4, "maximum": 4}}});
    let config =
        json!({"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema}});
    let events = bed.stream(FLASH, &say_with("hi", &config)).await.events();
    assert_eq!(
        serde_json::from_str::<Value>(&text_of(&events)).unwrap(),
        json!({"size": 4, "colour": "red"})
    );
    let config = json!({"generationConfig": {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["yes"]}}});
    assert_eq!(text_of(&[bed.generate(FLASH, &say_with("hi", &config)).await.json()]), "yes");
}

#[tokio::test]
async fn pictures_code_and_sources_are_parts_of_the_answer() {
    let bed = Bed::roomy().await;
    let image = bed
        .generate(
            "gemini-3.1-flash-image",
            &say_with("a star", &json!({"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}})),
        )
        .await
        .json();
    let part = &image["candidates"][0]["content"]["parts"][1];
    let png = STANDARD.decode(part["inlineData"]["data"].as_str().unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG") && part["thoughtSignature"].is_string());
    let code = bed.generate(FLASH, &say_with("hi", &json!({"tools": [{"codeExecution": {}}]}))).await.json();
    let parts = &code["candidates"][0]["content"]["parts"];
    assert_eq!(
        (&parts[0]["executableCode"]["language"], &parts[1]["codeExecutionResult"]["outcome"]),
        (&json!("PYTHON"), &json!("OUTCOME_OK"))
    );
    let events = bed
        .stream(FLASH, &say_with("双子座在哪里", &json!({"tools": [{"google_search": {}}]})))
        .await
        .events();
    let text = text_of(&events);
    let supports =
        last(&events)["candidates"][0]["groundingMetadata"]["groundingSupports"].as_array().unwrap().clone();
    assert!(supports.len() >= 2 && supports[0]["segment"].get("startIndex").is_none());
    for support in &supports {
        let at = |name: &str| usize::try_from(support["segment"][name].as_u64().unwrap_or(0)).unwrap();
        assert_eq!(
            text.get(at("startIndex")..at("endIndex")),
            support["segment"]["text"].as_str(),
            "byte offsets"
        );
    }
    assert_eq!(count(last(&events), "toolUsePromptTokenCount"), 134);
}

#[tokio::test]
async fn a_long_answer_goes_on_where_it_paused() {
    let options = Options { tier: Tier::Paid, clock_start: Some(NOON), hop_tokens: 50, ..Options::default() };
    let bed = Bed::start(options).await;
    let mut body = say("words:120");
    let (mut text, mut hops) = (String::new(), 0);
    loop {
        let reply = bed.generate("gemini-4-argon", &body).await.json();
        text.push_str(&text_of(std::slice::from_ref(&reply)));
        hops += 1;
        let candidate = &reply["candidates"][0];
        if candidate["finishReason"] == "STOP" {
            break;
        }
        assert_eq!(
            (&candidate["finishReason"], count(&reply, "candidatesTokenCount")),
            (&json!("CONTINUATION"), 50)
        );
        body["continuationToken"] = candidate["continuationToken"].clone();
    }
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert!(hops > 2 && text.split_whitespace().count() == 120, "{hops} {text}");
    assert_eq!(numbers, (0..12).map(|at| at * 10 + 1).collect::<Vec<_>>());
    body["contents"][0]["parts"][0]["text"] = json!("words:121");
    assert_eq!(bed.generate("gemini-4-argon", &body).await.message(), "Invalid continuation token.");
}

#[tokio::test]
async fn the_other_methods_answer() {
    let bed = Bed::roomy().await;
    let key = bed.key(0);
    let post = async |path: &str, body: &Value| bed.post(path, &[("x-goog-api-key", &key)], body).await;
    let tokens = post(&format!("/v1/models/{FLASH}:countTokens"), &say("abcdefgh")).await.json();
    assert_eq!(tokens["totalTokens"], 2);
    let one = json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "x"}]}, "outputDimensionality": 4});
    let batch =
        post("/v1beta/models/gemini-embedding-001:batchEmbedContents", &json!({"requests": [one, one]}))
            .await
            .json();
    assert_eq!(batch["embeddings"][1]["values"].as_array().unwrap().len(), 4);
    let first = bed.get("/v1beta/models?pageSize=20").await.json();
    let rest = bed
        .get(&format!("/v1beta/models?pageSize=20&pageToken={}", first["nextPageToken"].as_str().unwrap()))
        .await
        .json();
    assert!(first["models"].as_array().unwrap().len() == 20 && rest.get("nextPageToken").is_none());
    assert_eq!(
        bed.get("/v1beta/models/gemini-flash-latest").await.json()["name"],
        "models/gemini-flash-latest"
    );
    for (path, status, words) in [
        ("/v1/models/gemini-flash-latest", 404, "is not found for API version v1,"),
        ("/v1beta/models/gemini-2.0-flash", 404, "is no longer available"),
        ("/v1beta/nothing", 404, "<!DOCTYPE html>"),
    ] {
        let reply = bed.get(path).await;
        assert!(reply.status == status && reply.text().contains(words), "{path} {}", reply.text());
    }
    assert_eq!(post("/v1beta/models/gemini-embedding-001:generateContent", &say("x")).await.status, 404);
    let garbage = bed.generate(FLASH, &json!("{")).await;
    assert_eq!(garbage.status, 400);
}

#[tokio::test]
async fn a_conversation_seen_before_is_cached() {
    let options = Options { implicit_cache: true, clock_start: Some(NOON), ..Options::default() };
    let bed = Bed::start(options).await;
    let first = bed.generate(FLASH, &say("abcdefgh")).await.json();
    assert_eq!(count(&first, "cachedContentTokenCount"), 0);
    let mut body = say("abcdefgh");
    let turns = json!([{"role": "model", "parts": [{"text": "abcd"}]}, {"role": "user", "parts": [{"text": "abcd"}]}]);
    body["contents"].as_array_mut().unwrap().extend(turns.as_array().unwrap().clone());
    let second = bed.generate(FLASH, &body).await.json();
    assert_eq!((count(&second, "cachedContentTokenCount"), count(&second, "promptTokenCount")), (2, 4));
}
