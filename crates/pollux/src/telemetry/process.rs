//! What this process takes of the machine, as far as the system tells.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Ticks of the processor's clock in a second, as Linux counts them towards programs.
const TICKS: u64 = 100;

/// What the process takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory in use, in bytes.
    pub memory: u64,
    /// Time the processors have worked for it.
    pub cpu: Duration,
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
        Self::read(&status, &stat)
    }

    fn read(status: &str, stat: &str) -> Option<Self> {
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = resident.split_whitespace().next()?.parse().ok()?;
        // The name of the program, in parentheses, may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        let worked = ticks()? + ticks()?;
        Some(Self { memory: kilobytes << 10, cpu: Duration::from_millis(worked * 1_000 / TICKS) })
    }
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
        let status = "Name:\tpollux\nVmPeak:\t  999 kB\nVmRSS:\t   2048 kB\n";
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";
        let expected = Usage { memory: 2 << 20, cpu: Duration::from_secs(2) };
        assert_eq!(Usage::read(status, stat), Some(expected));
        assert_eq!(Usage::read("", stat), None);
        assert_eq!(Usage::read(status, "7 (pollux S"), None);
    }

    #[test]
    fn the_share_is_of_the_time_since_the_last_look() {
        let share = CpuShare::default();
        let at = |ms| Usage { memory: 0, cpu: Duration::from_millis(ms) };
        assert!((share.look(at(500), 1_000, 3_000) - 25.0).abs() < 1e-9);
        assert!((share.look(at(600), 1_000, 3_100) - 25.0).abs() < 1e-9, "too soon to tell");
        assert!((share.look(at(2_500), 1_000, 5_000) - 100.0).abs() < 1e-9);
        assert!(share.look(at(2_500), 1_000, 7_000).abs() < 1e-9);
        assert!(share.look(at(2_500), 1_000, 6_000).abs() < 1e-9, "a clock that was set back");
    }
}
