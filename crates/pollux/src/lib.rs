//! Pollux: a self-hosted gateway that serves OpenAI clients from a pool of Google Gemini API keys.
//!
//! The modules in reading order; who may import whom is in `docs/ARCHITECTURE.md` and checked by the `tidy` crate.

pub mod clock;
pub mod id;
pub mod secret;

pub mod store;

pub mod settings;

pub mod shared;

pub mod upstream;

pub mod media;

pub mod catalog;

pub mod access;

pub mod operators;

pub mod limits;

pub mod audit;

pub mod keyring;

pub mod journal;

pub mod bodies;
pub mod calllog;

pub mod relay;

pub mod resources;

pub mod jobs;

pub mod http;

pub mod telemetry;

pub mod lifecycle;

pub mod config;

pub mod app;

pub mod cli;
