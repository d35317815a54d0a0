//! The OpenAPI 3.1 document out of the routes and what is said of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::speaking;
use crate::http::about::{About, Answer};
use crate::http::{Guard, Mounted, admin, files, mounted, ops};

/// Every description, with the path that its surface is mounted at.
fn described() -> Vec<(String, About)> {
    let surfaces = [
        ("/v1", speaking::v1()),
        ("/v1beta", speaking::google()),
        ("/v1alpha", speaking::google()),
        ("/admin", admin::about()),
        ("", ops::about()),
        ("", speaking::pages()),
    ];
    let surfaces = surfaces.into_iter().map(|(prefix, abouts)| (prefix.to_owned(), abouts));
    let files = files().map(|(prefix, routes)| (prefix, speaking::passed(routes).collect()));
    let all = surfaces.chain(files);
    all.flat_map(|(prefix, abouts)| abouts.into_iter().map(move |about| (prefix.clone(), about))).collect()
}

/// The whole document.
pub(super) fn document() -> Value {
    let guards: BTreeMap<(String, String), Guard> = mounted()
        .into_iter()
        .map(|Mounted { method, path, guard }| ((path, method.to_string()), guard))
        .collect();
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    for (prefix, about) in described() {
        let path = format!("{prefix}{}", about.path);
        let Some(guard) = guards.get(&(path.clone(), about.method.to_string())) else { continue };
        for (name, schema) in &about.named {
            schemas.insert(name.clone(), json!(schema));
        }
        // axum answers the root of a nest without its slash.
        let shown = path.replace("{*", "{");
        let shown = shown.strip_suffix('/').filter(|shown| !shown.is_empty()).unwrap_or(&shown);
        let item = paths.entry(shown).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(about.method.as_str().to_ascii_lowercase(), operation(&path, &about, *guard));
        }
    }
    schemas.extend(admin::problem_schemas().into_iter().map(|(name, schema)| (name, json!(schema))));
    let responses = responses(&paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Pollux",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A gateway from OpenAI, Anthropic and Gemini clients to a pool of Gemini API keys.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas, "responses": responses, "securitySchemes": schemes() },
    })
}

fn schemes() -> Value {
    json!({
        "adminToken": { "type": "http", "scheme": "bearer", "description": "The admin token." },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "pollux_session",
            "description": "A console session; changes need the header `x-pollux-csrf` too.",
        },
        "userKey": { "type": "http", "scheme": "bearer", "description": "A key that Pollux issued, as OpenAI clients send it." },
        "anthropicKey": { "type": "apiKey", "in": "header", "name": "x-api-key", "description": "The same, as Anthropic clients send it." },
        "googleKey": { "type": "apiKey", "in": "header", "name": "x-goog-api-key", "description": "The same, as Gemini clients send it." },
    })
}

fn operation(path: &str, about: &About, guard: Guard) -> Value {
    let names: Vec<&str> = names(path).collect();
    let in_path = names.iter().map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } })
    });
    let in_query = about.queries.iter().map(|query| {
        json!({ "name": query.name, "in": "query", "description": query.words, "schema": query.schema })
    });
    let mut said = json!({
        "operationId": id(path, about),
        "tags": [about.tag],
        "summary": about.summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": answers(about, guard, !names.is_empty()),
    });
    if let Some(fields) = said.as_object_mut() {
        if let Some(body) = &about.body {
            let required = json!(body).get("required").is_some();
            fields.insert(
                "requestBody".to_owned(),
                json!({ "required": required, "content": { "application/json": { "schema": body } } }),
            );
        }
        let proofs = match guard {
            Guard::Open => json!([]),
            Guard::User => json!([{ "userKey": [] }, { "anthropicKey": [] }, { "googleKey": [] }]),
            Guard::Viewer | Guard::Admin | Guard::Sudo => json!([{ "adminToken": [] }, { "session": [] }]),
        };
        fields.insert("security".to_owned(), proofs);
        fields.insert("x-pollux-guard".to_owned(), json!(format!("{guard:?}").to_ascii_lowercase()));
    }
    said
}

/// What varies in a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|piece| {
        piece
            .strip_prefix('{')
            .and_then(|piece| piece.strip_suffix('}'))
            .map(|name| name.trim_start_matches('*'))
    })
}

/// `getAdminKeysId`.
fn id(path: &str, about: &About) -> String {
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = words.map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    });
    let method = about.method.as_str().to_ascii_lowercase();
    std::iter::once(method).chain(capital).collect()
}

