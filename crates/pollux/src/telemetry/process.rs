//! What this process takes of the machine, as far as the system tells.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::exposition::Page;
use super::names;
use super::recorder::whole;

/// Ticks of the processor's clock in a second, as Linux counts them towards programs.
const TICKS: u64 = 100;

/// What the process takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory in use, in bytes.
    pub memory: u64,
    /// Time the processors have worked for it.
    pub cpu: Duration,
    /// Address space, in bytes.
    pub address_space: u64,
    /// Threads.
    pub threads: u64,
    /// Files and sockets that are open.
    pub open_files: u64,
    /// Files and sockets that may be.
    pub most_files: Option<u64>,
}

/// The share of one processor since the last look.
#[derive(Debug, Default)]
pub struct CpuShare(Mutex<Look>);

#[derive(Clone, Copy, Debug, Default)]
struct Look {
    at_ms: i64,
    cpu: Duration,
    share: f64,
}

impl Usage {
    /// What holds now; `None` where the system has no `/proc`.
    pub fn now() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        // The folder is open while it is counted.
        let open_files = u64::try_from(open.saturating_sub(1)).unwrap_or(0);
        Some(Self { open_files, most_files: most_files(&limits), ..Self::read(&status, &stat)? })
    }

    fn read(status: &str, stat: &str) -> Option<Self> {
        let number = |name| first_number(status.lines().find_map(|line| line.strip_prefix(name))?);
        // The name of the program, in parentheses, may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        let worked = ticks()? + ticks()?;
        Some(Self {
            memory: number("VmRSS:")? << 10,
            cpu: Duration::from_millis(worked * 1_000 / TICKS),
            address_space: number("VmSize:").unwrap_or(0) << 10,
            threads: number("Threads:").unwrap_or(0),
            ..Self::default()
        })
    }

    /// Puts it on a page.
    pub fn note(self, page: &mut Page) {
        let Self { memory, cpu, address_space, threads, open_files, most_files } = self;
        page.set(names::PROCESS_CPU_SECONDS, &[], cpu.as_secs_f64());
        page.set(names::PROCESS_RESIDENT_BYTES, &[], whole(memory));
        page.set(names::PROCESS_VIRTUAL_BYTES, &[], whole(address_space));
        page.set(names::PROCESS_THREADS, &[], whole(threads));
        page.set(names::PROCESS_OPEN_FDS, &[], whole(open_files));
        if let Some(most_files) = most_files {
            page.set(names::PROCESS_MAX_FDS, &[], whole(most_files));
        }
    }
}

fn most_files(limits: &str) -> Option<u64> {
    first_number(limits.lines().find_map(|line| line.strip_prefix("Max open files"))?)
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

impl CpuShare {
    /// The share, in percent of one processor, since the last look that was at least a second ago; the first look takes
    /// the time since `started_ms`.
    pub fn look(&self, usage: Usage, started_ms: i64, now_ms: i64) -> f64 {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = if last.at_ms == 0 { started_ms } else { last.at_ms };
        let passed = Duration::from_millis(u64::try_from(now_ms - since).unwrap_or(0));
        if passed >= Duration::from_secs(1) {
            let worked = usage.cpu.saturating_sub(last.cpu);
            let share = 100.0 * worked.as_secs_f64() / passed.as_secs_f64();
            *last = Look { at_ms: now_ms, cpu: usage.cpu, share };
        }
        last.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_writes_is_understood() {
        let status = "Name:\tpollux\nVmPeak:\t  999 kB\nVmSize:\t 4096 kB\nVmRSS:\t   2048 kB\nThreads:\t9\n";
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";
        let cpu = Duration::from_secs(2);
        let expected = Usage { memory: 2 << 20, cpu, address_space: 4 << 20, threads: 9, ..Usage::default() };
        assert_eq!(Usage::read(status, stat), Some(expected));
        let limits = "Max processes 1 1\nMax open files            1024                 4096   files\n";
        assert_eq!(most_files(limits), Some(1_024));
        assert_eq!(Usage::read("", stat), None);
        assert_eq!(Usage::read(status, "7 (pollux S"), None);
    }

    #[test]
    fn the_share_is_of_the_time_since_the_last_look() {
        let share = CpuShare::default();
        let at = |ms| Usage { cpu: Duration::from_millis(ms), ..Usage::default() };
        assert!((share.look(at(500), 1_000, 3_000) - 25.0).abs() < 1e-9);
        assert!((share.look(at(600), 1_000, 3_100) - 25.0).abs() < 1e-9, "too soon to tell");
        assert!((share.look(at(2_500), 1_000, 5_000) - 100.0).abs() < 1e-9);
        assert!(share.look(at(2_500), 1_000, 7_000).abs() < 1e-9);
        assert!(share.look(at(2_500), 1_000, 6_000).abs() < 1e-9, "a clock that was set back");
    }
}
