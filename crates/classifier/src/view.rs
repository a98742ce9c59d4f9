//! What a condition sees of a record: borrowed fields, so that evaluating copies nothing.

use std::collections::BTreeMap;

use common::DateTime;
use common::record::{AttributeValue, NormalizedRecord};

/// A record as conditions read it.
///
/// Make one per record, not one per rule: the amount is turned into a double here.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'r> {
    /// The heading, if there is one.
    pub title: Option<&'r str>,
    /// What the record says.
    pub text: &'r str,
    /// The double nearest to the amount, if there is one.
    pub amount: Option<f64>,
    /// ISO 4217 code, if there is one.
    pub currency: Option<&'r str>,
    /// The other party, if there is one.
    pub counterparty: Option<&'r str>,
    /// The name of the source the record came from.
    pub source: &'r str,
    /// When it happened, if the source said.
    pub occurred_at: Option<DateTime>,
    /// Everything else.
    pub attributes: &'r BTreeMap<String, AttributeValue>,
}

impl<'r> RecordView<'r> {
    /// A view of the record, which came from `source`.
    #[must_use]
    pub fn new(record: &'r NormalizedRecord, source: &'r str) -> Self {
        Self {
            title: record.title.as_deref(),
            text: &record.text,
            amount: record.amount.as_ref().map(common::amount::Amount::to_f64),
            currency: record.currency.as_deref(),
            counterparty: record.counterparty.as_deref(),
            source,
            occurred_at: record.occurred_at,
            attributes: &record.attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A literal in a condition is the nearest double, so an amount must be as well for `==` to work.
        #[test]
        fn an_amount_equals_the_literal_of_the_same_digits(text in r"-?[1-9][0-9]{0,17}(\.[0-9]{1,9})?") {
            let record = NormalizedRecord { amount: text.parse().ok(), ..NormalizedRecord::default() };
            let seen = RecordView::new(&record, "").amount;
            prop_assert_eq!(seen, text.parse().ok());
        }
    }
}
