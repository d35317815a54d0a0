//! Bodies that are read, and bodies that are not.

use super::ChatRequest;

fn refusal(body: &[u8]) -> String {
    let error = ChatRequest::parse(body).expect_err("a body that is refused");
    assert_eq!(error.status, 400);
    format!("{} {}", error.code.unwrap_or("-"), error.message)
}

#[test]
fn what_is_wrong_with_a_body_is_said() {
    let deep = format!(r#"{{"messages":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 9] = [
        b"",
        b"  \n",
        b"{\"model\": }",
        b"{\"model\": \"m\",\n \"messages\": [",
        b"[1]",
        b"{\"model\":\"m\"}",
        b"{\"model\":\"m\",\"messages\":[]}",
        b"{\"model\":5,\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}",
        deep.as_bytes(),
    ];
    let all: Vec<String> = bodies.iter().map(|body| refusal(body)).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    invalid_value The body is empty; expected a JSON object with `model` and `messages`.
    invalid_value The body is empty; expected a JSON object with `model` and `messages`.
    invalid_value The body is not valid JSON: expected value at line 1 column 11.
    invalid_value The body is not valid JSON: EOF while parsing a list at line 2 column 14.
    invalid_value The body is a list; expected an object.
    missing_required_parameter messages: missing. Send at least one message.
    invalid_value messages: the list is empty; send at least one message.
    invalid_value model: expected a string, got a number.
    invalid_value The body is nested deeper than 128 levels (line 1, column 139); flatten it.
    "#);
    assert!(refusal(b"{\"model\":\"\xff\"}").contains("not valid JSON"));
}

#[test]
fn the_model_may_come_later() {
    let body = b"\xef\xbb\xbf{\"model\":null,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    let mut request = ChatRequest::parse(body).unwrap();
    assert_eq!(request.model(), None);
    let error = request.require_model().unwrap_err();
    assert_eq!((error.code, error.param.as_deref()), (Some("missing_required_parameter"), Some("model")));
    request.default_model("gemini-x");
    assert_eq!(request.require_model().unwrap(), "gemini-x");
}

#[test]
fn accessors() {
    let body = br#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"n":2,"messages":[
        {"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"","function":{"name":"f"}}]},
        {"role":"assistant","tool_calls":[{"id":"b__thought__c2ln","type":"function","function":{"name":"f"}}]}]}"#;
    let request = ChatRequest::parse(body).unwrap();
    assert!(request.stream() && request.include_usage());
    assert_eq!(request.n(), 2);
    assert_eq!(request.call_ids(), ["a", "b"]);
}

#[test]
fn a_hostile_markdown_text_is_read_quickly() {
    let text = "![](data:image/png;base64,".repeat(20_000) + &"[](data:x".repeat(20_000);
    let body = serde_json::json!({ "messages": [{ "role": "assistant", "content": text }] });
    let request = ChatRequest::parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(request.messages.len(), 1);
}
