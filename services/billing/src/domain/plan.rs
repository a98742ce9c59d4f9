//! Plans as data: read once at the start, refused as a whole when one of them cannot be used.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use common::event::Allowance;
use common::record::is_currency_code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;

/// The plan that every tenant begins with, and that serves without a payment provider.
pub(crate) const FREE_PLAN: &str = "free";
/// Where a plan says nothing, a tenth more than it has is taken in.
const HARD_LIMIT_PERCENT: u64 = 110;
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
    /// The price at a payment provider, by id or lookup key; without one the plan is invoiced by hand.
    pub(crate) price_ref: Option<String>,
    /// Days on trial for who never subscribed before.
    pub(crate) trial_days: Option<u32>,
    /// Records of a month after which none is taken in, in percent of those in the plan.
    hard_limit_percent: u64,
    /// How what exceeds the plan is billed; then there is no hard limit.
    pub(crate) metered: Option<Metered>,
}

/// A price for each record beyond the plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metered {
    /// The provider's name for what is measured.
    pub(crate) meter: String,
    /// The metered price, by id or lookup key.
    pub(crate) price_ref: String,
}

/// Everything there is to subscribe to, in the order of the file; the free plan is among them.
#[derive(Clone, Debug)]
pub(crate) struct Plans {
    all: Vec<Plan>,
    free: Plan,
    digest: String,
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
    price_ref: Option<String>,
    trial_days: Option<u32>,
    hard_limit_percent: Option<u64>,
    metered: Option<Metered>,
}

impl Plan {
    /// How much of each thing the plan lets a tenant have.
    pub(crate) fn allowance(&self) -> Allowance {
        let plan = &self.entitlements;
        let hard = plan.records_per_month.saturating_mul(self.hard_limit_percent) / 100;
        Allowance {
            records_soft: Some(plan.records_per_month),
            records_hard: self.metered.is_none().then_some(hard),
            seats: Some(plan.seats),
            integrations: Some(plan.integrations),
            model_calls: Some(plan.model_calls),
            file_bytes: Some(plan.file_bytes),
            retention_days: Some(plan.retention_days),
        }
    }
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
                entry.unsellable(&all)
            };
            if let Some(problem) = problem {
                return Err(PlansError::Unusable(entry.id, problem));
            }
            all.push(entry.into());
        }
        let free = all.iter().find(|plan| plan.id == FREE_PLAN && plan.price.minor == 0);
        let free = free.cloned().ok_or(PlansError::NoFreePlan)?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Ok(Self { all, free, digest: format!("{:016x}", hasher.finish()) })
    }

    /// Differs between plans that differ.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// The plan that any of a price's names belongs to.
    pub(crate) fn by_price(&self, refs: &[String]) -> Option<&Plan> {
        self.all.iter().find(|plan| plan.price_ref.as_ref().is_some_and(|own| refs.contains(own)))
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

impl Entry {
    /// Why the plan cannot be sold as it is written.
    fn unsellable(&self, before: &[Plan]) -> Option<&'static str> {
        let taken = |given: &String| before.iter().any(|plan| plan.price_ref.as_ref() == Some(given));
        if self.price_ref.is_some() && self.price_minor == 0 {
            Some("what costs nothing needs no priceRef")
        } else if self.price_ref.as_ref().is_some_and(|given| given.trim().is_empty() || taken(given)) {
            Some("priceRef must be given once and not be empty")
        } else if self.trial_days.is_some_and(|days| !(1..=365).contains(&days)) {
            Some("trialDays must be from 1 to 365")
        } else if self.hard_limit_percent.is_some_and(|percent| !(100..=1_000).contains(&percent)) {
            Some("hardLimitPercent must be from 100 to 1000")
        } else if self.metered.is_some() && self.price_ref.is_none() {
            Some("metered needs a priceRef beside it")
        } else {
            None
        }
    }
}

impl From<Entry> for Plan {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            name: entry.name,
            price: Money { minor: entry.price_minor, currency: entry.currency },
            interval: entry.interval,
            entitlements: entry.entitlements,
            price_ref: entry.price_ref,
            trial_days: entry.trial_days,
            hard_limit_percent: entry.hard_limit_percent.unwrap_or(HARD_LIMIT_PERCENT),
            metered: entry.metered,
        }
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
    fn a_price_finds_its_plan_and_what_is_metered_has_no_hard_limit() {
        let plans = Plans::built_in().expect("checked in");
        let refs = ["price_1".to_owned(), "verdict_team_monthly".to_owned()];
        let team = plans.by_price(&refs).expect("the team plan");
        assert_eq!((team.id.as_str(), team.allowance().records_hard), ("team", Some(1_100_000)));
        assert_eq!(plans.by_price(&["price_1".to_owned()]), None);
        let business = plans.find("business").expect("listed");
        assert_eq!((business.allowance().records_soft, business.allowance().records_hard), (Some(10_000_000), None));
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
            (good.replace("\"free\"", "\"basic\""), "free"),
            (good.replace("\"verdict_business_monthly\"", "\"verdict_team_monthly\""), "priceRef"),
            (good.replace("\"priceMinor\": 4900", "\"priceMinor\": 0"), "priceRef"),
            (good.replace("\"trialDays\": 14", "\"trialDays\": 0"), "trialDays"),
            (good.replace("\"trialDays\": 14", "\"hardLimitPercent\": 99"), "hardLimitPercent"),
            (good.replace("\"priceRef\": \"verdict_business_monthly\",", ""), "metered"),
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
