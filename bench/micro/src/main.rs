//! What the parts of one call cost, each by itself.
//!
//! By default in nanoseconds, by `divan`; `micro-bench count` counts instructions under callgrind instead and compares them
//! with `bench/micro/instructions.json`.

mod parts;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use divan::{Bencher, Divan};

use parts::PARTS;

/// One part of a call: its name, and what makes it ready to be done again and again.
#[derive(Clone, Copy)]
struct Part {
    name: &'static str,
    make: fn() -> Box<dyn FnMut()>,
}

/// How often a part is done under callgrind, and once more that often: what is made once falls out of the difference.
const TIMES: u64 = 500;

/// What a figure may be above the recorded one, in hundredths.
const TOLERATED: u64 = 3;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["count"] => count(false),
        ["count", "--record"] => count(true),
        ["do", name, times] => again(name, times.parse()?),
        _ => {
            Divan::from_args().run_benches();
            Ok(())
        }
    }
}

#[divan::bench(args = PARTS)]
fn part(bencher: Bencher<'_, '_>, part: &Part) {
    let mut run = (part.make)();
    bencher.bench_local(&mut *run);
}

/// Does a part so many times; what callgrind is to see.
fn again(name: &str, times: u64) -> anyhow::Result<()> {
    let part = PARTS.iter().find(|part| part.name == name).context("there is no such part")?;
    let mut run = (part.make)();
    (0..times).for_each(|_| run());
    Ok(())
}

fn count(record: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let figures = PARTS.iter().map(|part| {
        let few = watched(part.name, TIMES, folder.path())?;
        let many = watched(part.name, 2 * TIMES, folder.path())?;
        ensure!(many > few, "`{}` does nothing", part.name);
        Ok((part.name.to_owned(), (many - few) / TIMES))
    });
    let figures = figures.collect::<anyhow::Result<BTreeMap<_, _>>>()?;
    instructions::compare(&figures, (Path::new("bench/micro/instructions.json"), TOLERATED), record)
}

/// All instructions of a process that does a part so many times.
fn watched(name: &str, times: u64, folder: &Path) -> anyhow::Result<u64> {
    let profile = folder.join("profile");
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", profile.display()));
    command.arg(std::env::current_exe()?).args(["do", name, &times.to_string()]);
    let done = command.output().context("valgrind is missing")?;
    if !done.status.success() {
        bail!("`{name}` failed: {}", String::from_utf8_lossy(&done.stderr));
    }
    instructions::total(&profile)
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}
