//! Which text of the answer went where in `content`.

/// What a part holds, as far as numbering is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::openai::chat) enum Kind {
    Text,
    Thought,
    Other,
}

/// The answer's text, with Google's part numbers on one side and places in `content` on the other.
#[derive(Clone, Debug, Default)]
pub(in crate::openai::chat) struct Ledger {
    /// All answer text, parts joined; what we put between (fences, images) is not in it.
    text: String,
    runs: Vec<Run>,
    /// Parts begun, and the kind of the last if it may go on.
    parts: usize,
    last: Option<Kind>,
    /// Characters of `content` so far.
    characters: usize,
    hop_start: usize,
}

/// A stretch of text that is unbroken both in its part and in `content`.
#[derive(Clone, Copy, Debug)]
struct Run {
    part: usize,
    /// Byte in `text`.
    byte: usize,
    /// Character in `content`.
    character: usize,
}

impl Ledger {
    /// A part begins. The first of an event goes on with the last of the event before, if they are alike.
    pub(in crate::openai::chat) fn part(&mut self, kind: Kind, first_of_event: bool) {
        let goes_on = first_of_event && kind != Kind::Other && self.last == Some(kind);
        if !goes_on {
            self.parts += 1;
            self.last = Some(kind);
        }
    }

    /// Answer text was written to `content`.
    pub(in crate::openai::chat) fn text(&mut self, text: &str) {
        let run =
            Run { part: self.parts.saturating_sub(1), byte: self.text.len(), character: self.characters };
        let goes_on = self.runs.last().is_some_and(|last| {
            last.part == run.part && last.character + count(self.text.get(last.byte..)) == run.character
        });
        if !goes_on {
            self.runs.push(run);
        }
        self.text.push_str(text);
        self.characters += count(Some(text));
    }

    /// Something of our own was written to `content`.
    pub(in crate::openai::chat) fn insertion(&mut self, text: &str) {
        self.characters += count(Some(text));
    }

    /// What follows comes from another upstream call: it goes on with no part.
    pub(in crate::openai::chat) fn next_hop(&mut self) {
        self.hop_start = self.text.len();
        self.last = None;
    }

    /// The byte at which the text of this hop begins.
    pub(super) fn hop_start(&self) -> usize {
        self.hop_start
    }

    /// Parts begun so far.
    pub(super) fn parts(&self) -> usize {
        self.parts
    }

    /// Bytes of text so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The byte at which a part begins; the running hop's first byte for a part without text.
    pub(super) fn part_start(&self, part: usize) -> usize {
        let run = self.runs.iter().find(|run| run.part == part);
        run.map_or(self.hop_start, |run| run.byte)
    }

    pub(super) fn get(&self, (start, end): (usize, usize)) -> Option<&str> {
        self.text.get(start..end)
    }

    /// The first place of a passage: in this hop, else anywhere.
    pub(super) fn find(&self, passage: &str) -> Option<(usize, usize)> {
        let here = self.text.get(self.hop_start..).and_then(|text| text.find(passage));
        let start = here.map(|at| at + self.hop_start).or_else(|| self.text.find(passage))?;
        Some((start, start + passage.len()))
    }

    /// The character of `content` at which a passage starting at this byte starts.
    pub(super) fn start_character(&self, byte: usize) -> usize {
        self.character(byte, self.runs.partition_point(|run| run.byte <= byte))
    }

    /// The character of `content` at which a passage ending at this byte ends.
    pub(super) fn end_character(&self, byte: usize) -> usize {
        self.character(byte, self.runs.partition_point(|run| run.byte < byte))
    }

    fn character(&self, byte: usize, runs_before: usize) -> usize {
        let run = runs_before.checked_sub(1).and_then(|last| self.runs.get(last));
        run.map_or(0, |run| run.character + count(self.text.get(run.byte..byte)))
    }
}

fn count(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}
