//! `PATCH /rules/{id}`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::rule::RuleStatus;
use common::{RuleId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Path, Reply};

use super::RuleResponse;
use crate::app::App;
use crate::domain::rule::RuleChange;
use crate::http::given::given;

/// What is left out stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateRule {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// CEL over `record`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 2048)]
    condition: Option<String>,
    /// The name of an existing label.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    label: Option<String>,
    /// The lowest number wins.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    priority: Option<i32>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    status: Option<RuleStatus>,
    /// Whether a person confirms what it matches.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    requires_review: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    description: Option<String>,
}

impl From<UpdateRule> for RuleChange {
    fn from(body: UpdateRule) -> Self {
        Self {
            name: body.name,
            condition: body.condition,
            label: body.label,
            priority: body.priority,
            status: body.status,
            requires_review: body.requires_review,
            description: body.description,
        }
    }
}

impl Check for UpdateRule {
    fn check(&self) -> Vec<Violation> {
        RuleChange::from(self.clone()).violations()
    }
}

/// Changes a rule, which makes a new version of it. Naming nothing new changes nothing.
#[utoipa::path(
    patch, path = "/api/v1/rules/{id}", tag = "rules", operation_id = "update_rule",
    params(
        ("id" = RuleId, Path, description = "The rule."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = UpdateRule,
    responses(
        (status = 200, description = "The rule after the change.", body = RuleResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`rule_exists`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`, `invalid_condition` with line and column, or `unknown_label`",
         body = ErrorBody),
    )
)]
pub(crate) async fn update_rule(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    IfMatch(expected): IfMatch,
    body: Body<UpdateRule>,
) -> Result<Reply, ApiError> {
    let change = RuleChange::from(body.content);
    super::change(&app, &caller, &body.idempotency, (id, expected), change).await
}
