//! `PATCH /processing/settings`

use actix_web::web::Data;
use common::Violation;
use common::amount::Amount;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Reply, idempotent};

use super::SettingsResponse;
use crate::app::App;
use crate::domain::settings::{Disclosure, SettingsChange};
use crate::http::given::given;
use crate::usecases;

/// What is left out stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UpdateProcessingSettings)]
pub(crate) struct UpdateSettings {
    #[serde(default)]
    #[schema(inline)]
    stages: UpdateStages,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    auto_accept_threshold: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    target_error_rate: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    audit_sample_rate: Option<f64>,
    #[serde(default)]
    #[schema(inline)]
    llm: UpdateLlm,
}

/// `llm` takes a language model of the installation and a monthly budget, `embedding` an embedding model.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateStages {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    rule: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    embedding: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    llm: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateLlm {
    /// Null for the installation's model.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    model: Option<Option<String>>,
    /// Most that may be spent in a month of the tenant's calendar. Null only while the stage is off.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Amount>)]
    monthly_budget: Option<Option<Amount>>,
    /// ISO 4217 code of the budget.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    currency: Option<String>,
    /// `forbidden`: no record is sent, whatever else is set.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    disclosure: Option<Disclosure>,
}

impl From<UpdateSettings> for SettingsChange {
    fn from(body: UpdateSettings) -> Self {
        Self {
            rule_stage: body.stages.rule,
            embedding_stage: body.stages.embedding,
            llm_stage: body.stages.llm,
            auto_accept_threshold: body.auto_accept_threshold,
            target_error_rate: body.target_error_rate,
            audit_sample_rate: body.audit_sample_rate,
            llm_model: body.llm.model,
            llm_monthly_budget: body.llm.monthly_budget,
            llm_currency: body.llm.currency,
            llm_disclosure: body.llm.disclosure,
        }
    }
}

impl Check for UpdateSettings {
    fn check(&self) -> Vec<Violation> {
        SettingsChange::from(self.clone()).violations()
    }
}

/// Changes how the tenant's records are decided, from the next record on.
#[utoipa::path(
    patch, path = "/api/v1/processing/settings", tag = "processing", operation_id = "update_processing_settings",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read.")),
    request_body = UpdateSettings,
    responses(
        (status = 200, description = "The settings after the change.", body = SettingsResponse),
        (status = 409, description = "`llm_not_configured`: the stage cannot be switched on here; context names the \
         settings that the installation's operator has to set.", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`; rule `not_available` for a stage that this installation cannot try, \
         `required` for a budget that the llm stage needs, `no_price` for a model that has none, `currency` where \
         the installation's prices are in another one.", body = ErrorBody),
    )
)]
pub(crate) async fn update_processing_settings(
    app: Data<App>,
    caller: Caller,
    IfMatch(expected): IfMatch,
    body: Body<UpdateSettings>,
) -> Result<Reply, ApiError> {
    let change = SettingsChange::from(body.content);
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let cause = &caller.cause;
                let settings =
                    usecases::update_settings::update_settings(connection, &app, cause, expected, change).await?;
                let version = settings.version;
                Ok(Reply::ok(&SettingsResponse::from(settings)).version(version))
            })
            .await
        })
        .await
}
