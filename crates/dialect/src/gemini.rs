//! Google's `generateContent` API as it is on the wire.
//!
//! The types are lenient: every field is optional, what we do not know is kept in `extra` and goes out again, and
//! enumerations are open strings. Sources: `wire.md` §2, `gemini-2026-11.md` §1.
//!
//! Invariant: decoding and encoding again loses nothing but nulls, and writes camelCase, lists of one and plain integers.

pub mod aggregate;
pub mod content;
pub mod event;
pub mod inject;
mod lenient;
pub mod outcome;
pub mod quota;
pub mod redact;
pub mod repair;
pub mod request;
pub mod resource;
pub mod response;
pub mod sse;
pub mod usage;
