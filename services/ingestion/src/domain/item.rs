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
    /// A person has changed the record since, so that a revert left it alone.
    Conflict,
}

impl ItemResult {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Requested, Self::Changed, Self::Unchanged, Self::Skipped, Self::Conflict];

    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Requested => "requested",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Conflict => "conflict",
        }
    }

    /// The result of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == name)
    }
}

/// How many ended how, in the order changed, unchanged, skipped, conflict. Those that have not ended count nowhere.
pub(crate) fn tally(results: impl IntoIterator<Item = ItemResult>) -> [i32; 4] {
    let mut counts = [0; 4];
    for result in results {
        match result {
            ItemResult::Pending | ItemResult::Requested => {}
            ItemResult::Changed => counts[0] += 1,
            ItemResult::Unchanged => counts[1] += 1,
            ItemResult::Skipped => counts[2] += 1,
            ItemResult::Conflict => counts[3] += 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_only_ends_are_counted() {
        for result in ItemResult::ALL {
            assert_eq!(ItemResult::parse(result.as_str()), Some(result));
        }
        assert_eq!(tally(ItemResult::ALL), [1, 1, 1, 1]);
        assert_eq!(tally([ItemResult::Changed, ItemResult::Changed, ItemResult::Requested]), [2, 0, 0, 0]);
    }
}
