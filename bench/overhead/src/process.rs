//! A process under test: its processor time and its memory, as the kernel counts them.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context;
use tokio::process::{Child, Command};

/// Clock ticks in a second, on every Linux there is.
const TICKS: f64 = 100.0;

/// A child process, bound to a core, killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: u32,
}

impl Process {
    /// Starts `program` on this core, with its output in a file.
    pub(crate) fn start(
        program: &Path,
        core: usize,
        log: &Path,
        with: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let log = std::fs::File::create(log).context("cannot make a log file")?;
        let mut command = Command::new("taskset");
        command.arg("-c").arg(core.to_string()).arg(program);
        with(&mut command);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().context("the process ended at once")?;
        Ok(Self { child, pid })
    }

    /// Its number, which is also the program's: taskset makes way for it.
    pub(crate) fn id(&self) -> u32 {
        self.pid
    }

    /// Seconds of processor time so far, of the process and its children that are alive.
    pub(crate) fn cpu(&self) -> f64 {
        self.family().into_iter().map(cpu_of).sum()
    }

    /// Resident memory now, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.family().into_iter().map(|pid| status(pid, "VmRSS:")).sum()
    }

    /// Resident memory at its highest, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.family().into_iter().map(|pid| status(pid, "VmHWM:")).sum()
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) {
        let _ = self.child.kill().await;
    }

    fn family(&self) -> Vec<u32> {
        let path = format!("/proc/{0}/task/{0}/children", self.pid);
        let children = std::fs::read_to_string(path).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        std::iter::once(self.pid).chain(children).collect()
    }
}

fn cpu_of(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name is in brackets and may hold anything; user and system time are the 12th and 13th field after it.
    let after = stat.rsplit_once(')').map(|(_, after)| after).unwrap_or_default();
    let times = after.split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

fn status(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() * 1024
}
