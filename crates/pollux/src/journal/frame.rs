//! How a record lies in a segment: length, checksum, number, JSON.
//!
//! A frame that is not whole is how a crash looks; one whose checksum is wrong is damage.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use crate::store::usage::{Record, Sequenced};

/// Sixteen bytes in a step: every record is summed up twice.
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
/// Length and checksum, four bytes each, little end first; number, eight bytes.
const HEAD: usize = 16;
/// No record is longer: a length beyond it is damage.
const LONGEST: usize = 1 << 20;

/// What lies at a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record, and how many bytes it takes.
    Record(Box<Sequenced>, usize),
    /// The beginning of one, or nothing.
    Incomplete,
    /// Something else.
    Damaged,
}

/// Appends a record.
///
/// # Errors
/// When it cannot be said in JSON.
pub(super) fn write(out: &mut Vec<u8>, sequence: u64, record: &Record) -> serde_json::Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&sequence.to_le_bytes());
    if let Err(error) = serde_json::to_writer(&mut *out, record) {
        out.truncate(start);
        return Err(error);
    }
    let body = out.get(start + 8..).unwrap_or_default();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    let checksum = CRC.checksum(body).to_le_bytes();
    for (to, from) in out.iter_mut().skip(start).zip(length.into_iter().chain(checksum)) {
        *to = from;
    }
    Ok(())
}

/// Reads what lies at the beginning of these bytes.
pub(super) fn read(bytes: &[u8]) -> Found {
    let Some((head, rest)) = bytes.split_at_checked(8) else { return Found::Incomplete };
    let number = |at: usize| {
        let four = head.get(at..at + 4).and_then(|four| four.try_into().ok());
        u32::from_le_bytes(four.unwrap_or_default())
    };
    let length = usize::try_from(number(0)).unwrap_or(usize::MAX);
    if !(HEAD - 8..=LONGEST).contains(&length) {
        return Found::Damaged;
    }
    let Some(body) = rest.get(..length) else { return Found::Incomplete };
    if CRC.checksum(body) != number(4) {
        return Found::Damaged;
    }
    let (sequence, json) = body.split_at(HEAD - 8);
    let sequence = u64::from_le_bytes(sequence.try_into().unwrap_or_default());
    match serde_json::from_slice(json) {
        Ok(record) => Found::Record(Box::new(Sequenced { sequence, record }), 8 + length),
        Err(_) => Found::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(id: &str) -> Record {
        Record { id: id.to_owned(), began_ms: 7, ..Record::default() }
    }

    #[test]
    fn what_was_written_is_read_and_what_is_cut_is_incomplete() {
        let mut bytes = Vec::new();
        write(&mut bytes, 1, &record("a")).unwrap();
        let first = bytes.len();
        write(&mut bytes, 2, &record("b")).unwrap();
        let Found::Record(found, length) = read(&bytes) else { panic!() };
        assert_eq!((found.sequence, found.record, length), (1, record("a"), first));
        let Found::Record(found, _) = read(&bytes[first..]) else { panic!() };
        assert_eq!((found.sequence, found.record), (2, record("b")));
        for end in 0..first {
            assert_eq!(read(&bytes[..end]), Found::Incomplete, "{end}");
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_damage_or_a_frame_that_never_ends(at in 0_usize..200, bit in 0_u8..8) {
            let mut bytes = Vec::new();
            write(&mut bytes, 1, &record("a")).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(!matches!(read(&bytes), Found::Record(..)));
        }

        #[test]
        fn any_bytes_are_read_without_a_crash(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
