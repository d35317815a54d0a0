//! `GET /v1/models` and `/v1/models/{id}` (`wire.md` §13.6).

use serde::Serialize;

/// The list of models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelList {
    /// Always `list`.
    pub object: &'static str,
    /// The models a caller may use.
    pub data: Vec<ModelObject>,
}

impl ModelList {
    /// A list of these.
    pub fn new(data: Vec<ModelObject>) -> Self {
        Self { object: "list", data }
    }
}

/// One model. What follows `owned_by` is ours: many consoles read it, no client minds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelObject {
    /// The name to ask for, without `models/`.
    pub id: String,
    /// Always `model`.
    pub object: &'static str,
    /// Release in Unix seconds; 0 when not known.
    pub created: i64,
    /// Always `google`.
    pub owned_by: &'static str,
    /// The name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Prompt tokens at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u64>,
    /// Tokens of one answer at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// Whether it thinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<bool>,
    /// The day Google switches it off, `2027-05-07`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_date: Option<String>,
}

impl ModelObject {
    /// A model of which only the name is known; `models/` is taken off it.
    pub fn new(name: &str) -> Self {
        Self {
            id: name.strip_prefix("models/").unwrap_or(name).to_owned(),
            object: "model",
            created: 0,
            owned_by: "google",
            display_name: None,
            context_length: None,
            max_output_tokens: None,
            thinking: None,
            shutdown_date: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out() {
        let known = ModelObject {
            created: 1_700_000_000,
            display_name: Some("Tiny".to_owned()),
            context_length: Some(8192),
            max_output_tokens: Some(1024),
            thinking: Some(true),
            shutdown_date: Some("2027-05-07".to_owned()),
            ..ModelObject::new("models/gemini-tiny")
        };
        let list = ModelList::new(vec![known, ModelObject::new("gemini-bare")]);
        insta::assert_json_snapshot!(list, @r#"
            {
              "object": "list",
              "data": [
                {
                  "id": "gemini-tiny",
                  "object": "model",
                  "created": 1700000000,
                  "owned_by": "google",
                  "display_name": "Tiny",
                  "context_length": 8192,
                  "max_output_tokens": 1024,
                  "thinking": true,
                  "shutdown_date": "2027-05-07"
                },
                {
                  "id": "gemini-bare",
                  "object": "model",
                  "created": 0,
                  "owned_by": "google"
                }
              ]
            }
        "#);
    }
}
