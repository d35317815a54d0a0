//! A writer that blots out what looks like a key, whatever a line is made of.

use std::io::{self, Write};

use dialect::gemini::redact::redact;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Writers of `W` that see redacted lines only.
#[derive(Debug)]
pub(super) struct Redacting<W>(pub(super) W);

/// One such writer. A line arrives in one piece, which the format layer sees to.
#[derive(Debug)]
pub(super) struct Line<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Redacting<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        Line(self.0.make_writer_for(metadata))
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(line) {
            Ok(line) => self.0.write_all(redact(line).as_bytes())?,
            Err(_) => self.0.write_all(redact(&String::from_utf8_lossy(line)).as_bytes())?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
