//! The pool: projects, keys, buckets, benches and who serves the next call. Pure: `now` and randomness are
//! arguments.

/// A point in time: milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Moment(pub i64);
