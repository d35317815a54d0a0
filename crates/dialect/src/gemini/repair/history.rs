//! The strict history normaliser: what Google wants of roles and of calls and results (`wire.md` §4.5).
//!
//! Afterwards the first turn is the user's, roles alternate but for what follows results, and each turn of the model
//! that calls functions is followed by exactly one result for each call, in the order of the calls, and nothing else.

use serde_json::json;

use super::contents;
use crate::gemini::content::{Content, FunctionCall, FunctionResponse, Part};
use crate::gemini::request::GenerateContentRequest;

/// Puts ids and names of calls on their results; calls without an id get one.
pub(super) fn echo_ids(request: &mut GenerateContentRequest) -> bool {
    let before = request.contents.clone();
    let contents = contents(request);
    for at in 0..contents.len() {
        let Some((content, after)) = contents.get_mut(at..).and_then(<[Content]>::split_first_mut) else {
            break;
        };
        let mut calls: Vec<&mut FunctionCall> = open_calls(content);
        for (number, call) in calls.iter_mut().enumerate() {
            call.id.get_or_insert_with(|| format!("call_{at}_{number}"));
        }
        let answers = after.iter_mut().take_while(|content| !is_model(content));
        let mut answers: Vec<&mut FunctionResponse> = answers.flat_map(responses).collect();
        for call in calls {
            if let Some(found) = position(answers.iter().map(|answer| &**answer), call) {
                let answer = answers.remove(found);
                answer.id.clone_from(&call.id);
                answer.name.clone_from(&call.name);
            }
        }
    }
    request.contents != before
}

/// Rebuilds the history in the strict form.
pub(super) fn normalise(request: &mut GenerateContentRequest) -> bool {
    let before = request.contents.clone().unwrap_or_default();
    let mut turns = merged(before.clone()).into_iter().peekable();
    let mut strict: Vec<Content> = Vec::new();
    while let Some(mut turn) = turns.next() {
        if !is_model(&turn) {
            words_for_results(&mut turn);
            push(&mut strict, turn);
            continue;
        }
        if strict.is_empty() {
            strict.push(Content::user(vec![Part::text(" ")]));
        }
        let calls: Vec<FunctionCall> = open_calls(&mut turn).into_iter().map(|call| call.clone()).collect();
        if turns.peek().is_none() {
            drop_open_calls(&mut turn);
        }
        push(&mut strict, turn);
        if let Some(answer) = turns.next_if(|_| !calls.is_empty()) {
            let (results, mut rest) = answered(&calls, answer);
            push(&mut strict, results);
            words_for_results(&mut rest);
            push(&mut strict, rest);
        }
    }
    let changed = strict != before;
    request.contents = Some(strict);
    changed
}

fn is_model(content: &Content) -> bool {
    content.role.as_deref() == Some("model")
}

fn push(contents: &mut Vec<Content>, content: Content) {
    if !content.parts().is_empty() {
        contents.push(content);
    }
}

/// Two roles only, and one turn where several of the same role stood side by side.
fn merged(contents: Vec<Content>) -> Vec<Content> {
    let mut turns: Vec<Content> = Vec::new();
    for mut content in contents.into_iter().filter(|content| !content.parts().is_empty()) {
        content.role = Some(role(&content).to_owned());
        match turns.last_mut().filter(|last| last.role == content.role) {
            Some(last) => last.parts.get_or_insert_default().extend(content.parts.unwrap_or_default()),
            None => turns.push(content),
        }
    }
    turns
}

fn role(content: &Content) -> &'static str {
    match content.role.as_deref() {
        Some("model" | "assistant") => "model",
        None if content.parts().iter().any(|part| part.function_call.is_some()) => "model",
        _ => "user",
    }
}

/// The calls of a turn that wait for a result; server-side tools put theirs into the same turn.
fn open_calls(content: &mut Content) -> Vec<&mut FunctionCall> {
    if !is_model(content) {
        return Vec::new();
    }
    let mut done: Vec<FunctionResponse> =
        content.parts().iter().filter_map(|part| part.function_response.clone()).collect();
    let calls = content.parts.iter_mut().flatten().filter_map(|part| part.function_call.as_mut());
    calls
        .filter(|call| {
            let found = done.iter().position(|response| response.name == call.name && response.id == call.id);
            found.map(|at| done.swap_remove(at)).is_none()
        })
        .collect()
}

fn drop_open_calls(content: &mut Content) {
    let mut open: Vec<FunctionCall> = open_calls(content).into_iter().map(|call| call.clone()).collect();
    content.parts.get_or_insert_default().retain(|part| {
        let found = part.function_call.as_ref().and_then(|call| open.iter().position(|other| other == call));
        found.map(|at| open.swap_remove(at)).is_none()
    });
}

fn responses(content: &mut Content) -> impl Iterator<Item = &mut FunctionResponse> {
    content.parts.iter_mut().flatten().filter_map(|part| part.function_response.as_mut())
}

/// Which answer belongs to a call: the same id, else the same name, else the only one there is.
fn position<'a>(answers: impl Iterator<Item = &'a FunctionResponse>, call: &FunctionCall) -> Option<usize> {
    let answers: Vec<&FunctionResponse> = answers.collect();
    let by_id = answers.iter().position(|answer| answer.id.is_some() && answer.id == call.id);
    let by_name = || answers.iter().position(|answer| answer.name.is_some() && answer.name == call.name);
    let only = || (answers.len() == 1).then_some(0);
    by_id.or_else(by_name).or_else(only)
}

/// Sorts what follows a turn with calls into one result for each call, and the rest.
fn answered(calls: &[FunctionCall], mut answer: Content) -> (Content, Content) {
    let parts = answer.parts.take().unwrap_or_default();
    let (mut given, rest): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| part.function_response.is_some());
    let mut results = Vec::with_capacity(calls.len());
    for call in calls {
        let found = position(given.iter().filter_map(|part| part.function_response.as_ref()), call);
        results.push(found.map_or_else(|| missing(call), |at| named(given.remove(at), call)));
    }
    given.extend(rest);
    (Content::user(results), Content { parts: Some(given), ..answer })
}

fn named(mut part: Part, call: &FunctionCall) -> Part {
    if let Some(response) = &mut part.function_response {
        response.id.clone_from(&call.id);
        response.name.clone_from(&call.name);
    }
    part
}

fn missing(call: &FunctionCall) -> Part {
    let response = FunctionResponse {
        id: call.id.clone(),
        name: call.name.clone(),
        response: Some(json!({"error": "no result was provided"})),
        ..FunctionResponse::default()
    };
    Part { function_response: Some(response), ..Part::default() }
}

/// A result that answers no call cannot stay one; what it says is kept as text.
fn words_for_results(content: &mut Content) {
    for part in content.parts.iter_mut().flatten() {
        if let Some(response) = part.function_response.take() {
            let name = response.name.unwrap_or_default();
            let value = response.response.unwrap_or_default();
            part.text = Some(format!("Result of the function {name}: {value}"));
        }
    }
}
