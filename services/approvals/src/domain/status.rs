//! Where a question is on its way.

use common::event::ApprovalOutcome;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a question is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApprovalStatus {
    /// Waits for an answer.
    Pending,
    /// A person agreed.
    Approved,
    /// A person decided otherwise.
    Overridden,
    /// Came to nothing: a newer decision asks anew, a person had decided already, or the record is archived.
    Expired,
}

impl ApprovalStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Overridden, Self::Expired];

    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Overridden => "overridden",
            Self::Expired => "expired",
        }
    }

    /// The status of that name, if there is one.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The status after an answer.
    pub(crate) const fn after(outcome: ApprovalOutcome) -> Self {
        match outcome {
            ApprovalOutcome::Approve => Self::Approved,
            ApprovalOutcome::Override => Self::Overridden,
        }
    }
}
