//! What the operating system says of this process. Linux tells; elsewhere nothing is said.

use super::exposition::Page;
use super::names;
use super::recorder::whole;

/// Clock ticks in a second, as `/proc` counts them on every Linux there is.
const TICKS: f64 = 100.0;
const PAGE_BYTES: u64 = 4_096;

/// What the operating system says of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    /// Processor time used.
    pub cpu_seconds: f64,
    /// Memory that is resident.
    pub resident_bytes: u64,
    /// Address space.
    pub virtual_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Files and sockets that are open.
    pub open_fds: u64,
    /// Files and sockets that may be.
    pub max_fds: Option<u64>,
}

impl Process {
    /// Asks; none where the system does not tell.
    pub fn look() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        // The folder is open while it is counted.
        let open_fds = u64::try_from(open.saturating_sub(1)).unwrap_or(0);
        Some(Self { open_fds, max_fds: max_fds(&limits), ..Self::of_stat(&stat)? })
    }

    /// Reads `/proc/self/stat`; the name of the program, in parentheses, may hold anything.
    fn of_stat(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Numbered from 3 in proc(5), from 0 here.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_seconds: whole(field(14)? + field(15)?) / TICKS,
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * PAGE_BYTES,
            ..Self::default()
        })
    }

    /// Puts it on a page.
    pub fn note(self, page: &mut Page) {
        let Self { cpu_seconds, resident_bytes, virtual_bytes, threads, open_fds, max_fds } = self;
        page.set(names::PROCESS_CPU_SECONDS, &[], cpu_seconds);
        page.set(names::PROCESS_RESIDENT_BYTES, &[], whole(resident_bytes));
        page.set(names::PROCESS_VIRTUAL_BYTES, &[], whole(virtual_bytes));
        page.set(names::PROCESS_THREADS, &[], whole(threads));
        page.set(names::PROCESS_OPEN_FDS, &[], whole(open_fds));
        if let Some(max_fds) = max_fds {
            page.set(names::PROCESS_MAX_FDS, &[], whole(max_fds));
        }
    }
}

fn max_fds(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read_whatever_the_program_is_called() {
        let stat =
            "7 (a) b) S 1 7 7 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 9 0 100 8192 3 18446744073709551615";
        let read = Process::of_stat(stat).unwrap();
        let expected = Process {
            cpu_seconds: 2.0,
            resident_bytes: 3 * 4_096,
            virtual_bytes: 8_192,
            threads: 9,
            ..Process::default()
        };
        assert_eq!(read, expected);
        assert_eq!(
            max_fds("Max processes 1 1\nMax open files            1024                 4096   files\n"),
            Some(1_024)
        );
        assert_eq!(Process::of_stat("nonsense"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_seen() {
        let process = Process::look().unwrap();
        assert!(process.resident_bytes > 0 && process.threads > 0 && process.open_fds > 2);
    }
}
