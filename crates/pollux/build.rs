//! Makes a table of the console's files (`console/dist`, built by `make console`), for `http::console` to embed. Where
//! nothing was built the table is empty, and a page in its place says how to.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = root.join("../../console/dist");
    // The folder is in the repository, empty: a path that is not there would make Cargo build again each time.
    println!("cargo::rerun-if-changed=../../console/dist");
    println!("cargo::rerun-if-changed=build.rs");
    let mut names = Vec::new();
    if dist.join("index.html").is_file() {
        names.push("index.html".to_owned());
        names.extend(assets(&dist)?);
    }
    let mut table = String::from("&[\n");
    for name in &names {
        row(&mut table, &dist.canonicalize()?, name);
    }
    table.push_str("]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("console.rs"), table)
}

/// The files with a hash in their names, without their compressed twins.
fn assets(dist: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dist.join("assets"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let twin = Path::new(&name).extension().is_some_and(|kind| kind == "br" || kind == "gz");
        if !twin {
            names.push(format!("assets/{name}"));
        }
    }
    names.sort();
    Ok(names)
}

fn row(table: &mut String, dist: &Path, name: &str) {
    let path = dist.join(name);
    let twin = |kind: &str| {
        let path = dist.join(format!("{name}.{kind}"));
        if path.is_file() { format!("Some(include_bytes!({:?}))", text(&path)) } else { "None".to_owned() }
    };
    let (gzip, brotli) = (twin("gz"), twin("br"));
    // Writing to a text does not fail.
    let _ = writeln!(
        table,
        "File {{ path: {name:?}, plain: include_bytes!({:?}), gzip: {gzip}, brotli: {brotli} }},",
        text(&path)
    );
}

/// A path, to be written as a text of Rust.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
