//! JSON as Google reads it, hence as clients send it: one object stands for a list of one, and an integer may be
//! written `"5"` or `5.0`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
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

/// Reads an integer however it is written, or null. It is written back as an integer.
pub(super) fn integer<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Integer(i64),
        Large(u64),
        Decimal(f64),
        Text(String),
    }
    let Some(written) = Option::<Written>::deserialize(deserializer)? else { return Ok(None) };
    let integer: Option<i128> = match written {
        Written::Integer(integer) => Some(integer.into()),
        Written::Large(integer) => Some(integer.into()),
        // Without a fraction a number prints as an integer; that spares a cast.
        Written::Decimal(decimal) => format!("{decimal}").parse().ok(),
        Written::Text(text) => text.trim().parse().ok(),
    };
    let integer = integer.and_then(|integer| T::try_from(integer).ok());
    integer.map(Some).ok_or_else(|| D::Error::custom("not an integer of the expected range"))
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
    #[test]
    fn an_integer_may_be_a_text_or_a_decimal() {
        for (written, read) in [
            (json!(5), Some(5)),
            (json!("5"), Some(5)),
            (json!(5.0), Some(5)),
            (json!(4_000_000_000u64), Some(4_000_000_000)),
            (json!(null), None),
        ] {
            let body = json!({"generationConfig": {"maxOutputTokens": written}});
            let request: GenerateContentRequest = serde_json::from_value(body).unwrap();
            assert_eq!(request.generation_config.unwrap().max_output_tokens, read, "{written}");
        }
        for wrong in [json!(-5), json!(5.5), json!("five"), json!(true), json!(1e300)] {
            let body = json!({"generationConfig": {"maxOutputTokens": wrong}});
            assert!(serde_json::from_value::<GenerateContentRequest>(body).is_err(), "{wrong}");
        }
    }
}
