//! The document as a page that needs no script.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// What stands around it; the style is that of the other plain pages.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
     content=\"width=device-width, initial-scale=1\"><title>Pollux API</title><link rel=\"stylesheet\" \
     href=\"page.css\"></head><body><main class=\"wide\">";

/// The page of a document.
pub(super) fn page(document: &Value) -> String {
    let version = document["info"]["version"].as_str().unwrap_or_default();
    let mut page = format!(
        "{HEAD}<h1>Pollux API</h1><p>Version {version}. The same for machines: <a href=\"openapi.json\">openapi.json</a>. \
         Chat, messages, responses and Gemini calls take a user key; the admin API takes the admin token.</p>"
    );
    for (tag, operations) in by_tag(document) {
        let _: std::fmt::Result = write!(page, "<h2>{}</h2>", escaped(tag));
        for (method, path, operation) in operations {
            one(&mut page, document, (method, path, operation));
        }
    }
    page.push_str("</main></body></html>\n");
    page
}

type Operation<'a> = (&'a str, &'a str, &'a Value);

fn by_tag(document: &Value) -> BTreeMap<&str, Vec<Operation<'_>>> {
    let mut tags: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            tags.entry(tag).or_default().push((method, path, operation));
        }
    }
    tags
}

fn one(page: &mut String, document: &Value, (method, path, operation): Operation<'_>) {
    let summary = operation["summary"].as_str().unwrap_or_default();
    let guard = operation["x-pollux-guard"].as_str().unwrap_or_default();
    let (method, path) = (method.to_ascii_uppercase(), escaped(path));
    let _: std::fmt::Result = write!(
        page,
        "<details><summary><code>{method} {path}</code> {}</summary><p>For: {guard}</p>",
        escaped(summary)
    );
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("<ul>");
        for parameter in parameters {
            let (name, place) = (&parameter["name"], &parameter["in"]);
            let words = parameter["description"].as_str().unwrap_or_default();
            let _: std::fmt::Result = write!(
                page,
                "<li><code>{}</code> ({}) {} <code>{}</code></li>",
                escaped(name.as_str().unwrap_or_default()),
                escaped(place.as_str().unwrap_or_default()),
                escaped(words),
                escaped(&parameter["schema"].to_string())
            );
        }
        page.push_str("</ul>");
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        schema(page, "Body", body);
    }
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let failure = answer["$ref"].as_str().and_then(|name| name.rsplit('/').next());
        let answer = failure.map_or(answer, |name| &document["components"]["responses"][name]);
        let said = answer["description"].as_str().unwrap_or_default();
        let _: std::fmt::Result = write!(page, "<p><code>{status}</code> {}", escaped(said));
        for (media, content) in answer["content"].as_object().into_iter().flatten() {
            let name = content["schema"]["$ref"].as_str().and_then(|name| name.rsplit('/').next());
            let _: std::fmt::Result =
                write!(page, " · <code>{}</code> {}", escaped(media), escaped(name.unwrap_or_default()));
        }
        page.push_str("</p>");
    }
    page.push_str("</details>");
}

fn schema(page: &mut String, title: &str, schema: &Value) {
    let text = serde_json::to_string_pretty(schema).unwrap_or_default();
    let _: std::fmt::Result = write!(page, "<p>{title}</p><pre>{}</pre>", escaped(&text));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_stays_text() {
        let document = json!({ "info": { "version": "1" }, "paths": { "/<b>": { "get": {
            "tags": ["<i>"], "summary": "a & b", "x-pollux-guard": "open", "responses": { "200": { "description": "\"" } },
        } } } });
        let page = page(&document);
        assert!(page.contains("GET /&lt;b&gt;") && page.contains("a &amp; b") && page.contains("&quot;"));
        assert!(!page.contains("<b>") && !page.contains("<i>"));
    }
}
