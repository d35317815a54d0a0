//! The Responses API, both directions (`wire.md` §11). Nothing is kept between calls: the client sends the history.
//!
//! A request is said in Chat Completions' words first, so that what a model can do is decided once; the pieces of an
//! answer are Chat Completions' too. What is this API's own, items and events, is here.

mod input;
mod items;
pub mod request;
pub mod stream;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::request::ResponsesRequest;
use crate::openai::chat::translate::{self, Context};
use crate::openai::chat::{self, Hints};
use crate::openai::error::ApiError;

/// A request in Gemini's words, and what else came of it.
#[derive(Clone, Debug)]
pub struct Translated {
    /// What to send.
    pub request: crate::gemini::request::GenerateContentRequest,
    /// What the answer side has to know.
    pub encoding: Encoding,
    /// Names of parameters that were dropped, for `x-pollux-ignored-params`.
    pub ignored: Vec<String>,
    /// Things that bind the call to a project or a user.
    pub hints: Hints,
}

/// What the answer side has to know about the request.
#[derive(Clone, Debug, Default)]
pub struct Encoding {
    pub(crate) chat: chat::Encoding,
    /// What the response object repeats of the request.
    pub(crate) echo: Map<String, Value>,
}

/// Says the request in Gemini's words.
pub fn to_gemini(request: ResponsesRequest, context: &Context<'_>) -> Result<Translated, ApiError> {
    let ResponsesRequest { chat, mut echo, origins } = request;
    let done = translate::to_gemini(chat, context).map_err(|error| request::renamed(error, &origins))?;
    let chat::Translated { request, mut encoding, ignored, hints } = done;
    // Images are items here.
    encoding.images_as_markdown = false;
    echo.insert("model".to_owned(), Value::String(encoding.model.clone()));
    let ignored = ignored.iter().map(|name| request::own_name(name, &origins)).collect();
    Ok(Translated { request, encoding: Encoding { chat: encoding, echo }, ignored, hints })
}
