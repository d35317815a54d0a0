//! Media of many kilobytes reach Google as they came, whatever surface they came by.

use serde_json::json;

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-3.8-flash";

/// A picture's first bytes, and a lot that follows them.
fn picture(length: usize) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let rest = (0..length).map(|n| alphabet[(n * n + n / 3) % 64]);
    "iVBORw0KGgoAAAANSUhEUgAA".chars().chain(rest).collect()
}

/// All inline data that Google saw last.
fn sent(bed: &Bed) -> Vec<String> {
    let state = bed.simulator.state();
    let request = &state["recent"].as_array().unwrap().last().unwrap()["body"];
    let parts = request["contents"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|content| content["parts"].as_array().unwrap());
    parts.filter_map(|part| part["inlineData"]["data"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn long_media_reach_google_as_they_came() {
    let bed = Plan::default().start().await;
    let (large, larger) = (picture(200_000), format!("{}QQ==", picture(300_000)));
    let url = |data: &str| format!("data:image/png;base64,{data}");
    let image = |data: &str| json!({"type": "image_url", "image_url": {"url": url(data)}});
    let chat = json!({"model": MODEL, "messages": [
        {"role": "user", "content": [image(&large), {"type": "text", "text": "Compare."}, image(&larger)]}]});
    let responses = json!({"model": MODEL, "store": false, "input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": url(&large)}, {"type": "input_text", "text": "Compare."},
        {"type": "input_image", "image_url": url(&larger)}]}]});
    let block = |data: &str| json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}});
    let anthropic = json!({"model": MODEL, "max_tokens": 100, "messages": [
        {"role": "user", "content": [block(&large), {"type": "text", "text": "Compare."}, block(&larger)]}]});
    let part = |data: &str| json!({"inlineData": {"mimeType": "image/png", "data": data}});
    let native =
        json!({"contents": [{"role": "user", "parts": [part(&large), {"text": "Compare."}, part(&larger)]}]});
    for (path, body) in [
        ("/v1/chat/completions".to_owned(), chat),
        ("/v1/responses".to_owned(), responses),
        ("/v1/messages".to_owned(), anthropic),
        (format!("/v1beta/models/{MODEL}:generateContent"), native),
    ] {
        let answer = bed.post(&path, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(sent(&bed), [large.as_str(), larger.as_str()], "{path}");
    }
    bed.stop().await;
}
