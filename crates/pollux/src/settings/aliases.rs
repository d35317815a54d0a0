//! What names of the operator's own mean, as a setting.

use dialect::names::Aliases;
use serde_json::{Map, Value};

use super::kind::Kind;
use super::parse;
use super::problem::{Bad, escaped};
use super::setting::Setting;

/// How many there may be.
const MOST: usize = 500;

impl Setting for Aliases {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let way_out = r#"write for example gpt-*=gemini-3.8-flash, or {"gpt-*": "gemini-3.8-flash"}"#;
        let value = if text.starts_with('{') {
            serde_json::from_str(text).map_err(|_| Bad::new("is not JSON", way_out))?
        } else {
            let entries = text.split([',', ';', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
            let pair = |entry: &str| {
                let (name, target) = entry.split_once('=')?;
                Some((name.trim().to_owned(), Value::from(target.trim())))
            };
            let pairs: Option<Map<String, Value>> = entries.map(pair).collect();
            pairs.map(Value::Object).ok_or_else(|| Bad::new("is not a list of names", way_out))?
        };
        let mut first = None;
        let mut note = |at: String, bad: Bad| {
            let reason = if at.is_empty() { bad.reason } else { format!("({at}) {}", bad.reason) };
            first.get_or_insert(Bad { reason, way_out: bad.way_out });
        };
        let read = Self::read(&value, kind, &mut note);
        read.ok_or_else(|| first.unwrap_or_else(|| Bad::new("cannot be read", way_out)))
    }

    fn json(&self) -> Value {
        self.iter().map(|(name, target)| (name.to_owned(), Value::from(target))).collect::<Map<_, _>>().into()
    }

    fn read(value: &Value, kind: &Kind, note: &mut dyn FnMut(String, Bad)) -> Option<Self> {
        let Some(map) = value.as_object() else {
            if let Err(bad) = kind.text_of(value) {
                note(String::new(), bad);
            }
            return None;
        };
        let mut entries = Vec::new();
        let mut wrong = false;
        for (name, target) in map.iter().filter(|(_, target)| !target.is_null()) {
            match entry(name, target) {
                Ok(target) => entries.push((name.clone(), target)),
                Err(bad) => {
                    wrong = true;
                    note(format!("/{}", escaped(name)), bad);
                }
            }
        }
        if entries.len() > MOST {
            wrong = true;
            note(String::new(), Bad::new(format!("has more than {MOST} names"), "use patterns"));
        }
        (!wrong).then(|| Self::new(entries))
    }
}

/// What a name means, if both can be.
fn entry(name: &str, target: &Value) -> Result<String, Bad> {
    if !Aliases::is_pattern(name) {
        let way_out = "use letters, digits and -._:/@, and * for any letters";
        return Err(Bad::new("is not a name or a pattern", way_out));
    }
    let Some(target) = target.as_str() else {
        return Err(Bad::new("must be a text", "send the name of the model that answers"));
    };
    let target = parse::model(target)?;
    if !Aliases::is_target(&target) {
        let reason = format!("leads to {target:?}, which is no model of Google's");
        return Err(Bad::new(
            reason,
            "name a model such as gemini-3.8-flash; an alias does not lead to another",
        ));
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ways_of_writing_are_read_and_shown_alike() {
        let list =
            Aliases::parse("gpt-* = gemini-2.5-flash, claude-*=models/gemini-3.8-flash", &Kind::Aliases);
        let list = list.unwrap();
        assert_eq!(list.json(), json!({ "claude-*": "gemini-3.8-flash", "gpt-*": "gemini-2.5-flash" }));
        assert_eq!(Aliases::parse(&list.json().to_string(), &Kind::Aliases), Ok(list));
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let value =
            json!({ "gpt 4": "gemini-2.5-flash", "a": "gpt-5", "b": 7, "c": "gemini-2.5-flash", "d": null });
        let mut wrong = Vec::new();
        let read =
            Aliases::read(&value, &Kind::Aliases, &mut |at, bad| wrong.push(format!("{at} {}", bad.reason)));
        assert_eq!(read, None);
        let told = [
            "/gpt 4 is not a name or a pattern",
            "/a leads to \"gpt-5\", which is no model of Google's",
            "/b must be a text",
        ];
        assert_eq!(wrong, told);
        assert!(Aliases::parse("gpt-*", &Kind::Aliases).is_err());
    }
}
