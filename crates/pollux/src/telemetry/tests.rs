//! The log as it leaves the program.

use std::sync::{Arc, Mutex};

use super::*;

/// Collects what is written.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(filter: &str, format: Format, work: impl FnOnce()) -> String {
    let sink = Sink::default();
    let settings = Settings { filter: String::from(filter), format };
    let writer = sink.clone();
    let subscriber = subscriber(&settings, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, work);
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// A made-up key in each of the forms Google uses.
fn canaries() -> [String; 2] {
    [format!("AIza{}", "Canary0".repeat(5)), format!("AQ.{}", "Canary-1".repeat(4))]
}

#[test]
fn a_key_logged_by_mistake_is_blotted_out() {
    for format in [Format::Text, Format::Json] {
        for key in canaries() {
            let text = logged("info", format, || {
                let span = tracing::info_span!("call", key = key.as_str());
                let _inside = span.enter();
                tracing::info!(field = key.as_str(), debug = ?Some(&key), "the key {key} and https://x/?key={key}");
            });
            assert!(!text.contains("Canary"), "{text}");
            assert!(text.contains("***") && text.contains("the key"), "{text}");
        }
    }
}

#[test]
fn json_lines_stay_json() {
    let [key, _] = canaries();
    let text = logged("info", Format::Json, || {
        tracing::info!(n = 1, "before");
        tracing::warn!(key = key.as_str(), "after \"{key}\"");
    });
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["n"], &lines[1]["message"]), (2, &1.into(), &"after \"***\"".into()));
}

#[test]
fn the_filter_chooses() {
    let work = || {
        tracing::debug!("small");
        tracing::info!("large");
    };
    assert!(!logged("info", Format::Text, work).contains("small"));
    assert!(logged("info,pollux=debug", Format::Text, work).contains("small"));
    assert_eq!(logged("off", Format::Text, work), "");
    assert!(check_filter("info,pollux::relay=debug").is_ok());
    assert!(check_filter("pollux=loud").is_err());
}

#[test]
fn a_panic_says_what_it_says() {
    assert_eq!(said(&"text"), "text");
    assert_eq!(said(&String::from("owned")), "owned");
    assert_eq!(said(&7), "(no message)");
}
