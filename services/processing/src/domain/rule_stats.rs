//! How a rule has done: what it matched, and what people made of it.

use common::DateTime;

/// A rule's matches over some days, decided or on trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RuleTally {
    /// Records that it matched.
    pub(crate) matches: i64,
    /// Those of them that it decided, or on trial would have decided.
    pub(crate) decided: i64,
    /// Those whose decision of today has the rule's label.
    pub(crate) agreed: i64,
    /// Those whose decision of today has another label.
    pub(crate) differed: i64,
    /// Those where a person chose the rule's label.
    pub(crate) agreed_with_people: i64,
    /// Those where a person chose another.
    pub(crate) differed_from_people: i64,
    pub(crate) last_matched_at: Option<DateTime>,
    /// The days that had a match, oldest first.
    pub(crate) per_day: Vec<RuleDay>,
}

/// One day of a rule, in UTC.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RuleDay {
    pub(crate) day: String,
    pub(crate) matches: i64,
    pub(crate) overridden: i64,
}

impl RuleTally {
    /// Share of the matches that people agree with, of those that people decided; `None` without any.
    pub(crate) fn precision(&self) -> Option<f64> {
        share(self.agreed_with_people, self.differed_from_people)
    }
}

/// The first as a share of both; `None` of nothing.
pub(crate) fn share(agreed: i64, differed: i64) -> Option<f64> {
    let all = agreed + differed;
    (all > 0).then(|| agreed as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_is_of_what_people_decided() {
        assert_eq!(RuleTally { matches: 9, ..RuleTally::default() }.precision(), None);
        let tally = RuleTally { matches: 9, agreed_with_people: 3, differed_from_people: 1, ..RuleTally::default() };
        assert_eq!(tally.precision(), Some(0.75));
    }
}
