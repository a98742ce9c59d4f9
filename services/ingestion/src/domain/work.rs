//! What operations do to their items.

use super::act::Act;

/// An operation's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// An act on records.
    Act(Act),
    /// Records are read anew from what their source delivered, by the mapping of now; undone, by the one before.
    Remap,
    /// Rejected deliveries are judged again and taken in when they verify.
    Replay,
}

impl Work {
    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Act(act) => act.as_str(),
            Self::Remap => "remap",
            Self::Replay => "replay",
        }
    }

    /// The work of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let other = || [Self::Remap, Self::Replay].into_iter().find(|work| work.as_str() == name);
        Act::parse(name).map(Self::Act).or_else(other)
    }

    /// Items of one transaction. Where bodies are read, a batch of them is in memory together.
    pub(crate) const fn batch(self) -> i64 {
        match self {
            Self::Act(_) => 200,
            Self::Remap | Self::Replay => 25,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for work in [Work::Act(Act::Archive), Work::Remap, Work::Replay] {
            assert_eq!(Work::parse(work.as_str()), Some(work));
        }
        assert_eq!(Work::parse("revert"), None);
    }
}
