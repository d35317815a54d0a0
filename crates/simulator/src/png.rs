//! A PNG writer for one-colour pictures, of any size in bytes.

/// A valid 8×8 picture; `ballast` bytes of an ancillary chunk make it as heavy as a test wants.
pub(crate) fn picture(colour: [u8; 3], ballast: usize) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &[0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0]);
    if ballast > 0 {
        // Lower-case letters make the chunk ancillary, private and safe to copy.
        chunk(&mut png, *b"simu", &vec![0x5a; ballast]);
    }
    chunk(&mut png, *b"IDAT", &deflated(colour));
    chunk(&mut png, *b"IEND", &[]);
    png
}

/// zlib with one stored block, which needs no compressor.
fn deflated(colour: [u8; 3]) -> Vec<u8> {
    let row: Vec<u8> = std::iter::once(0).chain(colour.into_iter().cycle().take(24)).collect();
    let pixels = row.repeat(8);
    let length = u16::try_from(pixels.len()).unwrap_or(u16::MAX);
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend_from_slice(&length.to_le_bytes());
    stream.extend_from_slice(&(!length).to_le_bytes());
    stream.extend_from_slice(&pixels);
    stream.extend_from_slice(&adler32(&pixels).to_be_bytes());
    stream
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    png.extend_from_slice(&length.to_be_bytes());
    let start = png.len();
    png.extend_from_slice(&kind);
    png.extend_from_slice(data);
    let sum = crc32(png.get(start..).unwrap_or_default());
    png.extend_from_slice(&sum.to_be_bytes());
}

/// Sums of single bytes; without the table, tens of megabytes take seconds.
static CRC: [u32; 256] = crc_table();

#[expect(clippy::cast_possible_truncation, reason = "a table index is below 256")]
const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut sum = at as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        CRC[usize::from(low ^ byte)] ^ (crc >> 8)
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_match_the_published_examples() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn ballast_adds_exactly_its_weight() {
        assert_eq!(picture([1, 2, 3], 1000).len(), picture([1, 2, 3], 0).len() + 1012);
    }
}
