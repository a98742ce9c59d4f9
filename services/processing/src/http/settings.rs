//! `/processing/settings`: how a tenant's records are decided.

pub(crate) mod show;
pub(crate) mod update;

use actix_web::web::{ServiceConfig, get, patch};
use common::DateTime;
use common::amount::Amount;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::settings::{Disclosure, TenantSettings};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(
        web::resource("/api/v1/processing/settings", "GET, PATCH")
            .route(get().to(show::show_processing_settings))
            .route(patch().to(update::update_processing_settings)),
    );
}

/// How the tenant's records are decided.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProcessingSettings)]
pub(crate) struct SettingsResponse {
    stages: StagesResponse,
    /// Confidence, 0 to 1, from which a machine's label is accepted without a person.
    auto_accept_threshold: f64,
    /// Share of accepted labels, 0 to 1, that may be wrong.
    target_error_rate: f64,
    /// Share of accepted decisions, 0 to 1, that a person looks at all the same.
    audit_sample_rate: f64,
    llm: LlmResponse,
    version: i32,
    /// Null while they are the defaults.
    updated_at: Option<DateTime>,
}

/// Which stages are tried.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcessingStages)]
pub(crate) struct StagesResponse {
    rule: bool,
    embedding: bool,
    llm: bool,
}

/// The language model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LlmSettings)]
pub(crate) struct LlmResponse {
    model: Option<String>,
    /// Most that may be spent in a month of the tenant's calendar; null: nothing is spent.
    monthly_budget: Option<Amount>,
    /// ISO 4217 code of the budget.
    currency: String,
    /// Whether records may be sent to a language model; those marked `doNotSend` never are.
    disclosure: Disclosure,
}

impl From<TenantSettings> for SettingsResponse {
    fn from(settings: TenantSettings) -> Self {
        let (stages, llm) = (settings.stages, settings.llm);
        Self {
            stages: StagesResponse { rule: stages.rule, embedding: stages.embedding, llm: stages.llm },
            auto_accept_threshold: settings.auto_accept_threshold,
            target_error_rate: settings.target_error_rate,
            audit_sample_rate: settings.audit_sample_rate,
            llm: LlmResponse {
                model: llm.model,
                monthly_budget: llm.monthly_budget,
                currency: llm.currency,
                disclosure: llm.disclosure,
            },
            version: settings.version,
            updated_at: settings.updated_at,
        }
    }
}
