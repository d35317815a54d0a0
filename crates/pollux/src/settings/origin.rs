//! Origins of web pages that may call the API from a browser.

use serde_json::Value;

use super::kind::Kind;
use super::problem::Bad;
use super::setting::Setting;

/// How many may be named.
const MOST: usize = 100;

/// Origins, `https://app.example.com`; `*` for every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Whether a page of this origin may call.
    pub fn allow(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(origin))
    }

    /// Whether none may.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let letter = |letter: char| letter.is_ascii_alphanumeric() || ".-:[]".contains(letter);
    text == "*" || host.is_some_and(|host| !host.is_empty() && host.chars().all(letter))
}

impl Setting for Origins {
    fn parse(text: &str, _: &Kind) -> Result<Self, Bad> {
        let items = text.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';'));
        let items: Vec<String> = items.filter(|item| !item.is_empty()).map(str::to_owned).collect();
        if items.len() > MOST {
            return Err(Bad::new(format!("names more than {MOST} origins"), "name fewer"));
        }
        match items.iter().position(|item| !is_origin(item)) {
            Some(index) => {
                let reason = format!("(number {}) is not an origin", index + 1);
                Err(Bad::new(reason, "write for example https://app.example.com, without a path, or *"))
            }
            None => Ok(Self(items)),
        }
    }

    fn json(&self) -> Value {
        Value::from(self.0.clone())
    }
}
