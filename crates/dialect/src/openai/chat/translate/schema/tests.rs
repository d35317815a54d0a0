//! JSON Schema as clients write it, and as Gemini takes it (R8).

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::simplify;

fn simple(schema: &Value) -> String {
    let once = simplify(schema);
    assert_eq!(simplify(&once), once, "twice is once");
    once.to_string()
}

#[test]
fn r8_definitions_recursion_and_nullable() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "Tree",
        "additionalProperties": false,
        "required": ["kind", "ghost"],
        "properties": {
            "kind": { "const": "node" },
            "next": { "anyOf": [{ "$ref": "#/definitions/Tree", "description": "gone" }, { "type": "null" }] },
            "described": { "allOf": [{ "$ref": "#/$defs/Leaf" }], "description": "x", "default": null },
            "maybe": { "type": "STRING", "nullable": true },
            "any": true,
        },
        "$defs": { "Leaf": { "type": "string", "format": "email" } },
        "definitions": { "Tree": { "$ref": "#" } },
    });
    insta::assert_snapshot!(simple(&schema), @r##"{"type":"object","title":"Tree","additionalProperties":false,"properties":{"kind":{"type":"string","enum":["node"]},"next":{"anyOf":[{"$ref":"#/$defs/Tree"},{"type":"null"}]},"described":{"$ref":"#/$defs/Leaf"},"maybe":{"type":["string","null"]},"any":{}},"$defs":{"Leaf":{"type":"string","description":"format: email"},"Tree":{"$ref":"#"}},"required":["kind"]}"##);
}

#[test]
fn r8_all_of_is_merged() {
    let schema = json!({
        "allOf": [
            { "$ref": "#/$defs/A" },
            { "type": "object", "properties": { "b": { "type": "integer", "minimum": 3 } }, "required": ["b"] },
            { "properties": { "b": { "minimum": 5, "maximum": 9 } } },
        ],
        "$defs": { "A": { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] } },
    });
    insta::assert_snapshot!(simple(&schema), @r#"{"$defs":{"A":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}},"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","minimum":5,"maximum":9}},"required":["a","b"]}"#);
    let endless = json!({ "allOf": [{ "$ref": "#" }, { "type": "object" }] });
    insta::assert_snapshot!(simple(&endless), @r#"{"type":"object"}"#);
}

#[test]
fn r8_what_gemini_does_not_honour_is_told() {
    let schemas = [
        json!({ "type": "string", "pattern": "^a$", "minLength": 1, "maxLength": 5, "description": "Code." }),
        json!({ "type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "minimum": -5 }),
        json!({ "type": "integer", "exclusiveMinimum": true, "minimum": 4 }),
        json!({ "type": "number", "exclusiveMinimum": 0.5, "multipleOf": 0.1 }),
        json!({ "type": "string", "format": "date-time" }),
        json!({ "type": "string", "format": "uri", "default": "x" }),
        json!({ "type": "array", "items": [{ "type": "string" }, false], "uniqueItems": true, "minItems": 1 }),
        json!({ "type": ["string", "null"], "enum": ["a", null] }),
        json!({ "enum": [1, 2] }),
        json!({ "enum": ["a", 1, true] }),
        json!({ "type": "string", "enum": [1, 2] }),
        json!({ "const": true }),
        json!({ "enum": [{ "a": 1 }] }),
        json!({ "const": null }),
        json!({ "type": "object", "not": {}, "if": {}, "then": {}, "patternProperties": {}, "required": ["a"] }),
        json!({ "type": "file", "anyOf": [], "properties": 5, "minItems": -1, "title": 5 }),
        json!({ "$ref": "https://elsewhere", "type": "string" }),
        json!(true),
        json!("nonsense"),
    ];
    let all: Vec<String> = schemas.iter().map(simple).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    {"type":"string","description":"Code. (pattern: ^a$; minLength: 1; maxLength: 5)"}
    {"type":"integer","minimum":1,"maximum":9}
    {"type":"integer","minimum":5}
    {"type":"number","description":"multipleOf: 0.1; greater than 0.5"}
    {"type":"string","format":"date-time"}
    {"type":"string","description":"default: x; format: uri"}
    {"type":"array","prefixItems":[{"type":"string"},{}],"minItems":1,"description":"uniqueItems: true"}
    {"type":["string","null"],"enum":["a"]}
    {"type":"integer","enum":[1,2]}
    {"type":"string","enum":["a","1","true"]}
    {"type":"string","enum":["1","2"]}
    {"type":"boolean","description":"one of: true"}
    {"description":"one of: {\"a\":1}"}
    {"type":"null"}
    {"type":"object"}
    {}
    {"type":"string"}
    {}
    {}
    "#);
}

#[test]
fn a_deep_schema_is_cut_off() {
    let mut schema = json!({ "type": "string" });
    for _ in 0..400 {
        schema = json!({ "type": "array", "items": schema });
    }
    assert!(simple(&schema).len() < 5_000);
}

#[test]
fn copies_of_references_stay_few() {
    let mut defs = Map::new();
    for i in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/d{}", i + 1) });
        defs.insert(format!("d{i}"), json!({ "type": "object", "allOf": [next, next] }));
    }
    let schema = json!({ "type": "object", "allOf": [{ "$ref": "#/$defs/d0" }], "$defs": defs });
    assert!(simple(&schema).len() < 20_000);
}

fn schema() -> impl Strategy<Value = Value> {
    const KEYS: &str = "type properties required items prefixItems anyOf oneOf allOf enum const $ref $defs \
        definitions nullable minimum maximum exclusiveMinimum exclusiveMaximum minItems pattern \
        format default description title additionalProperties not $id";
    const WORDS: &[&str] = &[
        "string",
        "integer",
        "number",
        "object",
        "array",
        "null",
        "#",
        "#/$defs/a",
        "#/definitions/a",
        "a",
        "date",
        "",
    ];
    let keys = || prop::sample::select(KEYS.split(' ').collect::<Vec<_>>());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let key = prop_oneof![8 => keys().prop_map(str::to_owned), 1 => Just("a".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|entries| Value::Object(Map::from_iter(entries))),
        ]
    })
}

proptest! {
    #[test]
    fn any_schema_is_taken_and_twice_is_once(schema in schema()) {
        let once = simplify(&schema);
        prop_assert_eq!(simplify(&once), once);
    }
}
