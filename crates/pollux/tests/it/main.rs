//! The real program and the simulator, over TCP.
//!
//! One binary; time is turned, never waited for. Each test has its own gateway, simulator, ports and data directory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    clippy::unchecked_time_subtraction,
    reason = "tests are free"
)]

mod anthropic;
mod balance;
mod bed;
mod bodies;
mod calllog;
mod canary;
mod chat;
mod cli;
mod collector;
mod console;
mod crowd;
mod doors;
mod endings;
mod failover;
mod gemini;
mod hostile;
mod intruders;
mod journal;
mod keys;
mod kinship;
mod lifted;
mod limits;
mod longdecode;
mod media;
mod metrics;
mod names;
mod postgres;
mod privacy;
mod redis_server;
mod replicas;
mod reply;
mod resources;
mod responses;
mod restart;
mod seeded;
mod servers;
mod settings;
mod simulation;
mod strategy;
mod tools;
mod traces;
mod upkeep;
