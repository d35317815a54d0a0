//! Embeddings: OpenAI's request in Gemini's `batchEmbedContents`, and the answer back (`wire.md` §13.1).

use base64::Engine;
use serde_json::{Map, Value, json};

use super::error::ApiError;

/// Texts that Google takes in one request.
const AT_ONCE: usize = 100;
/// Texts of one request to us; OpenAI takes as many.
const MOST: usize = 2_048;

/// A request that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddingsRequest {
    /// The model, as the client named it.
    pub model: Option<String>,
    /// The texts, in order.
    pub inputs: Vec<String>,
    dimensions: Option<u64>,
    /// Vectors go out as base64, not as numbers.
    base64: bool,
    task: Option<String>,
    title: Option<String>,
}

impl EmbeddingsRequest {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// When it is none; the message names the field.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            ApiError::invalid("invalid_json", "body", format!("The body is not valid JSON: {error}."))
        })?;
        let Value::Object(fields) = body else {
            return Err(ApiError::invalid("invalid_json", "body", "The body must be a JSON object."));
        };
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ApiError::value(name, "must be a string.")),
        };
        let base64 = match text("encoding_format")?.as_deref() {
            None | Some("float") => false,
            Some("base64") => true,
            Some(_) => return Err(ApiError::value("encoding_format", "must be `float` or `base64`.")),
        };
        Ok(Self {
            model: text("model")?,
            inputs: inputs(fields.get("input"))?,
            dimensions: dimensions(&fields)?,
            base64,
            task: text("task_type")?,
            title: text("title")?,
        })
    }

    /// What is sent to Google: bodies of `batchEmbedContents`, each with the texts that go in it, counted.
    pub fn batches(&self, model: &str) -> Vec<(Value, &[String])> {
        let path = format!("models/{model}");
        let request = |text: &String| {
            let mut request = json!({"model": path, "content": {"parts": [{"text": text}]}});
            for (name, value) in [
                ("outputDimensionality", self.dimensions.map(Value::from)),
                ("taskType", self.task.clone().map(Value::from)),
                ("title", self.title.clone().map(Value::from)),
            ] {
                if let Some(value) = value {
                    request[name] = value;
                }
            }
            request
        };
        let bodies = self.inputs.chunks(AT_ONCE);
        bodies
            .map(|texts| (json!({"requests": texts.iter().map(request).collect::<Vec<_>>()}), texts))
            .collect()
    }

    /// The answer, from all vectors in order.
    pub fn answer(&self, vectors: Vec<Vec<f32>>, tokens: u64) -> Value {
        let data: Vec<Value> = vectors
            .into_iter()
            .enumerate()
            .map(|(index, vector)| {
                json!({"object": "embedding", "index": index, "embedding": self.write(&normalised(vector))})
            })
            .collect();
        json!({"object": "list", "data": data, "model": self.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})
    }

    fn write(&self, vector: &[f32]) -> Value {
        if !self.base64 {
            return json!(vector);
        }
        let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
        json!(base64::engine::general_purpose::STANDARD.encode(bytes))
    }
}

/// The vectors of one answer of Google's, none if it has none or a number is too large for one.
pub fn vectors(body: &[u8]) -> Option<Vec<Vec<f32>>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let rows = body["embeddings"].as_array()?.iter();
    #[expect(clippy::cast_possible_truncation, reason = "vectors are handed out in single precision")]
    let number = |value: &Value| value.as_f64().map(|value| value as f32).filter(|value| value.is_finite());
    rows.map(|row| row["values"].as_array()?.iter().map(number).collect::<Option<Vec<f32>>>()).collect()
}

/// At unit length, as OpenAI's are; Google shortens vectors without doing so.
fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    // The squares are added in double precision, where they cannot overflow.
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if length > f64::from(f32::EPSILON) && (length - 1.0).abs() > 1e-4 {
        for value in &mut vector {
            #[expect(clippy::cast_possible_truncation, reason = "vectors are handed out in single precision")]
            let at_unit_length = (f64::from(*value) / length) as f32;
            *value = at_unit_length;
        }
    }
    vector
}

