//! What would have been: calls played to a scheduler in virtual time, against a model of Google's metering.
//!
//! [`engine::play`] brings arrivals, requests on their way, replies and timers in order; [`google`] is the meter, written
//! apart from the pool's windows; [`gateway::Gateway`] is the real pool and the real queue, driven as the relay drives
//! them; [`replay::replay`] puts a recorded day through all of it and adds up what became of it.
//!
//! Invariant: pure; time is virtual and the same input gives the same output.

pub mod engine;
pub mod fair;
pub mod gateway;
pub mod google;
pub mod noise;
pub mod replay;
pub mod world;
