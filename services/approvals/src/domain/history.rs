//! What happened to a question, step by step.

use common::{Actor, DateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// The question was put.
    Requested,
    /// Somebody took it.
    Claimed,
    /// The holder took it for longer.
    Renewed,
    /// The holder let it go.
    Released,
    /// Somebody agreed with the proposal.
    Approved,
    /// Somebody decided otherwise.
    Overridden,
    /// A newer question took its place, or its record was archived.
    Expired,
    /// Its record was restored.
    Reopened,
}

impl Action {
    const ALL: [Self; 8] = [
        Self::Requested,
        Self::Claimed,
        Self::Renewed,
        Self::Released,
        Self::Approved,
        Self::Overridden,
        Self::Expired,
        Self::Reopened,
    ];

    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Claimed => "claimed",
            Self::Renewed => "renewed",
            Self::Released => "released",
            Self::Approved => "approved",
            Self::Overridden => "overridden",
            Self::Expired => "expired",
            Self::Reopened => "reopened",
        }
    }

    /// The action of that name, if there is one.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HistoryEntry {
    /// When.
    pub(crate) at: DateTime,
    /// Who.
    pub(crate) actor: Actor,
    /// What.
    pub(crate) action: Action,
}
