//! What kind of media some bytes, a file name or a sloppy media type stand for (`wire.md` §4.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// File extensions and their media types.
const EXTENSIONS: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("svg", "image/svg+xml"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("xml", "text/xml"),
    ("json", "application/json"),
    ("js", "text/javascript"),
    ("py", "text/x-python"),
    ("mp3", "audio/mp3"),
    ("wav", "audio/wav"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/opus"),
    ("aac", "audio/aac"),
    ("m4a", "audio/m4a"),
    ("aiff", "audio/aiff"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("avi", "video/x-msvideo"),
    ("webm", "video/webm"),
    ("wmv", "video/wmv"),
    ("3gp", "video/3gpp"),
    ("flv", "video/x-flv"),
];

/// Media types that mean another one, or none.
const SLOPPY: &[(&str, &str)] = &[
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("audio/x-wav", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("application/x-pdf", "application/pdf"),
    ("application/octet-stream", ""),
    ("binary/octet-stream", ""),
    ("image/*", ""),
];

/// `input_audio.format` and its media type.
const AUDIO_FORMATS: &[(&str, &str)] =
    &[("pcm16", "audio/pcm;rate=24000"), ("pcm", "audio/pcm;rate=24000"), ("mpeg", "audio/mp3")];

/// The media type as Google writes it; `None` for one that says nothing.
pub(super) fn canonical(mime: &str) -> Option<String> {
    let mime = mime.trim().to_ascii_lowercase();
    let known = SLOPPY.iter().find(|(sloppy, _)| *sloppy == mime).map(|(_, right)| (*right).to_owned());
    Some(known.unwrap_or(mime)).filter(|mime| mime.contains('/'))
}

/// The media type of an `input_audio.format`.
pub(super) fn of_audio_format(format: &str) -> Option<&'static str> {
    let format = format.to_ascii_lowercase();
    let format = format.strip_prefix("audio/").unwrap_or(&format);
    let special = AUDIO_FORMATS.iter().find(|(name, _)| *name == format).map(|(_, mime)| *mime);
    special.or_else(|| of_extension(format).filter(|mime| mime.starts_with("audio/")))
}

/// The media type of a file name or the path of a URL.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    let path = name.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    of_extension(file.rsplit_once('.')?.1)
}

fn of_extension(extension: &str) -> Option<&'static str> {
    let extension = extension.to_ascii_lowercase();
    EXTENSIONS.iter().find(|(name, _)| *name == extension).map(|(_, mime)| *mime)
}

/// The media type by the first bytes of base64 data (standard alphabet).
pub(super) fn sniff(data: &str) -> Option<&'static str> {
    let head = data.get(..64).unwrap_or(data).trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(head).ok()?;
    of_bytes(&bytes)
}

fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"ID3", "audio/mp3"),
        (b"\xff\xfb", "audio/mp3"),
        (b"\xff\xf3", "audio/mp3"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"BM", "image/bmp"),
    ];
    let by_start = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, mime)| *mime);
    by_start.or_else(|| match (bytes.get(..4)?, bytes.get(4..8)?, bytes.get(8..12)?) {
        (b"RIFF", _, b"WEBP") => Some("image/webp"),
        (b"RIFF", _, b"WAVE") => Some("audio/wav"),
        (b"RIFF", _, b"AVI ") => Some("video/x-msvideo"),
        (b"FORM", _, b"AIFF" | b"AIFC") => Some("audio/aiff"),
        (_, b"ftyp", b"heic" | b"heix") => Some("image/heic"),
        (_, b"ftyp", b"mif1" | b"msf1") => Some("image/heif"),
        (_, b"ftyp", b"avif") => Some("image/avif"),
        (_, b"ftyp", b"M4A ") => Some("audio/m4a"),
        (_, b"ftyp", b"qt  ") => Some("video/quicktime"),
        (_, b"ftyp", _) => Some("video/mp4"),
        _ => None,
    })
}
