//! Images, audio, video, documents (R2, R3).

use serde_json::{Value, json};

use super::models::{gen3, gen25_flash};
use super::{chat, refused, sent, translate};

/// The first bytes of a PNG.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAA";
const JPEG: &str = "/9j/4AAQSkZJRgABAQAAAQAB";

fn user(parts: &Value) -> Value {
    chat(&json!([{ "role": "user", "content": parts }]))
}

fn image(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

/// The first part that is sent for a content part.
fn part(part: &Value) -> String {
    let translated = translate(&gen3(), &user(&json!([part]))).expect("a part that can be sent");
    serde_json::to_string(&translated.request.contents.unwrap()[0].parts()[0]).unwrap()
}

#[test]
fn r2_data_urls_in_all_odd_forms() {
    let url_safe = PNG.replace('+', "-").replace('/', "_");
    let forms = [
        format!("data:image/png;base64,{PNG}"),
        format!("data:;base64,{PNG}"),
        format!("data:application/octet-stream;base64,{PNG}"),
        format!("DATA:IMAGE/PNG;BASE64,{PNG}"),
        format!("data:image/png;charset=utf-8;base64,{PNG}"),
        format!(" data:image/png;base64, {}\n {} ", &PNG[..8], &PNG[8..]),
        format!("data:image/png;base64,{url_safe}"),
        format!("data:image%2Fpng;base64,{PNG}"),
        PNG.to_owned(),
    ];
    for form in forms {
        let expected = json!({ "inlineData": { "mimeType": "image/png", "data": PNG } });
        assert_eq!(part(&image(&form)), expected.to_string(), "{form}");
    }
    let jpeg = format!("data:image/jpg;base64,{}", JPEG.replace('/', "%2F"));
    insta::assert_snapshot!(part(&image(&jpeg)), @r#"{"inlineData":{"mimeType":"image/jpeg","data":"/9j/4AAQSkZJRgABAQAAAQAB"}}"#);
    insta::assert_snapshot!(part(&image("data:image/png;base64,iVBORw0KGgo")), @r#"{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}"#);
    insta::assert_snapshot!(part(&json!({ "type": "file", "file": { "file_data": "data:,Hi%20there" } })), @r#"{"inlineData":{"mimeType":"text/plain","data":"SGkgdGhlcmU="}}"#);
}

#[test]
fn r3_only_https_passes_and_is_not_fetched() {
    insta::assert_snapshot!(part(&image("https://a.example/b.JPG?x=1")), @r#"{"fileData":{"fileUri":"https://a.example/b.JPG?x=1","mimeType":"image/jpeg"}}"#);
    insta::assert_snapshot!(part(&image("https://a.example/b")), @r#"{"fileData":{"fileUri":"https://a.example/b"}}"#);
    insta::assert_snapshot!(part(&json!({ "type": "input_image", "image_url": "https://a.example/b.png" })), @r#"{"fileData":{"fileUri":"https://a.example/b.png","mimeType":"image/png"}}"#);
    let refusals = [
        "http://127.0.0.1/a.png",
        "file:///etc/passwd",
        "blob:https://a/b",
        "ftp://a/b",
        "https://a/b c",
        "data:image/png;base64",
        "data:image/png;base64,",
        "data:image/png;base64,!!!",
        "data:;base64,AAAA",
        "a.png",
    ];
    let all: Vec<String> = refusals.iter().map(|url| refused(&gen3(), &user(&json!([image(url)])))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    messages[0].content[0].image_url.url: http URLs are not fetched; use https, or send the bytes as a data URL.
    messages[0].content[0].image_url.url: a file on your machine cannot be read from here; send its bytes as a data URL.
    messages[0].content[0].image_url.url: this kind of URL is not supported; use https, or send the bytes as a data URL.
    messages[0].content[0].image_url.url: this kind of URL is not supported; use https, or send the bytes as a data URL.
    messages[0].content[0].image_url.url: the URL contains white space; percent-encode it.
    messages[0].content[0].image_url.url: a data URL needs a comma: data:image/png;base64,…
    messages[0].content[0].image_url.url: the data is empty.
    messages[0].content[0].image_url.url: the data is not valid base64; encode the raw bytes with the standard alphabet.
    messages[0].content[0].image_url.url: the media type is unknown; write data:image/png;base64,… instead.
    messages[0].content[0].image_url.url: neither a URL nor base64 of a known kind; use https or a data URL.
    "#);
}

#[test]
fn audio_video_and_documents() {
    let parts = [
        json!({ "type": "input_audio", "input_audio": { "data": "AAAA", "format": "wav" } }),
        json!({ "type": "input_audio", "input_audio": { "data": "AAAA", "format": "pcm16" } }),
        json!({ "type": "input_audio", "input_audio": { "data": "data:audio/x-wav;base64,AAAA", "format": "m4a" } }),
        json!({ "type": "file", "file": { "file_data": "AAAA", "filename": "a.csv" } }),
        json!({ "type": "file", "file": { "file_data": "AAAA" } }),
        json!({ "type": "file", "file": { "file_id": "files/abc" } }),
        json!({ "type": "file", "file": { "file_id": "https://generativelanguage.googleapis.com/v1beta/files/d" } }),
        json!({ "type": "input_file", "file_url": "https://a.example/b.pdf" }),
        json!({ "type": "video_url", "video_url": { "url": "https://www.youtube.com/watch?v=abc" },
                "video_metadata": { "fps": 2, "start_offset": "1s", "x": 1 } }),
        json!({ "type": "video_url", "video_url": "data:;base64,AAAA" }),
    ];
    let all: Vec<String> = parts.iter().map(part).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    {"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}
    {"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}
    {"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}
    {"inlineData":{"mimeType":"text/csv","data":"AAAA"}}
    {"inlineData":{"mimeType":"application/pdf","data":"AAAA"}}
    {"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc"}}
    {"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/d"}}
    {"fileData":{"fileUri":"https://a.example/b.pdf","mimeType":"application/pdf"}}
    {"fileData":{"fileUri":"https://www.youtube.com/watch?v=abc"},"videoMetadata":{"fps":2,"startOffset":"1s"}}
    {"inlineData":{"mimeType":"video/mp4","data":"AAAA"}}
    "#);
    let unknown = json!([{ "type": "input_audio", "input_audio": { "data": "AAAA", "format": "midi" } }]);
    insta::assert_snapshot!(refused(&gen3(), &user(&unknown)), @r#"messages[0].content[0].input_audio.format: unknown audio format "midi"; use wav, mp3, flac, ogg, opus, aac, m4a, aiff or pcm16."#);
}

#[test]
fn uploaded_files_bind_the_call_to_their_project() {
    let parts = json!([
        { "type": "file", "file": { "file_id": "files/abc" } },
        { "type": "file", "file": { "file_id": "abc" } },
        image("https://generativelanguage.googleapis.com/v1beta/files/def"),
    ]);
    let translated = translate(&gen3(), &user(&parts)).unwrap();
    assert_eq!(translated.hints.resources, ["files/abc", "files/def"]);
}

#[test]
fn detail_is_said_of_the_part_or_of_the_request() {
    let detailed =
        |detail| json!({ "type": "image_url", "image_url": { "url": "https://a/b.png", "detail": detail } });
    let body = user(
        &json!([{ "type": "text", "text": "?" }, detailed("low"), detailed("original"), detailed("auto")]),
    );
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"user: {"text":"?"} {"fileData":{"fileUri":"https://a/b.png","mimeType":"image/png"},"mediaResolution":{"level":"MEDIA_RESOLUTION_LOW"}} {"fileData":{"fileUri":"https://a/b.png","mimeType":"image/png"},"mediaResolution":{"level":"MEDIA_RESOLUTION_ULTRA_HIGH"}} {"fileData":{"fileUri":"https://a/b.png","mimeType":"image/png"}}"#);
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"?"} {"fileData":{"fileUri":"https://a/b.png","mimeType":"image/png"}} {"fileData":{"fileUri":"https://a/b.png","mimeType":"image/png"}} {"fileData":{"fileUri":"https://a/b.png","mimeType":"image/png"}}
    generationConfig: {"mediaResolution":"MEDIA_RESOLUTION_HIGH"}
    "#);
    insta::assert_snapshot!(refused(&gen3(), &user(&json!([detailed("blurry")]))), @r#"messages[0].content[0].image_url.detail: unknown detail "blurry"; use auto, low, medium, high or original."#);
}

#[test]
fn media_alone_gets_a_blank_text() {
    insta::assert_snapshot!(sent(&gen3(), &user(&json!([image("https://a/b.png")]))), @r#"user: {"fileData":{"fileUri":"https://a/b.png","mimeType":"image/png"}} {"text":" "}"#);
}

#[test]
fn images_an_assistant_showed_as_markdown_are_images_again() {
    let signed = json!({ "google": { "thought_signature": "c2ln" } });
    let shown = format!(
        "Look:\n![image](data:image/png;base64,{PNG})\nDone [1](data:x ![y](data:image/png;base64,!)"
    );
    let mut again = image(&format!("data:image/png;base64,{PNG}"));
    again["extra_content"] = signed;
    let body = chat(&json!([
        { "role": "user", "content": "Draw" },
        { "role": "assistant", "content": shown, "images": [again] },
        { "role": "user", "content": "Again" },
    ]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Draw"}
    model: {"text":"Look:\n"} {"thoughtSignature":"c2ln","inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAA"}} {"text":"\nDone [1](data:x ![y](data:image/png;base64,!)"}
    user: {"text":"Again"}
    "#);
}
