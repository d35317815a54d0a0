//! Who is there: projects, keys, and what each project is allowed of each model.

/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;

/// What one project is allowed of one model; none is no limit, 0 is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The model's id.
    pub name: String,
    /// Requests a minute.
    pub rpm: Option<u64>,
    /// Input tokens a minute.
    pub tpm: Option<u64>,
    /// Requests a Pacific day.
    pub rpd: Option<u64>,
}

/// A key of a project.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Whose it is.
    pub project: usize,
    /// Google says that it is not valid.
    pub dead: bool,
}

/// The pool as Google knows it.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// How many projects there are.
    pub projects: usize,
    /// All keys.
    pub keys: Vec<Key>,
    /// What each project may use.
    pub models: Vec<Model>,
    /// Projects whose day is half used up before the first call.
    pub half_used: Vec<usize>,
    /// When that day ends.
    pub half_used_until: i64,
    /// Google calls its projects free.
    pub free: bool,
}

impl World {
    /// So many projects with so many keys each, all alike and fresh.
    pub fn of(projects: usize, keys_per_project: usize, models: Vec<Model>) -> Self {
        let of_project = |project| (0..keys_per_project).map(move |_| Key { project, dead: false });
        let keys = (0..projects).flat_map(of_project).collect();
        Self { projects, keys, models, half_used: Vec::new(), half_used_until: 0, free: true }
    }

    /// Has at least one key that works.
    pub fn is_alive(&self, project: usize) -> bool {
        self.keys.iter().any(|key| key.project == project && !key.dead)
    }

    /// What is used of a project's day of so many requests before the first call.
    pub fn used_before(&self, project: usize, rpd: u64) -> u64 {
        if self.half_used.contains(&project) { rpd / 2 } else { 0 }
    }
}
