//! What a record's part in an operation comes to.

use serde::Deserialize;
use utoipa::ToSchema;

/// How far an item is, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemResult {
    /// Not begun.
    Pending,
    /// Begun; it ends when the record was decided again.
    Requested,
    /// The record was changed.
    Changed,
    /// The record was decided again and came out the same.
    Unchanged,
    /// The record does not allow it.
    Skipped,
    /// A person has changed the record since, so that it was left alone.
    Conflict,
    /// Nobody answered for it in time.
    Failed,
    /// The operation was cancelled before it was begun.
    Cancelled,
}

impl ItemResult {
    const ALL: [Self; 8] = [
        Self::Pending,
        Self::Requested,
        Self::Changed,
        Self::Unchanged,
        Self::Skipped,
        Self::Conflict,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Requested => "requested",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The result of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == name)
    }
}

/// How many items ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) changed: i32,
    pub(crate) unchanged: i32,
    pub(crate) skipped: i32,
    pub(crate) conflicts: i32,
    pub(crate) failed: i32,
    pub(crate) cancelled: i32,
}

impl Tally {
    /// Counts results; those that are no ends count nowhere.
    pub(crate) fn of(results: impl IntoIterator<Item = ItemResult>) -> Self {
        let mut tally = Self::default();
        for result in results {
            tally.add(result, 1);
        }
        tally
    }

    /// Counts so many items more, or less, of a result.
    pub(crate) const fn add(&mut self, result: ItemResult, count: i32) {
        match result {
            ItemResult::Pending | ItemResult::Requested => {}
            ItemResult::Changed => self.changed += count,
            ItemResult::Unchanged => self.unchanged += count,
            ItemResult::Skipped => self.skipped += count,
            ItemResult::Conflict => self.conflicts += count,
            ItemResult::Failed => self.failed += count,
            ItemResult::Cancelled => self.cancelled += count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_only_ends_are_counted() {
        for result in ItemResult::ALL {
            assert_eq!(ItemResult::parse(result.as_str()), Some(result));
        }
        let each = Tally { changed: 1, unchanged: 1, skipped: 1, conflicts: 1, failed: 1, cancelled: 1 };
        assert_eq!(Tally::of(ItemResult::ALL), each);
        let mut tally = Tally::of([ItemResult::Changed, ItemResult::Changed, ItemResult::Requested]);
        tally.add(ItemResult::Failed, -1);
        assert_eq!(tally, Tally { changed: 2, failed: -1, ..Tally::default() });
    }
}
