//! Plans as data: read once at the start, refused as a whole when one of them cannot be used.

use common::record::is_currency_code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;

/// The plan that every tenant begins with, and that serves without a payment provider.
pub(crate) const FREE_PLAN: &str = "free";
const BUILT_IN: &str = include_str!("../../../../deploy/config/billing/plans.json");

/// What a plan allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Entitlements {
    /// Records accepted in a period.
    pub(crate) records_per_month: u64,
    /// Members at a time.
    pub(crate) seats: u64,
    /// Connected sources at a time.
    pub(crate) integrations: u64,
    /// Calls of a language model in a period.
    pub(crate) model_calls: u64,
    /// Days for which records are kept.
    pub(crate) retention_days: u64,
    /// Bytes of files at a time.
    pub(crate) file_bytes: u64,
}

/// How often a plan is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Interval {
    /// Each month.
    Month,
    /// Each year.
    Year,
}

/// Something to subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) price: Money,
    pub(crate) interval: Interval,
    pub(crate) entitlements: Entitlements,
}

/// Everything there is to subscribe to, in the order of the file; the free plan is among them.
#[derive(Clone, Debug)]
pub(crate) struct Plans {
    all: Vec<Plan>,
    free: Plan,
}

/// Why plans cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlansError {
    #[error("the plans are not of the expected form")]
    Malformed(#[from] serde_json::Error),
    #[error("plan {0:?}: {1}")]
    Unusable(String, &'static str),
    #[error("there must be a plan \"free\" with price 0")]
    NoFreePlan,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plans: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    id: String,
    name: String,
    /// In the currency's smallest unit.
    price_minor: u64,
    currency: String,
    interval: Interval,
    entitlements: Entitlements,
}

impl Plans {
    /// The plans that the binary carries.
    pub(crate) fn built_in() -> Result<Self, PlansError> {
        Self::parse(BUILT_IN)
    }

    /// Reads and checks plans.
    pub(crate) fn parse(text: &str) -> Result<Self, PlansError> {
        let file: File = serde_json::from_str(text)?;
        let mut all: Vec<Plan> = Vec::with_capacity(file.plans.len());
        for entry in file.plans {
            let problem = if entry.id.is_empty() || entry.name.trim().is_empty() {
                Some("id and name must not be empty")
            } else if !is_currency_code(&entry.currency) {
                Some("currency must be an ISO 4217 code such as \"EUR\"")
            } else if all.iter().any(|known| known.id == entry.id) {
                Some("there is another plan of this id")
            } else {
                None
            };
            if let Some(problem) = problem {
                return Err(PlansError::Unusable(entry.id, problem));
            }
            all.push(entry.into());
        }
        let free = all.iter().find(|plan| plan.id == FREE_PLAN && plan.price.minor == 0);
        let free = free.cloned().ok_or(PlansError::NoFreePlan)?;
        Ok(Self { all, free })
    }

    /// All of them, in the order of the file.
    pub(crate) fn all(&self) -> &[Plan] {
        &self.all
    }

    /// The plan of that id, if it is for sale.
    pub(crate) fn find(&self, id: &str) -> Option<&Plan> {
        self.all.iter().find(|plan| plan.id == id)
    }

    /// The plan of a subscription; one that is no longer listed serves as the free one does.
    pub(crate) fn find_or_free(&self, id: &str) -> &Plan {
        self.find(id).unwrap_or(&self.free)
    }
}

impl From<Entry> for Plan {
    fn from(entry: Entry) -> Self {
        let Entry { id, name, price_minor, currency, interval, entitlements } = entry;
        Self { id, name, price: Money { minor: price_minor, currency }, interval, entitlements }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_plans_can_be_used() {
        let plans = Plans::built_in().expect("checked in");
        assert_eq!(plans.find_or_free("gone").id, FREE_PLAN);
    }

    #[test]
    fn unusable_plans_are_refused_with_a_reason() {
        let good = BUILT_IN;
        let twice: serde_json::Value = serde_json::from_str(good).expect("JSON");
        let twice = serde_json::json!({"plans": [twice["plans"][0], twice["plans"][0]]}).to_string();
        let cases = [
            ("{".to_owned(), "form"),
            (good.replace("\"seats\"", "\"chairs\""), "form"),
            (good.replace("\"priceMinor\": 0", "\"priceMinor\": 0.5"), "form"),
            (good.replace("\"priceMinor\": 0", "\"priceMinor\": 100"), "free"),
            (good.replace("\"free\"", "\"team\""), "free"),
            (good.replace("\"EUR\"", "\"euro\""), "ISO 4217"),
            (good.replace("\"Free\"", "\" \""), "empty"),
            (twice, "another plan"),
        ];
        for (text, reason) in cases {
            let error = Plans::parse(&text).expect_err(reason);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
