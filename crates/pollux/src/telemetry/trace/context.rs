//! W3C trace context, level 1: what a client's `traceparent` says.

/// The span of a client that a call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The trace.
    pub trace: u128,
    /// The span in it.
    pub span: u64,
    /// Whether the client records it.
    pub sampled: bool,
}

impl Parent {
    /// Reads a `traceparent` header; nothing if it is not as it should be.
    pub fn parse(header: &str) -> Option<Self> {
        let mut pieces = header.trim().split('-');
        let version = hex(pieces.next()?, 2)?;
        let trace = hex(pieces.next()?, 32)?;
        let span = u64::try_from(hex(pieces.next()?, 16)?).ok()?;
        let flags = hex(pieces.next()?, 2)?;
        // Later versions may say more; version 0 does not, and 255 is none.
        let well_formed = version != 255 && (version != 0 || pieces.next().is_none());
        (well_formed && trace != 0 && span != 0).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

fn hex(piece: &str, length: usize) -> Option<u128> {
    let lower = piece.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (piece.len() == length && lower).then(|| u128::from_str_radix(piece, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_or_refused() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent::parse(good).unwrap();
        assert_eq!(parent.trace, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!((parent.span, parent.sampled), (0x00f0_67aa_0ba9_02b7, true));
        let unsampled = good.strip_suffix("01").unwrap().to_owned() + "00";
        assert!(!Parent::parse(&unsampled).unwrap().sampled);
        assert!(Parent::parse(&format!("cc{}-what-comes", good.strip_prefix("00").unwrap())).is_some());
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Parent::parse(bad), None, "{bad}");
        }
    }
}
