//! Everything that is wrong with a request, said at once.

use super::Problem;

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Complaints(Vec<Problem>);

impl Complaints {
    /// What was read, if it could be; else the problem is noted.
    pub(super) fn take<T>(&mut self, read: Result<T, Problem>) -> Option<T> {
        read.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Notes a problem.
    pub(super) fn add(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Goes on if nothing was wrong.
    pub(super) fn end(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::of_all(self.0)) }
    }
}
