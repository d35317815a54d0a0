//! What a gateway finds around it, and what tests and simulations put in its place.

use std::sync::Arc;

use crate::clock::Clock;
use crate::id::Dice;
use crate::store::Store;
use crate::upstream::Pipes;

/// What a gateway finds around it: with the same surroundings, settings and calls it does the same again.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How that falls out which may be decided either way.
    pub dice: Dice,
    /// Takes the connections to Google, instead of the network.
    pub pipes: Option<Arc<dyn Pipes>>,
    /// Keeps what is kept, instead of the database that the configuration names.
    pub store: Option<Arc<dyn Store>>,
}

impl Surroundings {
    /// The network, the configured database, and dice that nobody can foretell.
    pub fn real(clock: Arc<dyn Clock>) -> Self {
        Self { clock, dice: Dice::of_system(), pipes: None, store: None }
    }
}
