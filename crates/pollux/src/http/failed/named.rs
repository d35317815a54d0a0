//! Refusals of calls that name what the user has at Google, or does not have.

use super::Failed;
use crate::resources::Trouble;
use crate::store::StoreError;

impl Failed {
    /// Says why what a call names cannot be used.
    pub(in crate::http) fn from_trouble(trouble: &Trouble) -> Self {
        let code = "resource_not_found";
        match trouble {
            // What others have is as little there as what nobody has; the words are Google's.
            Trouble::Missing(name) => {
                let message = match name.split_once('/') {
                    Some(("files", id)) => {
                        format!("You do not have permission to access the File {id} or it may not exist.")
                    }
                    Some(("cachedContents", _)) => {
                        format!("CachedContent not found (or permission denied): {name}.")
                    }
                    _ => format!("Requested entity was not found: {name}."),
                };
                Self::new(404, "invalid_request_error", code, message).never()
            }
            Trouble::Unreachable(name) => {
                let message = format!(
                    "{name} cannot be reached: the gateway has no key of its project any more. Make it again, or have the \
                     administrator add a key of that project."
                );
                Self::new(404, "invalid_request_error", "resource_unreachable", message).never()
            }
            Trouble::Apart(one, other) => {
                let message = format!(
                    "{one} and {other} live in different Google projects, and no project can read both. Make one of them \
                     again; the gateway puts new ones next to the last."
                );
                Self::new(400, "invalid_request_error", "resources_apart", message).never()
            }
            Trouble::Token => {
                let message =
                    "The page token is none that a list here has given. Leave it out to begin again.";
                Self::new(400, "invalid_request_error", "invalid_page_token", message.to_owned()).never()
            }
            Trouble::Store(error) => Self::from_store(error),
        }
    }

    /// The store did not do what was asked.
    pub(in crate::http) fn from_store(error: &StoreError) -> Self {
        tracing::error!(%error, "what users have at Google cannot be looked up");
        let message = "The gateway cannot look up where this lives. Try again in a moment.";
        Self::new(503, "server_error", "store_unavailable", message.to_owned())
    }
}
