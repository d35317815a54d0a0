//! The little of Protocol Buffers that OTLP needs: a writer of fields.

/// A message being written.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// A number of varying length: integers, flags, enums.
    pub(super) fn varint(&mut self, field: u32, number: u64) {
        self.tag(field, 0);
        self.base128(number);
    }

    /// Eight bytes.
    pub(super) fn fixed64(&mut self, field: u32, number: u64) {
        self.tag(field, 1);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Four bytes.
    pub(super) fn fixed32(&mut self, field: u32, number: u32) {
        self.tag(field, 5);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Bytes or text.
    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, 2);
        self.base128(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// A message inside.
    pub(super) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        let mut inside = Self::default();
        write(&mut inside);
        self.bytes(field, &inside.0);
    }

    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, field: u32, wire: u64) {
        self.base128(u64::from(field) << 3 | wire);
    }

    #[expect(clippy::cast_possible_truncation, reason = "seven bits fit")]
    fn base128(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_encoding_guide_has_them() {
        let written = |write: fn(&mut Message)| {
            let mut message = Message::default();
            write(&mut message);
            message.into_bytes()
        };
        assert_eq!(written(|m| m.varint(1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(written(|m| m.bytes(2, b"testing")), [0x12, 7, b't', b'e', b's', b't', b'i', b'n', b'g']);
        assert_eq!(written(|m| m.message(3, |m| m.varint(1, 150))), [0x1a, 3, 0x08, 0x96, 0x01]);
        assert_eq!(written(|m| m.fixed32(16, 1)), [0x85, 0x01, 1, 0, 0, 0]);
        assert_eq!(written(|m| m.fixed64(7, 2)), [0x39, 2, 0, 0, 0, 0, 0, 0, 0]);
    }
}
