//! Function calls: when, what, and what must come back.

use serde_json::{Value, json};
use simulator::{Options, Tier};

use crate::bed::{Bed, FLASH, NOON, say, text_of};

fn tools() -> Value {
    json!([{"functionDeclarations": [
        {"name": "get_weather", "description": "Weather of a city", "parametersJsonSchema": {"type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}}, "required": ["city", "unit"]}},
        {"name": "list_files", "parameters": {"type": "OBJECT", "properties": {"depth": {"type": "INTEGER", "minimum": 1, "maximum": 3}}, "required": ["depth"]}},
        {"name": "ping"},
    ]}])
}

fn ask(text: &str, mode: &str) -> Value {
    let mut body = say(text);
    body["tools"] = tools();
    body["toolConfig"] = json!({"functionCallingConfig": {"mode": mode}});
    body
}

fn parts(reply: &Value) -> Vec<Value> {
    reply["candidates"][0]["content"]["parts"].as_array().cloned().unwrap_or_default()
}

fn names(reply: &Value) -> String {
    let names: Vec<String> = parts(reply)
        .iter()
        .filter_map(|part| part["functionCall"]["name"].as_str().map(str::to_owned))
        .collect();
    names.join(" ")
}

/// Appends the model's turn and a result for each call.
fn answer_calls(body: &mut Value, reply: &Value) {
    let results: Vec<Value> = parts(reply)
        .iter()
        .map(|part| &part["functionCall"])
        .map(|call| json!({"functionResponse": {"name": call["name"], "id": call["id"], "response": {"output": 21}}}))
        .collect();
    let contents = body["contents"].as_array_mut().unwrap();
    contents.push(reply["candidates"][0]["content"].clone());
    contents.push(json!({"role": "user", "parts": results}));
}

#[tokio::test]
async fn the_text_and_the_mode_decide_what_is_called() {
    let bed = Bed::roomy().await;
    for (text, mode, expected) in [
        ("what a day", "AUTO", ""),
        ("please list files, then get_weather", "AUTO", "list_files get_weather"),
        ("how is the weather?", "AUTO", "get_weather"),
        ("上海的天气", "AUTO", "get_weather"),
        ("recall it basically", "AUTO", ""),
        ("use a tool", "VALIDATED", "get_weather"),
        ("what a day", "ANY", "get_weather"),
        ("get_weather", "NONE", ""),
        ("ping parallel:3", "AUTO", "ping ping ping"),
    ] {
        let reply = bed.generate(FLASH, &ask(text, mode)).await.json();
        assert_eq!(names(&reply), expected, "{text} {mode}");
    }
    let mut only = ask("anything", "ANY");
    only["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] = json!(["list_files"]);
    assert_eq!(names(&bed.generate(FLASH, &only).await.json()), "list_files");
}

#[tokio::test]
async fn gemini_3_calls_have_ids_and_one_signature() {
    let bed = Bed::roomy().await;
    let reply = bed.generate(FLASH, &ask("get_weather and list_files and ping", "AUTO")).await.json();
    let calls = parts(&reply);
    let args = &calls[0]["functionCall"]["args"];
    assert!(args["city"].is_string() && ["c", "f"].contains(&args["unit"].as_str().unwrap()));
    assert!((1..=3).contains(&calls[1]["functionCall"]["args"]["depth"].as_i64().unwrap()));
    assert!(calls[2]["functionCall"].get("args").is_none(), "a function without parameters has no args");
    assert!(calls.iter().all(|call| call["functionCall"]["id"].as_str().unwrap().len() == 8));
    let signed: Vec<bool> = calls.iter().map(|call| call["thoughtSignature"].is_string()).collect();
    assert_eq!(signed, [true, false, false]);
    let again = bed.generate(FLASH, &ask("get_weather and list_files and ping", "AUTO")).await.json();
    assert_ne!(
        parts(&again)[0]["functionCall"]["id"],
        calls[0]["functionCall"]["id"],
        "ids are unique per request"
    );
    assert_eq!(parts(&again)[0]["functionCall"]["args"], *args, "arguments are not");
}

#[tokio::test]
async fn streams_carry_one_call_per_event_and_finish_by_generation() {
    let bed = Bed::roomy().await;
    let body = ask("get_weather ping", "AUTO");
    let new = bed.stream(FLASH, &body).await.events();
    assert_eq!(new.len(), 3);
    assert_eq!(new[2]["candidates"][0]["content"]["parts"], json!([{"text": ""}]));
    assert_eq!(new[2]["candidates"][0]["finishReason"], "STOP");
    let old = bed.stream("gemini-2.5-flash", &body).await.events();
    assert_eq!(old.len(), 2);
    assert!(old[1]["candidates"][0]["content"]["parts"][0]["functionCall"].get("id").is_none());
    assert_eq!(old[1]["candidates"][0]["finishMessage"], "Model generated function call(s).");
}

#[tokio::test]
async fn a_loop_of_several_rounds_ends_in_an_answer_that_quotes_the_results() {
    let bed = Bed::roomy().await;
    let mut body = ask("get_weather steps:3 parallel:2", "AUTO");
    for round in 0..3 {
        let reply = bed.generate(FLASH, &body).await.json();
        assert_eq!(names(&reply), "get_weather get_weather", "round {round}");
        answer_calls(&mut body, &reply);
    }
    let reply = bed.generate(FLASH, &body).await.json();
    assert!(
        text_of(&[reply])
            .starts_with("get_weather returned {\"output\":21}; get_weather returned {\"output\":21}.")
    );
}

#[tokio::test]
async fn what_comes_back_is_checked() {
    let bed = Bed::roomy().await;
    let mut good = ask("ping parallel:2", "AUTO");
    let reply = bed.generate(FLASH, &good).await.json();
    answer_calls(&mut good, &reply);
    assert_eq!(bed.generate(FLASH, &good).await.status, 200);
    let edits: [(&str, &str, Value, &str); 6] = [
        (
            "/contents/1/parts/0/thoughtSignature",
            "drop",
            Value::Null,
            "is missing a thought_signature in functionCall parts.",
        ),
        ("/contents/1/parts/0/thoughtSignature", "set", json!("AAAA"), "Corrupted thought signature."),
        (
            "/contents/1/parts/0/functionCall/name",
            "set",
            json!("list_files"),
            "functionResponse.name does not match",
        ),
        (
            "/contents/2/parts/0/functionResponse/id",
            "set",
            json!("x"),
            "functionResponse.id does not match functionCall.id.",
        ),
        ("/contents/2/parts", "pop", Value::Null, "the number of function response parts is equal"),
        (
            "/contents/2/parts/0/functionResponse/bogus",
            "add",
            json!(1),
            "Unknown name \"bogus\" at 'contents[2].parts[0].function_response'",
        ),
    ];
    for (pointer, edit, value, words) in edits {
        let mut body = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match edit {
            "drop" => drop(body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name)),
            "pop" => drop(body.pointer_mut(pointer).unwrap().as_array_mut().unwrap().pop()),
            _ => body.pointer_mut(parent).unwrap()[name] = value,
        }
        let refused = bed.generate(FLASH, &body).await;
        assert_eq!(refused.status, 400, "{pointer}");
        assert!(refused.message().contains(words), "{pointer}: {}", refused.message());
    }
    for sentinel in ["skip_thought_signature_validator", "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="] {
        let mut body = good.clone();
        body["contents"][1]["parts"][0]["thoughtSignature"] = json!(sentinel);
        assert_eq!(bed.generate(FLASH, &body).await.status, 200, "{sentinel}");
    }
}

#[tokio::test]
async fn signatures_can_be_bound_to_their_project() {
    for bind_signatures in [false, true] {
        let options = Options {
            projects: 2,
            tier: Tier::Paid,
            clock_start: Some(NOON),
            bind_signatures,
            ..Options::default()
        };
        let bed = Bed::start(options).await;
        let mut body = ask("ping", "AUTO");
        let reply = bed.generate(FLASH, &body).await.json();
        answer_calls(&mut body, &reply);
        let path = format!("/v1beta/models/{FLASH}:generateContent");
        let elsewhere = bed.post(&path, &[("x-goog-api-key", &bed.key(1))], &body).await;
        assert_eq!(elsewhere.status, if bind_signatures { 400 } else { 200 });
    }
}
