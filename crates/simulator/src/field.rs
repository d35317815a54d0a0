//! The fields that a request may have, as a tree; anything else is E8 (wire.md §2.2–2.4, §9.1).
//!
//! Google reads proto JSON: camelCase and snake_case are both accepted, `null` is absent, and a single object passes
//! for a list of one. The walk rewrites all of that to plain camelCase, so that the rest of the simulator sees one form.

use serde_json::{Map, Value, json};

mod shape;

use self::shape::{BATCH_EMBED, COUNT, EMBED, Field, GENERATE, Shape};
use crate::refusal::Refusal;

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
            Field::Any => value,
            Field::One(shape) => self.message(shape, value, path),
            Field::Many(shape) => {
                let items = match value {
                    Value::Array(items) => items,
                    single => vec![single],
                };
                let numbered = items.into_iter().enumerate();
                numbered.map(|(at, item)| self.message(shape, item, &format!("{path}[{at}]"))).collect()
            }
            Field::Map(shape) => match value {
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
