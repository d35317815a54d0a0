//! The replicas of one gateway, as one of them sees them.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;

/// The others are out of reach, for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away;

/// One of the programs that are the gateway together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// Its id, a new one at each start.
    pub id: String,
    /// Which Pollux it is.
    pub version: String,
    /// Where it listens.
    pub address: String,
    /// Since when it runs.
    pub started: Moment,
    /// When it was last heard.
    #[serde(default, skip_deserializing)]
    pub seen: Moment,
}

/// Who else is there, and whether they are heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fleet {
    /// There is no Redis: this is the only replica.
    Alone,
    /// Redis answers; so many replicas are there.
    Together(u32),
    /// Redis does not answer. When it last did there were so many.
    Away(u32),
}

impl Fleet {
    /// Over how many replicas limits are divided: 1 as long as all are counted together.
    pub const fn divisor(&self) -> u32 {
        match self {
            Self::Alone | Self::Together(_) => 1,
            Self::Away(replicas) => *replicas,
        }
    }

    /// Whether replicas have to ask each other.
    pub const fn is_shared(&self) -> bool {
        !matches!(self, Self::Alone)
    }
}

/// What replicas tell each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Something in the store is not as it was: settings, users, keys, projects, limits.
    Store,
    /// Somebody's pool found something out; in the words of the keyring.
    Pool(String),
}
