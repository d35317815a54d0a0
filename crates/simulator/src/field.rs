//! The fields that a request may have, as a tree; anything else is E8 (wire.md §2.2–2.4, §9.1).
//!
//! Google reads proto JSON: camelCase and snake_case are both accepted, `null` is absent, and a single object passes
//! for a list of one. The walk rewrites all of that to plain camelCase, so that the rest of the simulator sees one form.

use serde_json::{Map, Value, json};

use crate::refusal::Refusal;

/// What may stand under a name.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// Anything; kept as it is.
    Any,
    /// One message.
    One(&'static Shape),
    /// A list of messages.
    Many(&'static Shape),
    /// A map from free names to messages.
    Map(&'static Shape),
}

/// The fields of a message.
#[derive(Debug)]
struct Shape(&'static [(&'static str, Field)]);

use Field::{Any, Many, Map as MapOf, One};

static GENERATE: Shape = Shape(&[
    ("model", Any),
    ("contents", Many(&CONTENT)),
    ("systemInstruction", One(&CONTENT)),
    ("tools", Many(&TOOL)),
    ("toolConfig", One(&TOOL_CONFIG)),
    ("safetySettings", Many(&SAFETY)),
    ("cachedContent", Any),
    ("labels", Any),
    ("serviceTier", Any),
    ("store", Any),
    ("continuationToken", Any),
    ("generationConfig", One(&GENERATION_CONFIG)),
]);

static COUNT: Shape = Shape(&[("contents", Many(&CONTENT)), ("generateContentRequest", One(&GENERATE))]);

static EMBED: Shape = Shape(&[
    ("model", Any),
    ("content", One(&CONTENT)),
    ("taskType", Any),
    ("title", Any),
    ("outputDimensionality", Any),
    ("autoTruncate", Any),
    ("embedContentConfig", Any),
]);

static BATCH_EMBED: Shape = Shape(&[("requests", Many(&EMBED))]);

static CONTENT: Shape = Shape(&[("role", Any), ("parts", Many(&PART))]);

static PART: Shape = Shape(&[
    ("text", Any),
    ("inlineData", One(&BLOB)),
    ("fileData", One(&FILE)),
    ("functionCall", One(&CALL)),
    ("functionResponse", One(&RESPONSE)),
    ("executableCode", One(&Shape(&[("id", Any), ("language", Any), ("code", Any)]))),
    ("codeExecutionResult", One(&Shape(&[("id", Any), ("outcome", Any), ("output", Any)]))),
    ("toolCall", One(&Shape(&[("id", Any), ("toolType", Any), ("args", Any)]))),
    ("toolResponse", One(&Shape(&[("id", Any), ("toolType", Any), ("response", Any)]))),
    ("thought", Any),
    ("thoughtSignature", Any),
    ("videoMetadata", Any),
    ("mediaResolution", Any),
    ("mediaProcessing", Any),
    ("partMetadata", Any),
    ("speechMetadata", Any),
    ("documentMetadata", Any),
    ("spreadsheetMetadata", Any),
    ("audioMetadata", Any),
    ("audioTranscription", Any),
]);

static BLOB: Shape = Shape(&[("mimeType", Any), ("data", Any), ("displayName", Any)]);
static FILE: Shape = Shape(&[("mimeType", Any), ("fileUri", Any), ("displayName", Any)]);
static CALL: Shape = Shape(&[("id", Any), ("name", Any), ("args", Any)]);
static RESPONSE: Shape = Shape(&[
    ("id", Any),
    ("name", Any),
    ("response", Any),
    ("parts", Many(&Shape(&[("inlineData", One(&BLOB)), ("fileData", One(&FILE))]))),
    ("willContinue", Any),
    ("scheduling", Any),
]);

static TOOL: Shape = Shape(&[
    ("functionDeclarations", Many(&DECLARATION)),
    ("googleSearch", Any),
    ("googleSearchRetrieval", Any),
    ("googleMaps", Any),
    ("urlContext", Any),
    ("codeExecution", Any),
    ("computerUse", Any),
    ("fileSearch", Any),
    ("mcpServers", Any),
]);

