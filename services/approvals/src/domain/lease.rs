//! Leases: one person at a time works on a question, and nobody for ever.

use chrono::Duration;
use common::{DateTime, Identity};
use uuid::Uuid;

/// How long a claim holds, in minutes.
const MINUTES: i64 = 10;

/// Somebody's claim on a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The user or API key.
    pub(crate) holder: Uuid,
    /// The holder's name, for people.
    pub(crate) name: String,
    /// From this moment on it is void.
    pub(crate) expires_at: DateTime,
}

impl Lease {
    /// A full lease from now on.
    pub(crate) fn begin(identity: &Identity, now: DateTime) -> Self {
        Self {
            holder: identity.principal.id(),
            name: identity.display_name.clone(),
            expires_at: now + Duration::minutes(MINUTES),
        }
    }

    /// Whether it still holds.
    pub(crate) fn holds(&self, now: DateTime) -> bool {
        now < self.expires_at
    }
}
