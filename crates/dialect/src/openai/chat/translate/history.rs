//! Brings a conversation into the order Gemini insists on (`wire.md` §4.1, §4.5).
//!
//! Every turn of the model with function calls is followed at once by one user content with exactly one response
//! for each call, in the order of the calls. What the user said in between comes after it.

mod waiting;

use std::collections::HashSet;

use serde_json::{Map, Value};

use self::waiting::{At, Waiting};
use super::results;
use crate::gemini::content::{Content, FunctionCall, Part};
use crate::gemini::repair::SENTINEL;

/// The conversation so far.
#[derive(Debug, Default)]
pub(super) struct History {
    items: Vec<Item>,
    waiting: Waiting,
    ids: HashSet<String>,
    /// Numbers made-up ids.
    made: usize,
    /// The last thing that happened is that the model called functions.
    calling: bool,
}

#[derive(Debug)]
enum Item {
    User(Vec<Part>),
    Model(Vec<Part>),
    Step(Step),
}

/// A turn of the model with function calls, and their answers.
#[derive(Debug)]
struct Step {
    lead: Vec<Part>,
    calls: Vec<Asked>,
    /// How many calls still wait.
    open: usize,
}

/// A function call, and its answer.
#[derive(Debug)]
pub(super) struct Asked {
    /// The id the client knows it by; may be empty.
    pub(super) public_id: String,
    /// The name the client knows it by.
    pub(super) public_name: String,
    /// The name Gemini knows it by.
    pub(super) name: String,
    /// The id Gemini sees, if ids travel.
    pub(super) id: Option<String>,
    /// The arguments.
    pub(super) args: Map<String, Value>,
    /// The thought signature, if known.
    pub(super) signature: Option<String>,
    /// The response, and media beside it.
    pub(super) answer: Option<Vec<Part>>,
}

/// Whom a result answers.
#[derive(Debug)]
pub(super) enum Slot<'a> {
    /// This call, which waits for it.
    Open(&'a mut Asked),
    /// This call, which has its answer already.
    Answered(&'a Asked),
    /// Nobody.
    Nobody,
}

/// The conversation in order.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    /// What to send.
    pub(super) contents: Vec<Content>,
    /// Public ids of the calls in the current turn.
    pub(super) open_calls: Vec<String>,
}

impl History {
    /// The user says something.
    pub(super) fn user(&mut self, parts: Vec<Part>) {
        self.calling = false;
        self.items.push(Item::User(parts));
    }

    /// The user says something before everything else.
    pub(super) fn user_first(&mut self, parts: Vec<Part>) {
        self.items.insert(0, Item::User(parts));
    }

    /// The model says something and calls functions, or only one of the two.
    pub(super) fn model(&mut self, lead: Vec<Part>, mut calls: Vec<Asked>) {
        for call in &mut calls {
            self.make_unique(call);
        }
        self.calling = !calls.is_empty();
        if self.calling {
            self.waiting.step(self.items.len(), &calls);
            self.items.push(Item::Step(Step { lead, open: calls.len(), calls }));
        } else if !lead.is_empty() {
            self.items.push(Item::Model(lead));
        }
    }

    /// Is there nothing yet?
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Gemini pairs calls and responses by id, so no two calls may share one, and none may be empty.
    fn make_unique(&mut self, call: &mut Asked) {
        let Some(id) = &mut call.id else { return };
        let mut unique = id.clone();
        while unique.is_empty() || self.ids.contains(&unique) {
            self.made += 1;
            unique =
                if id.is_empty() { format!("call_{}", self.made) } else { format!("{id}_{}", self.made) };
        }
        self.ids.insert(unique.clone());
        *id = unique;
    }

