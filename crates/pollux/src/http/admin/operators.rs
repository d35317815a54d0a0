//! Operators with a name: `/admin/operators`.

pub(super) mod add;
pub(super) mod change;
pub(super) mod delete;
pub(super) mod list;
pub(super) mod show;

use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;
use super::fields::Fields;
use crate::clock;
use crate::operators::{Person, Role};
use crate::store::record::OperatorRow;

/// An operator. Its password is nobody's business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operator)]
pub(in crate::http::admin) struct Shown {
    pub(in crate::http::admin) id: String,
    name: String,
    /// `viewer` or `admin`.
    role: String,
    enabled: bool,
    created_at: String,
    /// When it last logged in.
    last_login_at: Option<String>,
}

impl From<&Person> for Shown {
    fn from(person: &Person) -> Self {
        let OperatorRow { id, name, role, enabled, created_at, seen_at, password: _, updated_at: _ } =
            person.row();
        Self {
            id: id.clone(),
            name: name.clone(),
            role: role.clone(),
            enabled: *enabled,
            created_at: clock::iso(*created_at),
            last_login_at: seen_at.map(clock::iso),
        }
    }
}

fn role(fields: &Fields) -> Result<Option<Role>, Problem> {
    let Some(name) = fields.text("role")? else { return Ok(None) };
    Role::of(name).map(Some).ok_or_else(|| Problem::field("role", "must be `viewer` or `admin`"))
}
