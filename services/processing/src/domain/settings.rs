//! How a tenant's records are decided.

use common::amount::Amount;
use common::record::is_currency_code;
use common::rule::MAX_NAME;
use common::violation::check_text;
use common::{DateTime, Violation};

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

/// The language model, once there is one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LlmSettings {
    pub(crate) model: Option<String>,
    pub(crate) monthly_budget: Option<Amount>,
    pub(crate) currency: String,
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
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            stages: Stages { rule: true, embedding: false, llm: false },
            auto_accept_threshold: 0.9,
            target_error_rate: 0.02,
            audit_sample_rate: 0.0,
            llm: LlmSettings { model: None, monthly_budget: None, currency: "USD".into() },
            version: 1,
            updated_at: None,
        }
    }
}

impl TenantSettings {
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
        if self.llm_stage == Some(true) {
            let message = "cannot be switched on: this version of Verdict asks no language model";
            found.push(Violation::new("stages.llm", "not_available", message));
        }
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
