//! Embeddings: unit vectors that depend on the words alone.

use serde_json::{Value, json};

use crate::model::Model;
use crate::noise::{Dice, hash};
use crate::refusal::Refusal;
use crate::token;

/// The answer of embedContent or batchEmbedContents, and the tokens it read.
pub(crate) fn answer(model: &Model, action: &str, body: &Value) -> Result<(Value, u64), Refusal> {
    if action == "embedContent" {
        let (values, tokens) = embed(body)?;
        return Ok((with_usage(model, json!({ "embedding": { "values": values } }), tokens), tokens));
    }
    let requests = body["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    if requests.is_empty() {
        return Err(bad("* BatchEmbedContentsRequest.requests: requests is not specified\n"));
    }
    if requests.len() > 100 {
        return Err(bad("* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n"));
    }
    let path = format!("models/{}", model.id);
    if requests.iter().any(|request| request["model"].as_str() != Some(path.as_str())) {
        return Err(bad(
            "* BatchEmbedContentsRequest: model must be the same for all requests in the batch.\n",
        ));
    }
    let rows: Vec<(Vec<f64>, u64)> = requests.iter().map(embed).collect::<Result<_, _>>()?;
    let tokens = rows.iter().map(|(_, tokens)| tokens).sum();
    let embeddings: Vec<Value> = rows.iter().map(|(values, _)| json!({ "values": values })).collect();
    Ok((with_usage(model, json!({ "embeddings": embeddings }), tokens), tokens))
}

/// Only the newer model reports what it read (wire.md §13.1).
fn with_usage(model: &Model, mut reply: Value, tokens: u64) -> Value {
    if model.id != "gemini-embedding-001" {
        reply["usageMetadata"] = json!({"promptTokenCount": tokens, "promptTokenDetails": [{"modality": "TEXT", "tokenCount": tokens}]});
    }
    reply
}

fn embed(request: &Value) -> Result<(Vec<f64>, u64), Refusal> {
    let content = &request["content"];
    if content["parts"].as_array().is_none_or(Vec::is_empty) {
        return Err(bad("* EmbedContentRequest.content: contents.parts must not be empty.\n"));
    }
    let size = request["outputDimensionality"].as_u64().unwrap_or(3_072);
    if !(1..=3_072).contains(&size) {
        return Err(bad(
            "* EmbedContentRequest.output_dimensionality: output_dimensionality must be in the range [1, 3072].\n",
        ));
    }
    let values = vector(&content["parts"].to_string(), usize::try_from(size).unwrap_or(3_072));
    Ok((values, token::of_content(content).total()))
}

fn vector(words: &str, size: usize) -> Vec<f64> {
    let mut dice = Dice::new(hash(words.as_bytes()));
    let raw: Vec<f64> = (0..size)
        .map(|_| f64::from(u16::try_from(dice.roll() >> 48).unwrap_or(0)) / 32_768.0 - 1.0)
        .collect();
    let length = raw.iter().map(|value| value * value).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    raw.into_iter().map(|value| value / length).collect()
}

fn bad(message: &str) -> Refusal {
    Refusal::invalid(message).because("bad-request")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_unit_length_and_the_asked_size() {
        let model = crate::model::find("gemini-embedding-2").unwrap();
        let body =
            |size: u64| json!({"content": {"parts": [{"text": "abcd"}]}, "outputDimensionality": size});
        let (reply, tokens) = answer(model, "embedContent", &body(8)).unwrap();
        let values: Vec<f64> = reply["embedding"]["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap())
            .collect();
        assert_eq!((values.len(), tokens), (8, 1));
        assert!((values.iter().map(|value| value * value).sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(reply["usageMetadata"]["promptTokenCount"], 1);
        assert!(answer(model, "embedContent", &body(4_000)).is_err());
        assert!(answer(model, "batchEmbedContents", &json!({"requests": vec![body(8); 101]})).is_err());
    }
}