fn inputs(input: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let texts = match input {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) if items.iter().any(|item| item.is_number() || item.is_array()) => {
            return Err(ApiError::value(
                "input",
                "token arrays cannot be turned back into text here; send strings (LangChain: `check_embedding_ctx_length=False`).",
            ));
        }
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .ok_or_else(|| ApiError::value("input", "must be a string or a list of strings."))?,
        Some(_) => return Err(ApiError::value("input", "must be a string or a list of strings.")),
        None => return Err(ApiError::missing("input", "Send a string or a list of strings.")),
    };
    if texts.is_empty() || texts.len() > MOST {
        return Err(ApiError::value("input", format!("must hold 1 to {MOST} texts.")));
    }
    match texts.iter().position(String::is_empty) {
        Some(at) => Err(ApiError::value(format!("input[{at}]"), "must not be empty.")),
        None => Ok(texts),
    }
}

fn dimensions(fields: &Map<String, Value>) -> Result<Option<u64>, ApiError> {
    match fields.get("dimensions") {
        None | Some(Value::Null) => Ok(None),
        Some(number) => match number.as_u64().filter(|number| (1..=3_072).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(ApiError::value("dimensions", "must be a whole number from 1 to 3072.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &Value) -> EmbeddingsRequest {
        EmbeddingsRequest::parse(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn many_texts_go_in_several_requests_and_keep_their_order() {
        let texts: Vec<String> = (0..250).map(|n| format!("text {n}")).collect();
        let request =
            parse(&json!({"model": "m", "input": texts, "dimensions": 768, "task_type": "RETRIEVAL_QUERY"}));
        let batches = request.batches("gemini-embedding-001");
        assert_eq!(batches.iter().map(|(_, texts)| texts.len()).collect::<Vec<_>>(), [100, 100, 50]);
        insta::assert_json_snapshot!(batches[2].0["requests"][49], @r###"
        {
          "model": "models/gemini-embedding-001",
          "content": {
            "parts": [
              {
                "text": "text 249"
              }
            ]
          },
          "outputDimensionality": 768,
          "taskType": "RETRIEVAL_QUERY"
        }
        "###);
    }

    #[test]
    fn vectors_are_numbers_or_bytes_and_of_length_one() {
        let told = vectors(br#"{"embeddings": [{"values": [3.0, 4.0]}, {"values": [1, 0]}]}"#).unwrap();
        let floats = parse(&json!({"model": "m", "input": ["a", "b"]})).answer(told.clone(), 7);
        assert_eq!(floats["data"][1]["embedding"], json!([1.0, 0.0]));
        let length: f64 = floats["data"][0]["embedding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap().powi(2))
            .sum();
        assert!((length - 1.0).abs() < 1e-6);
        assert_eq!(floats["usage"], json!({"prompt_tokens": 7, "total_tokens": 7}));
        let bytes = parse(&json!({"model": "m", "input": "a", "encoding_format": "base64"})).answer(told, 7);
        assert_eq!(bytes["data"][1]["embedding"], "AACAPwAAAAA=");
        assert_eq!(vectors(b"{}"), None);
    }

    /// Found by fuzzing: `null` stood in a vector, and noughts.
    #[test]
    fn numbers_of_any_size_stay_numbers() {
        assert_eq!(vectors(br#"{"embeddings": [{"values": [3.0, 1e300, 0.0]}]}"#), None);
        let large = vectors(br#"{"embeddings": [{"values": [3e30, 4e30]}]}"#).unwrap();
        let answer = parse(&json!({"model": "m", "input": "a"})).answer(large, 1);
        // How serde_json reads a fraction may differ in its last digit.
        let vector = answer["data"][0]["embedding"].as_array().unwrap();
        for (number, expected) in vector.iter().zip([0.6, 0.8]) {
            assert!((number.as_f64().unwrap() - expected).abs() < 1e-6, "{vector:?}");
        }
    }

    #[test]
    fn a_mistake_names_its_field() {
        for (body, field) in [
            (json!({}), "input"),
            (json!({"input": []}), "input"),
            (json!({"input": [1, 2]}), "input"),
            (json!({"input": [[1]]}), "input"),
            (json!({"input": ["a", ""]}), "input[1]"),
            (json!({"input": "a", "dimensions": 0}), "dimensions"),
            (json!({"input": "a", "encoding_format": "hex"}), "encoding_format"),
            (json!({"input": "a", "model": 7}), "model"),
        ] {
            let error = EmbeddingsRequest::parse(body.to_string().as_bytes()).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some(field)), "{body}");
        }
    }
}
