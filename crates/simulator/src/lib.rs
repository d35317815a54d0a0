//! A Gemini look-alike over HTTP: it meters projects, checks thought signatures, calls declared functions and fails on demand.
//!
//! It imports none of our crates and speaks raw JSON, so that it cannot share the gateway's mistakes.
//! Tests, the demo, benchmarks and users without a key all talk to it as if it were Google.
//!
//! Invariant: the same options, script and requests give the same answers, byte for byte.

mod answer;
mod calendar;
mod clock;
mod control;
mod embed;
mod exchange;
mod fault;
mod field;
mod inspect;
mod key;
mod ledger;
mod model;
mod noise;
mod options;
mod outlet;
mod png;
mod quota;
mod refusal;
mod replay;
mod reply;
mod request;
mod schema;
mod script;
mod shelf;
mod signature;
mod simulator;
mod token;
mod turn;

pub use fault::Fault;
pub use key::KeyState;
pub use options::{Error, LimitOverride, Limits, MinuteWindow, NamedKey, Options, Pacing, Tier};
pub use script::{Faults, Rule, Script};
pub use simulator::Simulator;
