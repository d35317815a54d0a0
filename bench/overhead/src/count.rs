//! What a call costs in instructions, which do not hang on what else the machine does: the gateway runs under callgrind,
//! answers so many calls of each kind, and its counter is read before and after.
//!
//! Only the gateway's own instructions count; what the kernel does for it does not. Each figure is compared with the
//! recorded one, so that a change that makes calls dearer is noticed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, bail, ensure};
use instructions::Figures;
use tokio::task::{JoinSet, LocalSet};

use crate::bodies::{Shape, Surface};
use crate::client::Client;
use crate::options::Options;
use crate::plan;
use crate::pollux;
use crate::target::Target;

/// Connections that ask in turns.
const CONNECTIONS: usize = 8;

/// What a figure may be above the recorded one, in hundredths: how many records a batch for the database holds hangs on time.
const TOLERATED: u64 = 15;

/// A kind of call.
#[derive(Clone, Copy, Debug)]
struct Counted {
    name: &'static str,
    surface: Surface,
    shape: Shape,
    streamed: bool,
    calls: usize,
}

const fn of(name: &'static str, surface: Surface) -> Counted {
    Counted { name, surface, shape: Shape::Small, streamed: false, calls: 400 }
}

const KINDS: &[Counted] = &[
    of("chat", Surface::Chat),
    Counted { streamed: true, calls: 24, ..of("stream of 50 events", Surface::Chat) },
    Counted { shape: Shape::Image, calls: 24, ..of("1 MB image", Surface::Chat) },
    Counted { shape: Shape::Tools, calls: 48, ..of("64 tools, 40 messages", Surface::Chat) },
    of("responses", Surface::Responses),
    of("anthropic", Surface::Anthropic),
    of("native", Surface::Native),
];

/// Where and what.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Count {
    /// The recorded figures.
    #[arg(long, default_value = "bench/instructions.json")]
    recorded: PathBuf,
    /// Records what is found.
    #[arg(long)]
    record: bool,
    /// Keeps callgrind's profiles in this folder, one file for each kind of call.
    #[arg(long)]
    profiles: Option<PathBuf>,
    /// Tells functions apart by so many callers, which a flame graph needs and a list of functions does not.
    #[arg(long, default_value_t = 0)]
    callers: u8,
}

/// Counts every kind, compares and prints.
pub(crate) async fn run(options: &Options, count: &Count) -> anyhow::Result<()> {
    LocalSet::new().run_until(measure(options, count)).await
}

async fn measure(options: &Options, count: &Count) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let profiles = count.profiles.clone().unwrap_or_else(|| folder.path().to_owned());
    fs::create_dir_all(&profiles)?;
    let program = under_callgrind(&options.pollux, folder.path(), (&profiles, count.callers))?;
    let (_upstream, port) = plan::start_upstream().await?;
    plan::pace(port, "50/20/0").await?;
    let gateway = pollux::start(&program, options.core, port, (plan::P1, folder.path())).await?;
    let pid = gateway.process.as_ref().context("no process")?.id();
    let mut figures = Figures::new();
    for (at, kind) in KINDS.iter().filter(|kind| kind.name.contains(&options.only)).enumerate() {
        // Twice: what is made once and kept (connections, series, memory) belongs to nobody's call.
        ask(&gateway, kind, kind.calls / 4).await?;
        dump(pid)?;
        ask(&gateway, kind, kind.calls).await?;
        dump(pid)?;
        let profile = profiles.join(format!("profile.{}", at * 2 + 2));
        let calls = u64::try_from(kind.calls).unwrap_or(u64::MAX);
        figures.insert(kind.name.to_owned(), instructions::total(&profile)? / calls);
        fs::rename(&profile, profiles.join(kind.name.replace([' ', ','], "-") + ".callgrind"))?;
    }
    if let Some(process) = gateway.process {
        process.stop().await;
    }
    ensure!(!count.record || options.only.is_empty(), "only everything can be recorded");
    instructions::compare(&figures, (&count.recorded, TOLERATED), count.record)
}

/// A script that runs the gateway under callgrind in the same process.
fn under_callgrind(
    pollux: &Path,
    folder: &Path,
    (profiles, callers): (&Path, u8),
) -> anyhow::Result<PathBuf> {
    let pollux = fs::canonicalize(pollux).with_context(|| format!("there is no {}", pollux.display()))?;
    let profile = fs::canonicalize(profiles)?.join("profile");
    let script = folder.join("pollux-under-callgrind");
    let text = format!(
        "#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin exec valgrind --tool=callgrind --separate-callers={callers} '--callgrind-out-file={}' '{}' \"$@\"\n",
        profile.display(),
        pollux.display()
    );
    fs::write(&script, text)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(script)
}

async fn ask(target: &Target, kind: &Counted, calls: usize) -> anyhow::Result<()> {
    let call = Rc::new(target.call(kind.surface, kind.shape, kind.streamed));
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (call, port) = (Rc::clone(&call), target.port);
        workers.spawn_local(async move {
            let mut client = Client::connect(port).await?;
            for _ in 0..calls / CONNECTIONS {
                let came = client.ask(&call).await?;
                ensure!(came.well, "an answer was no 200");
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = workers.join_next().await {
        done?.with_context(|| format!("`{}` is not answered", kind.name))?;
    }
    Ok(())
}

/// Writes the profile and begins a new one.
fn dump(pid: u32) -> anyhow::Result<()> {
    let told = Command::new("callgrind_control").arg("--dump").arg(pid.to_string()).output();
    let told = told.context("callgrind_control is missing; it comes with valgrind")?;
    if !told.status.success() {
        bail!("callgrind_control: {}", String::from_utf8_lossy(&told.stderr));
    }
    Ok(())
}
