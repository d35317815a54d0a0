//! The OpenAI dialect.

pub mod chat;
pub mod embeddings;
pub mod error;
pub mod models;
pub mod responses;
