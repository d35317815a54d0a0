//! What the document says of the surfaces that speak to models, and of the pages. Their bodies are other people's
//! specifications: the document names what has to be there and where the rest is written.

use crate::http::about::{About, Said, anything, fields, list, query, text, truth};
use crate::http::foreign::words;
use crate::http::gemini;
use crate::http::routes::Route;

/// Below `/v1`.
pub(super) fn v1() -> Vec<About> {
    [openai(), anthropic(), google()].into_iter().flatten().collect()
}

fn chatting() -> crate::http::about::Fields {
    fields().must("model", text()).must("messages", list(anything())).may("stream", truth())
}

fn streamed(about: About) -> About {
    about
        .answer(200, "application/json", Some(anything()))
        .answer(200, "text/event-stream", None)
        .fails(&[402, 500, 502, 504])
}

fn openai() -> Vec<About> {
    let not_kept = |about: About| about.answer(200, "application/json", Some(anything()));
    let input: Said = utoipa::openapi::schema::Schema::from(
        utoipa::openapi::schema::OneOfBuilder::new().item(text()).item(list(anything())),
    )
    .into();
    let of = [
        About::get("/", "What speaks here").answer(200, "application/json", Some(anything())),
        streamed(About::post("/chat/completions", "OpenAI Chat Completions").asks(chatting())),
        streamed(
            About::post("/embeddings", "OpenAI Embeddings")
                .asks(fields().must("model", text()).must("input", input.clone())),
        ),
        streamed(
            About::post("/responses", "OpenAI Responses")
                .asks(fields().must("model", text()).must("input", input).may("stream", truth())),
        ),
        not_kept(About::get("/responses/{id}", "A stored response")),
        not_kept(About::delete("/responses/{id}", "Delete a stored response")),
        not_kept(About::get("/responses/{id}/input_items", "What a stored response was asked")),
        not_kept(About::post("/responses/{id}/cancel", "Cancel a response in the background")),
    ];
    of.map(|about| about.tagged("OpenAI")).to_vec()
}

fn anthropic() -> Vec<About> {
    let tokens =
        Some(fields().must("input_tokens", crate::http::about::whole(0, i64::from(u32::MAX))).into());
    let of = [
        streamed(About::post("/messages", "Anthropic Messages").asks(chatting())),
        About::post("/messages/count_tokens", "Anthropic: count tokens")
            .asks(chatting())
            .answer(200, "application/json", tokens)
            .fails(&[402, 500, 502, 504]),
    ];
    of.map(|about| about.tagged("Anthropic")).to_vec()
}

/// Below each of Google's own versions, and what the lists of models share.
pub(super) fn google() -> Vec<About> {
    let models = models();
    let named: Vec<_> = models.iter().map(|about| (about.method.clone(), about.path)).collect();
    let rest = passed(gemini::list()).filter(|about| !named.contains(&(about.method.clone(), about.path)));
    let rest: Vec<_> = rest.collect();
    models.into_iter().chain(rest).collect()
}

/// What goes to Google as it came: files, caches, batches, stores, operations.
pub(super) fn passed(routes: Vec<Route>) -> impl Iterator<Item = About> {
    routes.into_iter().map(|route| {
        let (method, path) = route.name();
        About::new(method.clone(), path, "Gemini: passes to the project that owns what is named")
            .tagged("Gemini")
            .answer(200, "application/json", Some(anything()))
            .fails(&[402, 409, 411, 412, 416, 500, 502, 504])
    })
}

fn models() -> Vec<About> {
    let of = [
        streamed(
            About::post("/models/{*id}", "Gemini: `{model}:{method}`")
                .takes([query("alt", "`sse` streams events instead of one array.", words(&["sse", "json"]))])
                .asks(anything()),
        ),
        About::get("/models", "Models, in the shape of the API whose headers ask").answer(
            200,
            "application/json",
            Some(anything()),
        ),
        About::get("/models/{*id}", "One model").answer(200, "application/json", Some(anything())),
    ];
    of.map(|about| about.tagged("Gemini")).to_vec()
}

/// Pages and their files.
pub(super) fn pages() -> Vec<About> {
    let of = [
        About::get("/", "The console").answer(200, "text/html", None),
        About::get("/page.css", "The style of plain pages").answer(200, "text/css", None),
        About::get("/assets/{name}", "A file of the console")
            .answer(200, "application/octet-stream", None)
            .answer(404, "text/plain", None),
        About::get("/openapi.json", "This document").answer(200, "application/json", Some(anything())),
        About::get("/docs", "This document as a page").answer(200, "text/html", None),
    ];
    of.map(|about| about.tagged("Pages")).to_vec()
}
