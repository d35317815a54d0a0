//! Lists as Google reads them: a single object stands for a list of one, so clients send that too.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a list of objects, one object, or null. It is written back as a list.
pub(super) fn one_or_many<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(OneOrMany(PhantomData))
}

/// A visitor rather than an untagged enumeration: that would hold megabytes of media twice.
struct OneOrMany<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list or an object")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Some)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|one| Some(vec![one]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::gemini::request::GenerateContentRequest;

    #[test]
    fn one_object_is_a_list_of_one() {
        let request: GenerateContentRequest = serde_json::from_value(json!({
            "contents": {"parts": {"text": "hi"}},
            "tools": {"function_declarations": {"name": "f"}},
            "systemInstruction": {"parts": null},
        }))
        .unwrap();
        let expected = json!({
            "contents": [{"parts": [{"text": "hi"}]}],
            "tools": [{"functionDeclarations": [{"name": "f"}]}],
            "systemInstruction": {},
        });
        assert_eq!(serde_json::to_value(request).unwrap(), expected);
        for wrong in [json!({"contents": "hi"}), json!({"tools": 7}), json!({"contents": ["hi"]})] {
            assert!(serde_json::from_value::<GenerateContentRequest>(wrong).is_err());
        }
    }
}
