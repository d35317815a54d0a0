//! What calls used, as the store keeps it: one record for each call that ended, and sums over hours.

mod filter;
mod sums;

use serde::{Deserialize, Serialize};

pub use filter::{AttemptFilter, AttemptRow, By, CallFilter, Group, Place, UsageFilter};
pub use sums::{BOUNDS_MS, Spread, Sums};

/// A call that ended: who asked, who served, how it went, what it took. Holds no content and no key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The id that the client got as `x-request-id`.
    pub id: String,
    /// When it came, milliseconds since 1970.
    pub began_ms: i64,
    /// When it ended, by a clock that is never set back: `began_ms` and how long it took.
    pub ended_ms: i64,
    /// The user's id.
    pub user: String,
    /// Where it came in: `openai.chat`, …
    pub surface: String,
    /// The model as the client wrote it.
    pub model_asked: String,
    /// The model's id as Google was asked; what quotas and sums go by.
    pub model: String,
    /// The model that answered, as it called itself; empty if none did.
    pub model_served: String,
    /// Whether the client wanted a stream.
    pub streamed: bool,
    /// The project that was asked last; empty if none was.
    pub project: String,
    /// The key that was used last; empty if none was.
    pub key: String,
    /// Each request to Google. Empty in lists.
    pub attempts: Vec<Attempt>,
    /// How many they were.
    pub attempt_count: u32,
    /// Why it was this key: compact JSON, or empty.
    pub decision: String,
    /// `answered`, `cut`, `client_gone`, or why it was refused.
    pub outcome: String,
    /// The HTTP status that the client got; of a refusal after the head had gone out, the one it would have been.
    pub status: u16,
    /// What it used.
    pub tokens: Counts,
    /// How well that is known.
    pub source: Source,
    /// What it costs at list price.
    pub cost_microdollars: u64,
    /// How long things took.
    pub timings: Timings,
    /// How it ended.
    pub ending: Ending,
    /// The client's address; empty if unknown.
    pub client_address: String,
    /// The client's `User-Agent`, shortened; empty if it sent none.
    pub client_agent: String,
}

/// One request to Google.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema, Deserialize)]
#[serde(default)]
#[schema(as = CallAttempt)]
pub struct Attempt {
    /// Milliseconds after the call came.
    pub after_ms: i64,
    /// The project.
    pub project: String,
    /// The key.
    pub key: String,
    /// `ok`, or a short name of the failure.
    pub outcome: String,
    /// Google's HTTP status; 0 if there was none.
    pub status: u16,
    /// How long it took, to its first event or its failure.
    pub elapsed_ms: i64,
    /// Google's own words, without keys and shortened; empty if all was well.
    pub reason: String,
    /// Whether Google will have counted it against the day.
    pub counted: bool,
}

/// Tokens of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Prompt and tool results, cached ones included.
    pub input: u64,
    /// Of the input, served from a cache.
    pub cached: u64,
    /// Answer and thoughts.
    pub output: u64,
    /// Of the output, spent on thinking.
    pub thinking: u64,
    /// Of the input, results of built-in tools.
    pub tool_use: u64,
}

/// How long a call took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema, Deserialize)]
#[serde(default)]
pub struct Timings {
    /// Reading and translating, before it was known what is wanted.
    pub prepared_ms: i64,
    /// Waiting for a project with room.
    pub queued_ms: i64,
    /// Attempts, up to the first event of the one that served.
    pub upstream_ms: i64,
    /// From its coming to the first event with content; none if there was none.
    pub first_event_ms: Option<i64>,
    /// From its coming to its end.
    pub total_ms: i64,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As it is stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the stored word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// How well the tokens of a call are known.
    Source {
        /// Google's final count.
        Exact = "exact",
        /// The last count Google sent before the answer broke off or the client left.
        LastSeen = "last_seen",
        /// Google sent none: estimated from the texts.
        Estimated = "estimated",
        /// Nothing was used.
        #[default]
        None = "none",
    }
}

words! {
    /// How a call ended.
    Ending {
        /// The answer was complete.
        Clean = "clean",
        /// It broke off.
        Cut = "cut",
        /// The client went away.
        #[default]
        ClientGone = "client_gone",
        /// There was no answer.
        Refused = "refused",
    }
}

/// A record with its place in a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequenced {
    /// Its place, counted from 1.
    pub sequence: u64,
    /// The record.
    pub record: Record,
}
