//! What takes its time: batches, and stores that read files in.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::file::Received;
use super::{Shelf, Thing, Told, Visitor, body, camel, iso, missing};
use crate::refusal::Refusal;
use crate::request::Call;

/// Begins a batch of requests.
pub(crate) fn batch(
    shelf: &mut Shelf,
    visitor: Visitor,
    (model, said): (&str, Value),
) -> Result<Value, Refusal> {
    let said = camel(said);
    let said = &said["batch"];
    let input = &said["inputConfig"];
    if let Some(file) = input["fileName"].as_str() {
        shelf.thing_mut(visitor, file)?;
    }
    let requests = input["requests"]["requests"].as_array().map(Vec::len);
    if requests.is_none() && !input["fileName"].is_string() {
        return Err(Refusal::invalid("* BatchGenerateContentRequest.batch.input_config: must be set\n"));
    }
    let name = format!("batches/{}", shelf.id(visitor));
    let value = json!({
        "name": name,
        "metadata": {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "model": format!("models/{model}"),
            "displayName": said["displayName"],
            "name": name,
            "createTime": iso(visitor.now_ms),
            "updateTime": iso(visitor.now_ms),
            "state": "BATCH_STATE_PENDING",
            "batchStats": {"requestCount": requests.unwrap_or(1).to_string()},
            "inputConfig": input,
        },
    });
    shelf.put(visitor, &name, Thing { value: value.clone(), ..Thing::default() });
    Ok(value)
}

pub(super) fn cancel(shelf: &mut Shelf, visitor: Visitor, id: &str) -> Result<Told, Refusal> {
    let thing = shelf.thing_mut(visitor, &format!("batches/{id}"))?;
    thing.value["metadata"]["state"] = json!("BATCH_STATE_CANCELLED");
    Ok(Told::json(&json!({})))
}

/// A batch is done when it has been asked for once.
pub(super) fn ripen(thing: &mut Thing) {
    if thing.value["metadata"]["state"] != "BATCH_STATE_PENDING" || thing.looks < 2 {
        return;
    }
    let name = thing.value["name"].as_str().unwrap_or_default().replace("batches/", "");
    let input = thing.value["metadata"]["inputConfig"].take();
    thing.value["metadata"]["state"] = json!("BATCH_STATE_SUCCEEDED");
    thing.value["done"] = json!(true);
    let requests = input["requests"]["requests"].as_array().cloned().unwrap_or_default();
    let output = if input["fileName"].is_string() {
        json!({ "responsesFile": format!("files/batch-{name}") })
    } else {
        let answers: Vec<Value> = requests
            .iter()
            .map(|request| json!({"response": answer(), "metadata": request["metadata"]}))
            .collect();
        json!({ "inlinedResponses": { "inlinedResponses": answers } })
    };
    thing.value["metadata"]["output"] = output.clone();
    thing.value["response"] = output;
}

/// The file in which a batch left its answers.
pub(super) fn results(visitor: Visitor, batch: &Value) -> Option<(String, Thing)> {
    let name = batch["response"]["responsesFile"].as_str()?;
    let bytes = Bytes::from(format!("{}\n", json!({"key": "1", "response": answer()})));
    let value = json!({"name": name, "mimeType": "application/jsonl", "state": "ACTIVE", "source": "GENERATED",
        "sizeBytes": bytes.len().to_string(), "createTime": iso(visitor.now_ms)});
    Some((name.to_owned(), Thing { value, bytes, ..Thing::default() }))
}

fn answer() -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Answered in a batch."}]},
        "finishReason": "STOP", "index": 0}]})
}

pub(super) fn create_store(shelf: &mut Shelf, visitor: Visitor, call: &Call) -> Result<Told, Refusal> {
    let said = body(call)?;
    let name = format!("fileSearchStores/{}", shelf.id(visitor));
    let store = json!({"name": name, "displayName": said["displayName"], "createTime": iso(visitor.now_ms),
        "updateTime": iso(visitor.now_ms)});
    shelf.put(visitor, &name, Thing { value: store.clone(), ..Thing::default() });
    Ok(Told::json(&store))
}

/// Reads a file that is there into a store.
pub(super) fn import(
    shelf: &mut Shelf,
    visitor: Visitor,
    (id, call): (&str, &Call),
) -> Result<Told, Refusal> {
    let said = body(call)?;
    let file = said["fileName"].as_str().unwrap_or_default();
    let display = shelf.thing_mut(visitor, file)?.value["displayName"].clone();
    let store = format!("fileSearchStores/{id}");
    shelf.thing_mut(visitor, &store)?;
    Ok(Told::json(&document(shelf, visitor, (&store, &display))))
}

/// Reads a file that has just come into a store.
pub(super) fn indexed(
    shelf: &mut Shelf,
    visitor: Visitor,
    (store, received): (&str, &Received<'_>),
) -> Value {
    let display = received.said["displayName"].clone();
    document(shelf, visitor, (store, &display))
}

fn document(shelf: &mut Shelf, visitor: Visitor, (store, display): (&str, &Value)) -> Value {
    let document = format!("{store}/documents/{}", shelf.id(visitor));
    let value = json!({"name": document, "displayName": display, "state": "STATE_ACTIVE",
        "createTime": iso(visitor.now_ms)});
    shelf.put(visitor, &document, Thing { value, ..Thing::default() });
    let name = format!("{store}/operations/{}", shelf.id(visitor));
    let operation =
        json!({"name": name, "done": true, "response": {"documentName": document, "parent": store}});
    shelf.put(visitor, &name, Thing { value: operation.clone(), ..Thing::default() });
    operation
}

pub(super) fn documents(shelf: &mut Shelf, visitor: Visitor, id: &str) -> Result<Told, Refusal> {
    let store = format!("fileSearchStores/{id}");
    shelf.thing_mut(visitor, &store).map_err(|_| missing(&store))?;
    let prefix = format!("{store}/documents/");
    let mine = shelf
        .things
        .iter()
        .filter(|((project, name), _)| *project == visitor.project && name.starts_with(&prefix));
    let documents: Vec<&Value> = mine.map(|(_, thing)| &thing.value).collect();
    Ok(Told::json(&json!({ "documents": documents })))
}
