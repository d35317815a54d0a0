//! What a replica does when it cannot reach the others.

use serde_json::Value;

use super::kind::Kind;
use super::problem::Bad;
use super::setting::Setting;

/// What a replica does while Redis is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedisAway {
    /// It goes on with its part of every limit.
    #[default]
    Share,
    /// It begins no call.
    Refuse,
}

impl RedisAway {
    /// Whether calls are refused.
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Refuse)
    }
}

impl Setting for RedisAway {
    fn parse(text: &str, _: &Kind) -> Result<Self, Bad> {
        match text {
            "share" => Ok(Self::Share),
            "refuse" => Ok(Self::Refuse),
            _ => Err(Bad::new("is neither share nor refuse", "write share or refuse")),
        }
    }

    fn json(&self) -> Value {
        Value::from(match self {
            Self::Share => "share",
            Self::Refuse => "refuse",
        })
    }
}
