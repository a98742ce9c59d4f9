//! Acts on records beside deciding them, one at a time or as operations on many.

use common::record::RecordStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What can be done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// Takes it out of sight; verdicts that come later are kept for its return.
    Archive,
    /// Brings it back in the state that it would have by now.
    Restore,
    /// Has it decided again by the rules of the present, unless a person decided it.
    Reprocess,
    /// Gives it a label, as a person's decision.
    Relabel,
}

impl Act {
    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Restore => "restore",
            Self::Reprocess => "reprocess",
            Self::Relabel => "relabel",
        }
    }

    const ALL: [Self; 4] = [Self::Archive, Self::Restore, Self::Reprocess, Self::Relabel];

    /// The act of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == name)
    }

    /// Whether it is processing that does it, and says later how it ended.
    pub(crate) const fn is_asked_of_processing(self) -> bool {
        matches!(self, Self::Reprocess | Self::Relabel)
    }

    /// The act that undoes it; a decision is undone by making the one before anew.
    pub(crate) const fn inverse(self) -> Self {
        match self {
            Self::Archive => Self::Restore,
            Self::Restore => Self::Archive,
            Self::Reprocess => Self::Reprocess,
            Self::Relabel => Self::Relabel,
        }
    }

    /// Why the act does nothing to such a record; `None` when it does something.
    pub(crate) const fn obstacle(self, status: RecordStatus, decided_by_human: bool) -> Option<Obstacle> {
        match (self, status) {
            (Self::Archive, RecordStatus::Archived) => Some(Obstacle::AlreadyArchived),
            (Self::Restore, RecordStatus::Archived) => None,
            (Self::Restore, _) => Some(Obstacle::NotArchived),
            (Self::Reprocess | Self::Relabel, RecordStatus::Archived) => Some(Obstacle::Archived),
            (_, RecordStatus::Held) => Some(Obstacle::Held),
            (Self::Reprocess, _) if decided_by_human => Some(Obstacle::DecidedByPerson),
            (Self::Archive | Self::Reprocess | Self::Relabel, _) => None,
        }
    }
}

/// Why an act does nothing to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It is archived, as asked.
    AlreadyArchived,
    /// It is not archived, as asked.
    NotArchived,
    /// It is archived; restore it first.
    Archived,
    /// Its source is paused; resume that first.
    Held,
    /// A person decided it, and a machine never overrules that.
    DecidedByPerson,
}

impl Obstacle {
    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyArchived => "already_archived",
            Self::NotArchived => "not_archived",
            Self::Archived => "archived",
            Self::Held => "held",
            Self::DecidedByPerson => "decided_by_person",
        }
    }

    /// Whether the record is as the act would have it.
    pub(crate) const fn is_fulfilled(self) -> bool {
        matches!(self, Self::AlreadyArchived | Self::NotArchived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_done_depends_on_the_state() {
        let obstacle = |act: Act, status, human| act.obstacle(status, human).map(Obstacle::as_str);
        assert_eq!(obstacle(Act::Archive, RecordStatus::Overridden, true), None);
        assert_eq!(obstacle(Act::Archive, RecordStatus::Held, false), Some("held"));
        assert_eq!(obstacle(Act::Archive, RecordStatus::Archived, false), Some("already_archived"));
        assert_eq!(obstacle(Act::Restore, RecordStatus::Archived, true), None);
        assert_eq!(obstacle(Act::Restore, RecordStatus::Held, false), Some("not_archived"));
        assert_eq!(obstacle(Act::Reprocess, RecordStatus::Classified, false), None);
        assert_eq!(obstacle(Act::Reprocess, RecordStatus::Approved, true), Some("decided_by_person"));
        assert_eq!(obstacle(Act::Reprocess, RecordStatus::Archived, true), Some("archived"));
        assert_eq!(obstacle(Act::Relabel, RecordStatus::Approved, true), None);
        assert_eq!(obstacle(Act::Relabel, RecordStatus::Archived, false), Some("archived"));
        assert_eq!(obstacle(Act::Relabel, RecordStatus::Held, false), Some("held"));
    }

    #[test]
    fn names_parse_back_and_acts_have_their_inverse() {
        for act in Act::ALL {
            assert_eq!(Act::parse(act.as_str()), Some(act));
            assert_eq!(act.inverse().inverse(), act);
        }
        assert_eq!(Act::parse("revert"), None);
    }
}
