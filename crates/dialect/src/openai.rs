//! The OpenAI dialect.

pub mod chat;
pub mod error;
pub mod models;
