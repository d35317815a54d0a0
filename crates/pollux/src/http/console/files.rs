//! The console's files as they were embedded, each also compressed.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

/// Every file; none if the console was not built.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// A file of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct File {
    path: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

/// The file at this path, which is relative to the page.
pub(super) fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

impl File {
    /// The file, as small as the browser takes it.
    pub(super) fn answer(&self, asked: &HeaderMap) -> Response {
        let (body, coding) = self.best(|coding| takes(asked, coding));
        let mut response = Response::new(Body::from(body));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.kind());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    }

    fn best(&self, takes: impl Fn(&str) -> bool) -> (&'static [u8], Option<&'static str>) {
        let brotli = self.brotli.filter(|_| takes("br")).map(|body| (body, Some("br")));
        let gzip = || self.gzip.filter(|_| takes("gzip")).map(|body| (body, Some("gzip")));
        brotli.or_else(gzip).unwrap_or((self.plain, None))
    }

    fn kind(&self) -> HeaderValue {
        HeaderValue::from_static(match self.path.rsplit('.').next().unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        })
    }
}

/// Whether a coding is among those that a browser takes, and not as one it refuses.
fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let offers = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| {
        let (name, terms) = offer.split_once(';').unwrap_or((offer, ""));
        let refused = matches!(terms.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File =
        File { path: "assets/a-1.js", plain: b"plain", gzip: Some(b"gzip"), brotli: Some(b"brotli") };

    fn answer(accepted: &str) -> (Option<String>, String) {
        let mut asked = HeaderMap::new();
        asked.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
        let response = FILE.answer(&asked);
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (text(header::CONTENT_ENCODING), text(header::CONTENT_TYPE).unwrap_or_default())
    }

    #[test]
    fn a_browser_gets_what_it_takes() {
        let javascript = "text/javascript; charset=utf-8".to_owned();
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip;q=1.0, BR", Some("br")),
            ("gzip, br;q=0", Some("gzip")),
            ("deflate", None),
            ("", None),
            ("brr", None),
        ] {
            assert_eq!(answer(accepted), (coding.map(str::to_owned), javascript.clone()), "{accepted}");
        }
    }

    #[test]
    fn what_is_embedded_is_whole_and_names_nothing_outside() {
        for file in FILES {
            assert!(!file.plain.is_empty(), "{}", file.path);
        }
        let Some(page) = find("index.html") else { return };
        let text = std::str::from_utf8(page.plain).unwrap();
        assert!(!text.contains("<script>") && !text.contains("style=") && !text.contains("://"), "{text}");
        for name in text.split("=\"./").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(find(name).is_some(), "{name}");
        }
    }
}
