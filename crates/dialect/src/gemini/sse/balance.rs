//! Where a JSON value ends, found without parsing it: brackets are counted, strings are stepped over.

/// The state between two bytes of JSON.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Balance {
    /// Is no value open?
    pub(super) fn is_outside(self) -> bool {
        self.depth == 0 && !self.in_string
    }

    /// Takes a line and says whether everything opened is closed after it.
    pub(super) fn line(&mut self, line: &[u8]) -> bool {
        let mut at = 0;
        while let Some(end) = self.element_end(line, at) {
            at = end;
        }
        self.is_outside()
    }

    /// Looks at `bytes` from `from` on and gives the position after the bracket that closes the value.
    pub(super) fn element_end(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(&byte) = bytes.get(at) {
            if self.in_string && !self.escaped && byte != b'"' && byte != b'\\' {
                // Most of a large event is the inside of one string.
                at += bytes.get(at..)?.iter().take_while(|&&byte| byte != b'"' && byte != b'\\').count();
                continue;
            }
            at += 1;
            if self.step(byte) {
                return Some(at);
            }
        }
        None
    }

    /// Takes one byte; true if it closes the outermost bracket.
    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            let plain = !self.escaped;
            self.escaped = plain && byte == b'\\';
            self.in_string = !(plain && byte == b'"');
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                let was_open = self.depth > 0;
                self.depth = self.depth.saturating_sub(1);
                return was_open && self.depth == 0;
            }
            _ => {}
        }
        false
    }
}
