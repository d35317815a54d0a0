//! Which calls wait for an answer, found without walking through the conversation.

use std::collections::{HashMap, VecDeque};

use super::Asked;

/// A call: the item of the conversation, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// Which item.
    pub(super) item: usize,
    /// Which of its calls.
    pub(super) call: usize,
}

/// The calls of one id or one name.
#[derive(Debug)]
struct Queue {
    /// One queue for each step, the latest step last.
    steps: Vec<VecDeque<At>>,
    /// The last one made.
    last: At,
}

/// The calls by id and by name.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_id: HashMap<String, Queue>,
    by_name: HashMap<String, Queue>,
    latest: Option<usize>,
}

impl Waiting {
    /// The model called functions.
    pub(super) fn step(&mut self, item: usize, calls: &[Asked]) {
        self.latest = Some(item);
        for (index, call) in calls.iter().enumerate() {
            let at = At { item, call: index };
            add(&mut self.by_id, &call.public_id, at);
            add(&mut self.by_name, &call.public_name, at);
        }
    }

    /// The item of the latest step.
    pub(super) fn latest(&self) -> Option<usize> {
        self.latest
    }

    /// Takes the first open call of the latest step that has one.
    pub(super) fn take(
        &mut self,
        id: Option<&str>,
        name: Option<&str>,
        is_open: impl Fn(At) -> bool,
    ) -> Option<At> {
        let steps = &mut self.queue(id, name)?.steps;
        while let Some(step) = steps.last_mut() {
            // A call may have been answered under its other key.
            match step.pop_front() {
                Some(at) if is_open(at) => return Some(at),
                Some(_) => {}
                None => _ = steps.pop(),
            }
        }
        None
    }

    /// The last call of that id or name.
    pub(super) fn answered(&mut self, id: Option<&str>, name: Option<&str>) -> Option<At> {
        self.queue(id, name).map(|queue| queue.last)
    }

    /// By id if the result has one, else by name. A call without an id (Google's own endpoint sends those) is
    /// matched by a result without either.
    fn queue(&mut self, id: Option<&str>, name: Option<&str>) -> Option<&mut Queue> {
        match (id, name) {
            (Some(id), _) => self.by_id.get_mut(id),
            (None, Some(name)) => self.by_name.get_mut(name),
            (None, None) => self.by_id.get_mut(""),
        }
    }
}

fn add(index: &mut HashMap<String, Queue>, key: &str, at: At) {
    let queue = index.entry(key.to_owned()).or_insert_with(|| Queue { steps: Vec::new(), last: at });
    let same_step = queue.last.item == at.item;
    queue.last = at;
    match queue.steps.last_mut().filter(|_| same_step) {
        Some(step) => step.push_back(at),
        None => queue.steps.push(VecDeque::from([at])),
    }
}
