//! `POST /rules`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::rule::{DEFAULT_PRIORITY, RuleOrigin, RuleStatus};
use common::{RuleId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::RuleResponse;
use crate::app::App;
use crate::domain::rule::{NewRule, RuleChange};
use crate::usecases;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateRule {
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// CEL over `record`.
    #[schema(min_length = 1, max_length = 2048, example = "record.amount > 100.0 && record.text.contains(\"refund\")")]
    condition: String,
    /// The name of an existing label.
    label: String,
    /// The lowest number wins; 100 if not given.
    #[serde(default = "default_priority")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    priority: i32,
    /// `active` if not given.
    #[serde(default = "default_status")]
    status: RuleStatus,
    /// Whether a person confirms what it matches.
    #[serde(default)]
    requires_review: bool,
    #[serde(default)]
    description: String,
}

const fn default_priority() -> i32 {
    DEFAULT_PRIORITY
}

const fn default_status() -> RuleStatus {
    RuleStatus::Active
}

impl Check for CreateRule {
    fn check(&self) -> Vec<Violation> {
        RuleChange {
            name: Some(self.name.clone()),
            label: Some(self.label.clone()),
            priority: Some(self.priority),
            description: Some(self.description.clone()),
            ..RuleChange::default()
        }
        .violations()
    }
}

impl From<CreateRule> for NewRule {
    fn from(body: CreateRule) -> Self {
        Self {
            id: RuleId::generate(),
            name: body.name,
            condition: body.condition,
            label: body.label,
            priority: body.priority,
            status: body.status,
            requires_review: body.requires_review,
            description: body.description,
            origin: RuleOrigin::Manual,
        }
    }
}

/// Makes a rule. Every record that arrives after the answer is tried on it.
#[utoipa::path(
    post, path = "/api/v1/rules", tag = "rules", operation_id = "create_rule",
    request_body = CreateRule,
    responses(
        (status = 201, description = "The rule.", body = RuleResponse),
        (status = 409, description = "`rule_exists`", body = ErrorBody),
        (status = 422, description = "`validation_failed`, `invalid_condition` with line and column, or `unknown_label`",
         body = ErrorBody),
    )
)]
pub(crate) async fn create_rule(app: Data<App>, caller: Caller, body: Body<CreateRule>) -> Result<Reply, ApiError> {
    let new = NewRule::from(body.content);
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let saved = usecases::create_rule::create_rule(connection, &app, &caller.cause, new).await?;
                let version = saved.rule.version;
                Ok(Reply::created(&RuleResponse::from(saved)).version(version))
            })
            .await
        })
        .await
}
