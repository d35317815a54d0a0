//! What Gemini, OpenAI and Anthropic say on the wire, and how one is said in another.
//!
//! Gemini is the hub: each client-facing API is a *dialect*, a pure translator into and out of Gemini's
//! `generateContent`. Nothing here reads a clock, draws a random number or waits: what changes from call to call
//! (ids, times, remembered signatures) comes in as an argument.
//!
//! Invariant: values in, value or typed error out; the manifest names no runtime.

pub mod anthropic;
pub mod gemini;
pub mod lift;
pub mod model;
pub mod names;
pub mod openai;
