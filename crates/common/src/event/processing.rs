//! Events of how records are decided: settings, and runs that decide many records again.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::amount::Amount;
use crate::{RunId, TenantId};

/// How a tenant's records are decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsState {
    /// Whether rules are tried.
    pub rule_stage: bool,
    /// Whether similar records are looked at.
    pub embedding_stage: bool,
    /// Whether a language model is asked.
    pub llm_stage: bool,
    /// Confidence from which a machine's label is accepted without a person.
    pub auto_accept_threshold: f64,
    /// Share of accepted labels that may be wrong.
    pub target_error_rate: f64,
    /// Share of accepted decisions that a person looks at all the same.
    pub audit_sample_rate: f64,
    /// The tenant's language model; null for the installation's.
    pub llm_model: Option<String>,
    /// Most that may be spent on it in a month.
    pub llm_monthly_budget: Option<Amount>,
    /// ISO 4217 code of the budget.
    pub llm_currency: String,
    /// Whether records may be sent to it: `permitted` or `forbidden`.
    pub llm_disclosure: String,
}

/// Somebody changed how the tenant's records are decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessingSettingsUpdated {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The version that the change made.
    pub version: i32,
    /// What was in force before.
    pub before: SettingsState,
    /// What is in force now.
    pub after: SettingsState,
}

/// Many records are to be decided again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunStarted {
    /// The run.
    pub run_id: RunId,
    /// Whether it only shows what would come out.
    pub dry_run: bool,
    /// The rule set that decides.
    pub rule_set_version: i64,
    /// How many records it is about.
    pub total: i32,
    /// The dry run that says what may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run_id: Option<RunId>,
}

/// A run came to its end, or was ended early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCompleted {
    /// The run.
    pub run_id: RunId,
    /// Whether it only showed what would come out.
    pub dry_run: bool,
    /// How many records it was about.
    pub total: i32,
    /// How many were, or would have been, decided otherwise.
    pub changed: i32,
    /// How many came out the same.
    pub unchanged: i32,
    /// How many a person had decided.
    pub pinned: i32,
    /// How many were no longer as the dry run found them.
    pub conflicts: i32,
    /// How many could not be decided so.
    pub failed: i32,
}

/// A run is not gone on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCancelled {
    /// The run.
    pub run_id: RunId,
    /// How many records it leaves as they are.
    pub cancelled: i32,
}

subject!(RunStarted, RunStarted, "run", |e| e.run_id);
subject!(RunCompleted, RunCompleted, "run", |e| e.run_id);
subject!(RunCancelled, RunCancelled, "run", |e| e.run_id);
subject!(ProcessingSettingsUpdated, ProcessingSettingsUpdated, "tenant", |e| e.tenant_id);
