//! What becomes of media that are named by URL.

use serde_json::Value;

use super::kind::Kind;
use super::problem::Bad;
use super::setting::Setting;

/// What becomes of media that are named by URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaByUrl {
    /// Google fetches them.
    Google,
    /// The gateway does.
    Fetch,
    /// Nobody does.
    Refuse,
}

impl Setting for MediaByUrl {
    fn parse(text: &str, _: &Kind) -> Result<Self, Bad> {
        match text {
            "google" => Ok(Self::Google),
            "fetch" => Ok(Self::Fetch),
            "refuse" => Ok(Self::Refuse),
            _ => Err(Bad::new("is not one of the ways", "write google, fetch or refuse")),
        }
    }

    fn json(&self) -> Value {
        Value::from(match self {
            Self::Google => "google",
            Self::Fetch => "fetch",
            Self::Refuse => "refuse",
        })
    }
}
