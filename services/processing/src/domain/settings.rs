//! How a tenant's records are decided.

use common::amount::Amount;
use common::event::SettingsState;
use common::record::is_currency_code;
use common::rule::MAX_NAME;
use common::violation::check_text;
use common::{DateTime, Violation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tenant's settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TenantSettings {
    pub(crate) stages: Stages,
    /// Confidence from which a machine's label is accepted without a person.
    pub(crate) auto_accept_threshold: f64,
    /// Share of accepted labels that may be wrong; later stages calibrate the threshold by it.
    pub(crate) target_error_rate: f64,
    /// Share of accepted decisions that a person looks at all the same.
    pub(crate) audit_sample_rate: f64,
    pub(crate) llm: LlmSettings,
    pub(crate) version: i32,
    /// When they were changed; `None` while they are the defaults.
    pub(crate) updated_at: Option<DateTime>,
}

/// Which stages are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stages {
    pub(crate) rule: bool,
    pub(crate) embedding: bool,
    pub(crate) llm: bool,
}

/// The language model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LlmSettings {
    /// The tenant's choice; none for the installation's.
    pub(crate) model: Option<String>,
    /// Most that may be spent in a month; without one nothing is.
    pub(crate) monthly_budget: Option<Amount>,
    pub(crate) currency: String,
    pub(crate) disclosure: Disclosure,
}

/// Whether records may be sent to a language model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Disclosure {
    /// All but those that are marked themselves.
    #[default]
    Permitted,
    /// None.
    Forbidden,
}

/// What the installation has of a language model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LlmOffer<'o> {
    pub(crate) currency: &'o str,
    /// Whether the tenant's model has one.
    pub(crate) has_price: bool,
}

/// What a change names; the rest stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingsChange {
    pub(crate) rule_stage: Option<bool>,
    pub(crate) embedding_stage: Option<bool>,
    pub(crate) llm_stage: Option<bool>,
    pub(crate) auto_accept_threshold: Option<f64>,
    pub(crate) target_error_rate: Option<f64>,
    pub(crate) audit_sample_rate: Option<f64>,
    pub(crate) llm_model: Option<Option<String>>,
    pub(crate) llm_monthly_budget: Option<Option<Amount>>,
    pub(crate) llm_currency: Option<String>,
    pub(crate) llm_disclosure: Option<Disclosure>,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            stages: Stages { rule: true, embedding: false, llm: false },
            auto_accept_threshold: 0.9,
            target_error_rate: 0.02,
            audit_sample_rate: 0.0,
            llm: LlmSettings {
                model: None,
                monthly_budget: None,
                currency: "USD".into(),
                disclosure: Disclosure::Permitted,
            },
            version: 1,
            updated_at: None,
        }
    }
}

impl Disclosure {
    /// The name in tables and answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Forbidden => "forbidden",
        }
    }

    /// The one of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Permitted, Self::Forbidden].into_iter().find(|one| one.as_str() == name)
    }
}

impl TenantSettings {
    /// What is wrong with asking a language model on these terms.
    pub(crate) fn violations_of_llm(&self, offer: &LlmOffer<'_>) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.llm.monthly_budget.is_none() {
            let message = "must say how much may be spent in a month while the stage is on";
            found.push(Violation::new("llm.monthlyBudget", "required", message));
        }
        if self.llm.currency != offer.currency {
            let message = format!("must be {}, the currency of this installation's prices", offer.currency);
            found.push(Violation::new("llm.currency", "currency", message));
        }
        if !offer.has_price {
            let message = "has no price in this installation, so no budget could be kept; choose another one";
            found.push(Violation::new("llm.model", "no_price", message));
        }
        found
    }

    /// As others are told of them.
    pub(crate) fn told(&self) -> SettingsState {
        SettingsState {
            rule_stage: self.stages.rule,
            embedding_stage: self.stages.embedding,
            llm_stage: self.stages.llm,
            auto_accept_threshold: self.auto_accept_threshold,
            target_error_rate: self.target_error_rate,
            audit_sample_rate: self.audit_sample_rate,
            llm_model: self.llm.model.clone(),
            llm_monthly_budget: self.llm.monthly_budget.clone(),
            llm_currency: self.llm.currency.clone(),
            llm_disclosure: self.llm.disclosure.as_str().to_owned(),
        }
    }

    /// The settings after the change; `None` when nothing is different.
    pub(crate) fn changed(&self, change: SettingsChange, at: DateTime) -> Option<Self> {
        let after = Self {
            stages: Stages {
                rule: change.rule_stage.unwrap_or(self.stages.rule),
                embedding: change.embedding_stage.unwrap_or(self.stages.embedding),
                llm: change.llm_stage.unwrap_or(self.stages.llm),
            },
            auto_accept_threshold: change.auto_accept_threshold.unwrap_or(self.auto_accept_threshold),
            target_error_rate: change.target_error_rate.unwrap_or(self.target_error_rate),
            audit_sample_rate: change.audit_sample_rate.unwrap_or(self.audit_sample_rate),
            llm: LlmSettings {
                model: change.llm_model.unwrap_or_else(|| self.llm.model.clone()),
                monthly_budget: change.llm_monthly_budget.unwrap_or_else(|| self.llm.monthly_budget.clone()),
                currency: change.llm_currency.unwrap_or_else(|| self.llm.currency.clone()),
                disclosure: change.llm_disclosure.unwrap_or(self.llm.disclosure),
            },
            ..self.clone()
        };
        (after != *self).then(|| Self { version: self.version + 1, updated_at: Some(at), ..after })
    }
}

impl SettingsChange {
    /// What is wrong with the values named.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let shares = [
            ("autoAcceptThreshold", self.auto_accept_threshold),
            ("targetErrorRate", self.target_error_rate),
            ("auditSampleRate", self.audit_sample_rate),
        ];
        for (path, share) in shares {
            if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                found.push(Violation::new(path, "range", "must be from 0 to 1"));
            }
        }
        if let Some(Some(model)) = &self.llm_model {
            check_text(&mut found, "llm.model", model, 1, MAX_NAME);
        }
        if let Some(Some(budget)) = &self.llm_monthly_budget
            && budget.to_string().starts_with('-')
        {
            found.push(Violation::new("llm.monthlyBudget", "range", "must not be negative"));
        }
        if self.llm_currency.as_deref().is_some_and(|code| !is_currency_code(code)) {
            found.push(Violation::new("llm.currency", "iso_4217", "must be an ISO 4217 code such as \"EUR\""));
        }
        found
    }
}