static DECLARATION: Shape = Shape(&[
    ("name", Any),
    ("description", Any),
    ("parameters", One(&SCHEMA)),
    ("parametersJsonSchema", Any),
    ("response", One(&SCHEMA)),
    ("responseJsonSchema", Any),
    ("behavior", Any),
]);

/// The OpenAPI subset: `$ref`, `const`, `oneOf` and their like are unknown here, unlike in the JSON Schema fields.
static SCHEMA: Shape = Shape(&[
    ("type", Any),
    ("format", Any),
    ("title", Any),
    ("description", Any),
    ("nullable", Any),
    ("enum", Any),
    ("items", One(&SCHEMA)),
    ("minItems", Any),
    ("maxItems", Any),
    ("properties", MapOf(&SCHEMA)),
    ("required", Any),
    ("minProperties", Any),
    ("maxProperties", Any),
    ("minimum", Any),
    ("maximum", Any),
    ("minLength", Any),
    ("maxLength", Any),
    ("pattern", Any),
    ("example", Any),
    ("default", Any),
    ("anyOf", Many(&SCHEMA)),
    ("propertyOrdering", Any),
    ("additionalProperties", Any),
]);

static TOOL_CONFIG: Shape = Shape(&[
    ("functionCallingConfig", One(&Shape(&[("mode", Any), ("allowedFunctionNames", Any)]))),
    ("retrievalConfig", One(&Shape(&[("latLng", Any), ("languageCode", Any)]))),
    ("includeServerSideToolInvocations", Any),
]);

static SAFETY: Shape = Shape(&[("category", Any), ("threshold", Any)]);

static GENERATION_CONFIG: Shape = Shape(&[
    ("temperature", Any),
    ("topP", Any),
    ("topK", Any),
    ("candidateCount", Any),
    ("maxOutputTokens", Any),
    ("stopSequences", Any),
    ("responseLogprobs", Any),
    ("logprobs", Any),
    ("presencePenalty", Any),
    ("frequencyPenalty", Any),
    ("seed", Any),
    ("responseMimeType", Any),
    ("responseSchema", One(&SCHEMA)),
    ("responseJsonSchema", Any),
    ("responseFormat", Any),
    ("responseModalities", Any),
    ("mediaResolution", Any),
    ("speechConfig", Any),
    (
        "thinkingConfig",
        One(&Shape(&[("includeThoughts", Any), ("thinkingBudget", Any), ("thinkingLevel", Any)])),
    ),
    ("imageConfig", One(&Shape(&[("aspectRatio", Any), ("imageSize", Any)]))),
    ("enableEnhancedCivicAnswers", Any),
    ("audioTranscriptionConfig", Any),
    ("translationConfig", Any),
]);

/// Checks a body for a method and rewrites it to camelCase.
pub(crate) fn canonical(method: &str, body: Value) -> Result<Value, Refusal> {
    let shape = match method {
        "countTokens" => &COUNT,
        "embedContent" => &EMBED,
        "batchEmbedContents" => &BATCH_EMBED,
        _ => &GENERATE,
    };
    let mut walk = Walk::default();
    let body = walk.message(shape, body, "");
    walk.finish(body)
}

#[derive(Default)]
struct Walk {
    violations: Vec<(String, String)>,
}

impl Walk {
    fn message(&mut self, shape: &Shape, value: Value, path: &str) -> Value {
        let fields = match value {
            Value::Object(fields) => fields,
            other => {
                self.wrong_type(path, &other);
                return json!({});
            }
        };
        let mut known = Map::new();
        for (name, value) in fields {
            if value.is_null() {
                continue;
            }
            let camel = to_camel(&name);
            match shape.0.iter().find(|(field, _)| *field == camel) {
                Some((_, field)) => {
                    let value = self.field(*field, value, &join(path, &to_snake(&camel)));
                    known.insert(camel, value);
                }
                None => self.unknown(path, &name),
            }
        }
        Value::Object(known)
    }

