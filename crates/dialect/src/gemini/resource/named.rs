//! Which things of a project a request names in its body.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::content::{Content, Part};
use super::super::request::GenerateContentRequest;
use super::{collection, file_of_uri};

/// How deep bodies are read.
const DEPTH: usize = 64;

/// What a request for content names: files, a cache, stores to search in.
pub fn named_by(request: &GenerateContentRequest) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let contents = request.contents.iter().flatten().chain(&request.system_instruction);
    contents.flat_map(Content::parts).for_each(|part| of_part(part, &mut names));
    names.extend(request.cached_content.as_deref().and_then(bound));
    for tool in request.tools.iter().flatten() {
        tool.extra.values().for_each(|tool| walk(tool, 0, &mut names));
    }
    names
}

fn of_part(part: &Part, names: &mut BTreeSet<String>) {
    let uri = part.file_data.as_ref().and_then(|file| file.file_uri.as_deref());
    names.extend(uri.and_then(file_of_uri));
    let result = part.function_response.as_ref().and_then(|response| response.parts.as_ref());
    result.into_iter().flatten().for_each(|part| of_part(part, names));
}

/// What any other body names, by the fields that Google reads names from.
pub fn named_in(body: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(body, 0, &mut names);
    names
}

fn walk(value: &Value, depth: usize, names: &mut BTreeSet<String>) {
    if depth > DEPTH {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                read(field, value, names);
                walk(value, depth + 1, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, depth + 1, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn read(field: &str, value: &Value, names: &mut BTreeSet<String>) {
    let field: String =
        field.chars().filter(|letter| *letter != '_').collect::<String>().to_ascii_lowercase();
    let texts: Vec<&str> = match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    for text in texts {
        let found = match field.as_str() {
            "fileuri" | "uri" | "filename" => file_of_uri(text),
            "cachedcontent" | "filesearchstorenames" => bound(text),
            _ => None,
        };
        names.extend(found);
    }
}

/// A full name, `cachedContents/abc`.
fn bound(text: &str) -> Option<String> {
    let (first, id) = text.split_once('/')?;
    collection(first).filter(|_| !id.is_empty())?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(names: &BTreeSet<String>) -> Vec<&str> {
        names.iter().map(String::as_str).collect()
    }

    #[test]
    fn a_request_for_content_names_files_caches_and_stores() {
        let request = json!({
            "systemInstruction": {"parts": [{"fileData": {"fileUri": "files/one"}}]},
            "contents": [
                {"parts": [{"text": "files/no"}, {"fileData": {"fileUri":
                    "https://generativelanguage.googleapis.com/v1beta/files/two"}}]},
                {"parts": [{"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}}]},
                {"parts": [{"functionResponse": {"name": "f", "parts": [{"fileData": {"fileUri": "files/three"}}]}}]},
            ],
            "cachedContent": "cachedContents/four",
            "tools": [{"fileSearch": {"fileSearchStoreNames": ["fileSearchStores/five"]}},
                {"functionDeclarations": [{"name": "f", "parameters": {"uri": "files/no"}}]}],
        });
        let request: GenerateContentRequest = serde_json::from_value(request).unwrap();
        let found = named_by(&request);
        let expected =
            ["cachedContents/four", "fileSearchStores/five", "files/one", "files/three", "files/two"];
        assert_eq!(names(&found), expected);
    }

    #[test]
    fn other_bodies_name_them_by_the_same_fields_in_either_spelling() {
        let body = json!({
            "input_config": {"file_name": "files/jsonl"},
            "cached_content": "cachedContents/c",
            "input": [{"type": "image", "uri": "https://generativelanguage.googleapis.com/v1beta/files/pic"},
                {"type": "text", "text": "files/no"}, {"type": "image", "uri": "https://example.com/x.png"}],
            "displayName": "files/no",
        });
        let found = named_in(&body);
        let expected = ["cachedContents/c", "files/jsonl", "files/pic"];
        assert_eq!(names(&found), expected);
    }
}
