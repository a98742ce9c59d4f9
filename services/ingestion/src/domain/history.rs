//! Who changes records: people and the keys they gave out, or the system by itself.

use common::Actor;
use common::identity::ActorKind;

/// Whether a person or an API key acted. What those did, no revert overwrites.
pub(crate) const fn is_person(actor: &Actor) -> bool {
    match actor.kind {
        ActorKind::User | ActorKind::ApiKey => true,
        ActorKind::Integration | ActorKind::Service => false,
    }
}