    fn field(&mut self, field: Field, value: Value, path: &str) -> Value {
        match field {
            Any => value,
            One(shape) => self.message(shape, value, path),
            Many(shape) => {
                let items = match value {
                    Value::Array(items) => items,
                    single => vec![single],
                };
                let numbered = items.into_iter().enumerate();
                numbered.map(|(at, item)| self.message(shape, item, &format!("{path}[{at}]"))).collect()
            }
            MapOf(shape) => match value {
                Value::Object(entries) => {
                    let walked = entries.into_iter().map(|(name, item)| {
                        let item = self.message(shape, item, &format!("{path}[{}].value", at_key(&name)));
                        (name, item)
                    });
                    Value::Object(walked.collect())
                }
                other => {
                    self.wrong_type(path, &other);
                    json!({})
                }
            },
        }
    }

    fn unknown(&mut self, path: &str, name: &str) {
        let at = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
        let text = format!("Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field.");
        self.violations.push((path.to_owned(), text));
    }

    fn wrong_type(&mut self, path: &str, value: &Value) {
        let text = format!("Invalid value at '{path}' (Map), {value}");
        self.violations.push((path.to_owned(), text));
    }

    fn finish(self, body: Value) -> Result<Value, Refusal> {
        if self.violations.is_empty() {
            return Ok(body);
        }
        let message: Vec<&str> = self.violations.iter().map(|(_, text)| text.as_str()).collect();
        let entries: Vec<Value> = self
            .violations
            .iter()
            .map(|(field, text)| json!({"field": field, "description": text}))
            .collect();
        let refusal = Refusal::invalid(&message.join("\n"));
        Err(refusal.with("BadRequest", json!({ "fieldViolations": entries })).because("unknown-field"))
    }
}

fn at_key(name: &str) -> String {
    format!("'{name}'")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn to_camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut up = false;
    for letter in name.chars() {
        if letter == '_' && !camel.is_empty() {
            up = true;
        } else if std::mem::take(&mut up) {
            camel.push(letter.to_ascii_uppercase());
        } else {
            camel.push(letter);
        }
    }
    camel
}

fn to_snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_null_and_single_objects_are_read_as_google_does() {
        let body =
            json!({"contents": {"parts": {"inline_data": {"mime_type": "a/b", "data": ""}}}, "tools": null});
        let plain = canonical("generateContent", body).unwrap();
        assert_eq!(
            plain,
            json!({"contents": [{"parts": [{"inlineData": {"mimeType": "a/b", "data": ""}}]}]})
        );
    }

    #[test]
    fn unknown_names_are_listed_with_their_place() {
        let body = json!({
            "messages": [],
            "generationConfig": {"max_tokens": 1},
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"properties": {"a": {"const": 1}}}}]}],
        });
        let refusal = canonical("generateContent", body).unwrap_err();
        insta::assert_snapshot!(refusal.json()["error"]["message"].as_str().unwrap(), @r#"
        Invalid JSON payload received. Unknown name "messages": Cannot find field.
        Invalid JSON payload received. Unknown name "max_tokens" at 'generation_config': Cannot find field.
        Invalid JSON payload received. Unknown name "const" at 'tools[0].function_declarations[0].parameters.properties['a'].value': Cannot find field.
        "#);
        assert_eq!(refusal.json()["error"]["details"][0]["fieldViolations"][1]["field"], "generation_config");
    }

    #[test]
    fn free_form_fields_keep_their_names() {
        let args = json!({"snake_case": null, "$ref": 1});
        let body = json!({"contents": [{"parts": [{"functionCall": {"name": "f", "args": args}}]}]});
        let plain = canonical("generateContent", body).unwrap();
        assert_eq!(plain["contents"][0]["parts"][0]["functionCall"]["args"], args);
    }
}
