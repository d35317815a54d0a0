//! Every schema that clients really send must get a value that a validator accepts.

use super::*;

/// A small validator, written against the keywords and not against the maker.
fn errors(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(pointer) = schema["$ref"].as_str() {
        return errors(root.pointer(pointer.trim_start_matches('#')).unwrap(), root, value, at);
    }
    if schema["nullable"] == true && value.is_null() {
        return Vec::new();
    }
    let own = [
        ("const", schema.get("const").is_none_or(|constant| constant == value)),
        ("enum", schema["enum"].as_array().is_none_or(|list| list.contains(value))),
        ("type", has_type(&schema["type"], value)),
        ("range", value.as_f64().is_none_or(|number| in_range(schema, number))),
        ("length", fits_length(schema, value)),
    ];
    let mut found: Vec<String> =
        own.iter().filter(|(_, holds)| !holds).map(|(why, _)| format!("{at}: {why}: {value}")).collect();
    for union in ["anyOf", "oneOf"] {
        let branches = schema[union].as_array().map(Vec::as_slice).unwrap_or_default();
        if !branches.is_empty() && !branches.iter().any(|branch| errors(branch, root, value, at).is_empty()) {
            found.push(format!("{at}: {union}: {value}"));
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(errors(part, root, value, at));
    }
    found.extend(child_errors(schema, root, value, at));
    found
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    let names: Vec<&str> = match wanted {
        Value::String(name) => vec![name],
        Value::Array(list) => list.iter().map(|name| name.as_str().unwrap()).collect(),
        _ => return true,
    };
    names.iter().any(|name| match name.to_lowercase().as_str() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    })
}

fn in_range(schema: &Value, number: f64) -> bool {
    let bound = |name: &str| schema[name].as_f64();
    bound("minimum").is_none_or(|bound| number >= bound)
        && bound("maximum").is_none_or(|bound| number <= bound)
        && bound("exclusiveMinimum").is_none_or(|bound| number > bound)
        && bound("exclusiveMaximum").is_none_or(|bound| number < bound)
        && bound("multipleOf").is_none_or(|step| (number / step).fract() == 0.0)
}

fn fits_length(schema: &Value, value: &Value) -> bool {
    let (length, least, most) = match value {
        Value::String(text) => (text.chars().count(), "minLength", "maxLength"),
        Value::Array(items) => (items.len(), "minItems", "maxItems"),
        _ => return true,
    };
    count(&schema[least]).is_none_or(|least| length >= least)
        && count(&schema[most]).is_none_or(|most| length <= most)
}

fn child_errors(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(object) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(
            required.filter(|name| !object.contains_key(*name)).map(|name| format!("{at}: misses {name}")),
        );
        for (name, child) in object {
            match schema["properties"].get(name) {
                Some(property) => found.extend(errors(property, root, child, &format!("{at}.{name}"))),
                None if schema["additionalProperties"] == false => {
                    found.push(format!("{at}: surplus {name}"));
                }
                None => {}
            }
        }
    }
    for (index, child) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(item) = schema["prefixItems"].get(index).or(schema.get("items")) {
            found.extend(errors(item, root, child, &format!("{at}[{index}]")));
        }
    }
    found
}

fn schemas() -> Vec<Value> {
    vec![
        json!({}),
        json!({"type": "OBJECT", "properties": {"a": {"type": "INTEGER", "minimum": 3, "maximum": 3}}, "required": ["a"]}),
        json!({"type": "object", "properties": {"kind": {"const": "x"}, "n": {"enum": [1, 2, 3]}}, "required": ["n", "kind"], "additionalProperties": false}),
        json!({"type": "array", "items": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "minItems": 4, "maxItems": 4}),
        json!({"type": "array", "maxItems": 1, "items": {"type": "boolean"}}),
        json!({"type": ["null", "string"], "minLength": 30, "maxLength": 40}),
        json!({"type": "string", "maxLength": 3}),
        json!({"type": "integer", "multipleOf": 7, "minimum": 10, "maximum": 20}),
        json!({"type": "integer", "maximum": -5}),
        json!({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3}),
        json!({"type": "number", "multipleOf": 0.5, "minimum": 0.75}),
        json!({"anyOf": [{"type": "null"}, {"type": "object", "properties": {"when": {"type": "string", "format": "date-time"}}}]}),
        json!({"oneOf": [{"type": "object", "properties": {"t": {"const": "a"}}, "required": ["t"]}, {"type": "string"}]}),
        json!({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                         {"properties": {"b": {"type": "boolean"}}, "required": ["b"]}]}),
        json!({"$defs": {"P": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": false}},
               "type": "object", "properties": {"p": {"$ref": "#/$defs/P"}, "ps": {"type": "array", "items": {"$ref": "#/$defs/P"}}}, "required": ["p", "ps"]}),
        json!({"$defs": {"Node": {"type": "object", "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
               "kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}, "required": ["v", "kids"]}}, "$ref": "#/$defs/Node"}),
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2, "maxItems": 2}),
        json!({"type": "object", "properties": {"next": {"$ref": "#"}}}),
        json!({"type": "STRING", "enum": ["red", "green"], "format": "enum"}),
        json!({"type": "ARRAY", "items": {"type": "STRING", "nullable": true}, "minItems": "3"}),
    ]
}

#[test]
fn values_satisfy_their_schema_for_many_salts() {
    for schema in schemas() {
        for salt in 0..50 {
            let value = satisfy(&schema, salt);
            let found = errors(&schema, &schema, &value, "$");
            assert!(found.is_empty(), "{schema}\n{value}\n{found:#?}");
        }
    }
}

#[test]
fn salts_vary_what_the_schema_leaves_open() {
    let schema =
        json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}});
    assert_ne!(satisfy(&schema, 1), satisfy(&schema, 2));
    assert_eq!(satisfy(&schema, 1), satisfy(&schema, 1));
}

#[test]
fn schemas_that_explode_are_contained() {
    for schema in [
        json!({"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "required": ["a", "b"]}),
        json!({"$defs": {"A": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"}),
        json!({"type": "array", "minItems": 9_000_000_000_u64, "items": {"type": "array", "minItems": 1_000_000, "items": {"type": "string", "minLength": 1_000_000_000}}}),
        json!({"type": "integer", "minimum": -9e18, "maximum": 9e18, "multipleOf": i64::MAX}),
        json!({"type": "integer", "minimum": 5, "maximum": 1}),
        json!({"type": 7, "properties": [], "required": "x", "enum": {}, "anyOf": [], "items": 3}),
    ] {
        assert!(satisfy(&schema, 3).to_string().len() < 8_000_000, "{schema}");
    }
}