    /// Finds the call that a result answers: by id, else by name, else the only one that waits.
    pub(super) fn slot(&mut self, id: Option<&str>, name: Option<&str>) -> Slot<'_> {
        self.calling = false;
        let items = &self.items;
        let is_open = |at| call(items, at).is_some_and(|call| call.answer.is_none());
        let found = self.waiting.take(id, name, is_open);
        let answered = if found.is_none() { self.waiting.answered(id, name) } else { None };
        let only = || self.waiting.latest().and_then(|step| only_open(items, step));
        let found = if answered.is_none() { found.or_else(only) } else { found };
        match (found, answered) {
            (Some(at), _) => self.open(at),
            (None, Some(at)) => call(&self.items, at).map_or(Slot::Nobody, Slot::Answered),
            (None, None) => Slot::Nobody,
        }
    }

    fn open(&mut self, at: At) -> Slot<'_> {
        let Some(Item::Step(step)) = self.items.get_mut(at.item) else { return Slot::Nobody };
        step.open = step.open.saturating_sub(1);
        step.calls.get_mut(at.call).map_or(Slot::Nobody, Slot::Open)
    }

    /// The conversation in order. `bypass` signs the first call of each step of the current turn that lost its
    /// signature (`wire.md` §4.6).
    pub(super) fn finish(mut self, bypass: bool) -> Ordered {
        self.drop_unanswered_end();
        let last_user = self.items.iter().rposition(|item| matches!(item, Item::User(_)));
        let mut out = Writer::default();
        for (index, item) in self.items.into_iter().enumerate() {
            let current = last_user.is_none_or(|last| index > last);
            match item {
                Item::User(parts) => out.user(parts),
                Item::Model(parts) => out.model(parts),
                Item::Step(step) => out.step(step, current, bypass),
            }
        }
        out.ordered
    }

    /// Calls at the very end that nobody answered would be answered by nobody: they go.
    fn drop_unanswered_end(&mut self) {
        if let Some(Item::Step(step)) = self.items.last_mut().filter(|_| self.calling) {
            let lead = std::mem::take(&mut step.lead);
            self.items.pop();
            self.model(lead, Vec::new());
        }
    }
}

fn call(items: &[Item], at: At) -> Option<&Asked> {
    match items.get(at.item)? {
        Item::Step(step) => step.calls.get(at.call),
        Item::User(_) | Item::Model(_) => None,
    }
}

/// The call of a step that waits, if it is the only one.
fn only_open(items: &[Item], item: usize) -> Option<At> {
    let Item::Step(step) = items.get(item)? else { return None };
    let first = || step.calls.iter().position(|call| call.answer.is_none());
    (step.open == 1).then(first).flatten().map(|call| At { item, call })
}

#[derive(Debug, Default)]
struct Writer {
    ordered: Ordered,
    last: Last,
}

/// What the last content is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Last {
    #[default]
    Nothing,
    User,
    Responses,
    Model {
        /// Some part of it carries a signature.
        signed: bool,
    },
}

impl Writer {
    /// Plain turns of the user grow together; function responses stay alone (`gemini-2026-11.md` §4.2).
    fn user(&mut self, parts: Vec<Part>) {
        match self.ordered.contents.last_mut() {
            Some(content) if self.last == Last::User => {
                content.parts.get_or_insert_default().extend(parts);
            }
            _ => self.push(Last::User, Content::user(parts)),
        }
    }

    fn model(&mut self, parts: Vec<Part>) {
        self.start_with_user();
        let signed = parts.iter().any(|part| part.thought_signature.is_some());
        match self.ordered.contents.last_mut() {
            // Signed parts keep their own content.
            Some(content) if !signed && self.last == (Last::Model { signed: false }) => {
                content.parts.get_or_insert_default().extend(parts);
            }
            _ => self.push(Last::Model { signed }, Content::model(parts)),
        }
    }

    fn step(&mut self, step: Step, current: bool, bypass: bool) {
        self.start_with_user();
        let Step { mut lead, calls, open: _ } = step;
        let mut responses = Vec::new();
        let mut beside = Vec::new();
        for (index, call) in calls.into_iter().enumerate() {
            if current && !call.public_id.is_empty() {
                self.ordered.open_calls.push(call.public_id.clone());
            }
            let (request, mut answer) = call.into_parts();
            let sentinel = (index == 0 && current && bypass).then(|| SENTINEL.to_owned());
            lead.push(Part { thought_signature: request.thought_signature.clone().or(sentinel), ..request });
            beside.extend(answer.split_off(1.min(answer.len())));
            responses.extend(answer);
        }
        // A function call has to come right after a turn of the user: text before it joins it.
        match self.ordered.contents.last_mut() {
            Some(content) if matches!(self.last, Last::Model { .. }) => {
                content.parts.get_or_insert_default().extend(lead);
            }
            _ => self.push(Last::Model { signed: true }, Content::model(lead)),
        }
        responses.extend(beside);
        self.push(Last::Responses, Content::user(responses));
    }

    fn start_with_user(&mut self) {
        if self.last == Last::Nothing {
            self.push(Last::User, Content::user(vec![Part::text(" ")]));
        }
    }

    fn push(&mut self, kind: Last, content: Content) {
        self.last = kind;
        self.ordered.contents.push(content);
    }
}

impl Asked {
    /// The call, and its answer: the response first.
    fn into_parts(self) -> (Part, Vec<Part>) {
        let Self { public_id: _, public_name: _, name, id, args, signature, answer } = self;
        let answer = answer.unwrap_or_else(|| vec![results::missing(name.clone(), id.clone())]);
        let call =
            FunctionCall { id, name: Some(name), args: Some(Value::Object(args)), ..FunctionCall::default() };
        (Part { function_call: Some(call), thought_signature: signature, ..Part::default() }, answer)
    }
}
