//! Every schema that clients really send must get a value that a validator accepts.

use super::*;

/// A small validator, written against the keywords and not against the maker.
fn errors(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(pointer) = schema["$ref"].as_str() {
        return errors(root.pointer(pointer.trim_start_matches('#')).unwrap(), root, value, at);
    }
    let mut found = Vec::new();
    let mut fail = |why: &str| found.push(format!("{at}: {why}: {value}"));
    if schema.get("const").is_some_and(|constant| constant != value) {
        fail("const");
    }
    if schema["enum"].as_array().is_some_and(|list| !list.contains(value)) {
        fail("enum");
    }
    if schema["nullable"] == true && value.is_null() {
        return found;
    }
    let types: Vec<String> = match &schema["type"] {
        Value::String(name) => vec![name.to_lowercase()],
        Value::Array(list) => list.iter().map(|name| name.as_str().unwrap().to_lowercase()).collect(),
        _ => Vec::new(),
    };
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name)) {
        fail("type");
    }
    if let Some(number) = value.as_f64() {
        if schema["minimum"].as_f64().is_some_and(|bound| number < bound)
            || schema["maximum"].as_f64().is_some_and(|bound| number > bound)
            || schema["exclusiveMinimum"].as_f64().is_some_and(|bound| number <= bound)
            || schema["exclusiveMaximum"].as_f64().is_some_and(|bound| number >= bound)
            || schema["multipleOf"].as_f64().is_some_and(|step| (number / step).fract() != 0.0)
        {
            fail("range");
        }
    }
    let length = value.as_str().map(|text| text.chars().count()).or(value.as_array().map(Vec::len));
    if let Some(length) = length {
        for (low, high) in [("minLength", "maxLength"), ("minItems", "maxItems")] {
            let applies = (low == "minItems") == value.is_array();
            if applies
                && (count(&schema[low]).is_some_and(|least| length < least)
                    || count(&schema[high]).is_some_and(|most| length > most))
            {
                fail("length");
            }
        }
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(list) = schema[union].as_array() {
            if list.iter().all(|branch| !errors(branch, root, value, at).is_empty()) {
                fail(union);
            }
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(errors(part, root, value, at));
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at}: misses {name}"));
            }
        }
        for (name, child) in object {
            match schema["properties"].get(name) {
                Some(property) => found.extend(errors(property, root, child, &format!("{at}.{name}"))),
                None if schema["additionalProperties"] == false => {
                    found.push(format!("{at}: surplus {name}"))
                }
                None => {}
            }
        }
    }
    for (index, child) in value.as_array().into_iter().flatten().enumerate() {
        let item = schema["prefixItems"].get(index).or(schema.get("items"));
        if let Some(item) = item {
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