fn answers(about: &About, guard: Guard, varies: bool) -> Value {
    let mut answers: BTreeMap<u16, Value> = BTreeMap::new();
    for Answer { status, media, schema } in &about.answers {
        let words = http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        let answer =
            answers.entry(*status).or_insert_with(|| json!({ "description": words.unwrap_or("OK") }));
        let (Some(media), Some(answer)) = (media, answer.as_object_mut()) else { continue };
        let content = answer.entry("content").or_insert_with(|| json!({}));
        // What a schema says of a stream, readers take for what it says of each event.
        let said = match schema {
            Some(schema) => json!({ "schema": schema }),
            None if *media == "text/event-stream" => json!({}),
            None => json!({ "schema": { "type": "string" } }),
        };
        if let Some(content) = content.as_object_mut() {
            content.insert((*media).to_owned(), said);
        }
    }
    for status in failures(about, guard, varies) {
        answers.entry(status).or_insert_with(|| failure(status, guard));
    }
    answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect::<Map<_, _>>().into()
}

/// What may go wrong.
fn failures(about: &About, guard: Guard, varies: bool) -> BTreeSet<u16> {
    let mut statuses: BTreeSet<u16> = about.failures.iter().copied().collect();
    match guard {
        Guard::Open => {}
        Guard::User => statuses.extend([400, 401, 403, 404, 408, 413, 422, 429, 503]),
        Guard::Viewer | Guard::Admin | Guard::Sudo => statuses.extend([401, 403, 429, 503]),
    }
    if varies {
        statuses.insert(404);
    }
    if varies || !about.queries.is_empty() {
        statuses.insert(422);
    }
    if about.body.is_some() {
        statuses.extend([400, 408, 413, 422, 503]);
    }
    statuses
}

/// A reference to a failure; each surface of models has its own envelope.
fn failure(status: u16, guard: Guard) -> Value {
    let kind = if guard == Guard::User { "Failure" } else { "Problem" };
    json!({ "$ref": format!("#/components/responses/{kind}{status}") })
}

/// The failures themselves.
fn responses(used: &Map<String, Value>) -> Value {
    let text = json!(used).to_string();
    let mut responses = Map::new();
    for piece in text.split("\"#/components/responses/").skip(1) {
        let Some((name, _)) = piece.split_once('"') else { continue };
        let status = name.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let status = status.parse().ok().and_then(|status| http::StatusCode::from_u16(status).ok());
        let words = status.and_then(|status| status.canonical_reason()).unwrap_or("Failed");
        let content = if name.starts_with("Failure") {
            json!({ "application/json": { "schema": { "type": "object" } } })
        } else {
            json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } })
        };
        responses.insert(name.to_owned(), json!({ "description": words, "content": content }));
    }
    responses.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

    #[test]
    fn what_is_mounted_is_described_and_nothing_else() {
        let mounted: BTreeSet<_> =
            mounted().into_iter().map(|route| format!("{} {}", route.method, route.path)).collect();
        let described: Vec<_> = described()
            .into_iter()
            .map(|(prefix, about)| format!("{} {prefix}{}", about.method, about.path))
            .collect();
        let once: BTreeSet<_> = described.iter().cloned().collect();
        assert_eq!(once.len(), described.len(), "a route is described twice");
        let undescribed: Vec<_> = mounted.difference(&once).collect();
        let unmounted: Vec<_> = once.difference(&mounted).collect();
        assert!(undescribed.is_empty(), "not described: {undescribed:?}");
        assert!(unmounted.is_empty(), "not mounted: {unmounted:?}");
    }

    #[test]
    fn every_reference_leads_somewhere_and_names_are_not_taken_twice() {
        let document = document();
        let mut seen: BTreeMap<String, Value> = BTreeMap::new();
        let mut twice = BTreeSet::new();
        for (_, about) in described() {
            for (name, schema) in about.named {
                let schema = json!(schema);
                let before = seen.entry(name.clone()).or_insert_with(|| schema.clone());
                if *before != schema {
                    twice.insert(name);
                }
            }
        }
        assert_eq!(
            twice,
            BTreeSet::new(),
            "names that two types have; `#[schema(as = …)]` gives one another"
        );
        let text = document.to_string();
        for piece in text.split("\"#/components/schemas/").skip(1) {
            let name = piece.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "nothing is called {name}");
        }
    }

    #[test]
    fn the_published_document_is_this_one() {
        let now = super::super::openapi();
        if std::env::var_os("POLLUX_BLESS").is_some() {
            std::fs::write(PAGE, now).unwrap();
        }
        let then = std::fs::read_to_string(PAGE).unwrap_or_default();
        assert!(then == now, "docs/openapi.json is not what the routes say; `make docs` rewrites it");
    }
}
