//! What the original proxy calls configuration: adding keys and users (`seed-facts.md` §2.4, §2.5).

pub(super) mod gemini_key;
pub(super) mod user_key;
