//! `POST /approvals/{id}/override`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::rule::{DEFAULT_PRIORITY, MAX_NAME, RuleStatus, check_rule};
use common::violation::check_text;
use common::{ApprovalId, ErrorCode, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Path, Reply, idempotent};

use super::{ApprovalResponse, check_comment};
use crate::app::App;
use crate::domain::RuleWish;
use crate::usecases::{self, Override};

/// Another decision than the proposed one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverrideRequest {
    /// The name of the label that shall stand.
    label: String,
    /// Why, for those who read it later; at most 4,000 characters.
    #[serde(default)]
    comment: Option<String>,
    /// A rule to be made for records like this one.
    #[serde(default)]
    rule: Option<RuleRequest>,
}

/// A rule that decides for the override's label.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleRequest {
    /// Its name; made unique where it is taken.
    name: String,
    /// CEL over `record`.
    condition: String,
    /// The lowest number wins; 100 when left out.
    #[serde(default)]
    priority: Option<i32>,
    /// `active` when left out, or `shadow` for callers who may only propose rules.
    #[serde(default)]
    status: Option<RuleStatus>,
}

impl Check for OverrideRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_text(&mut found, "label", &self.label, 1, MAX_NAME);
        check_comment(&mut found, self.comment.as_ref());
        if let Some(rule) = &self.rule {
            check_rule(&mut found, "rule.", &rule.name, rule.priority.unwrap_or(DEFAULT_PRIORITY));
        }
        found
    }
}

impl From<OverrideRequest> for Override {
    fn from(request: OverrideRequest) -> Self {
        let rule = request.rule.map(|rule| RuleWish {
            name: rule.name,
            condition: rule.condition,
            priority: rule.priority.unwrap_or(DEFAULT_PRIORITY),
            status: rule.status,
        });
        Self { label: request.label, comment: request.comment, rule }
    }
}

/// Override the proposal with another label, and ask for a rule if wanted.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/override", operation_id = "override_approval", tag = "approvals",
    params(("id" = ApprovalId, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")), request_body = OverrideRequest,
    responses(
        (status = 200, description = "The question, as it was answered.", body = ApprovalResponse),
        (status = 400, description = "The id is not a UUID, or the body is not JSON", body = ErrorBody),
        (status = 403, description = "The caller may not have such a rule made", body = ErrorBody),
        (status = 404, description = "No such approval in this tenant", body = ErrorBody),
        (status = 409, description = "`already_decided`, `claimed_by_other`, or `conflict` when it expired", body = ErrorBody),
        (status = 412, description = "If-Match names another version", body = ErrorBody),
        (status = 422, description = "A bad field, `unknown_label` or `invalid_condition`", body = ErrorBody),
    ),
)]
pub(crate) async fn override_approval(
    app: Data<App>,
    caller: Caller,
    id: Path<ApprovalId>,
    version: IfMatch,
    body: Body<OverrideRequest>,
) -> Result<Reply, ApiError> {
    match attempt(&app, &caller, id.0, version, &body).await {
        Err(refused) if refused.code() == ErrorCode::UnknownLabel => {
            // The label may be so new that its event is still on the way.
            if !usecases::label_arrives(&app, caller.tenant(), &body.content.label).await? {
                return Err(refused);
            }
            attempt(&app, &caller, id.0, version, &body).await
        }
        answer => answer,
    }
}

async fn attempt(
    app: &App,
    caller: &Caller,
    id: ApprovalId,
    version: IfMatch,
    body: &Body<OverrideRequest>,
) -> Result<Reply, ApiError> {
    let Caller { identity, cause } = caller;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, caller, &body.idempotency, async |connection| {
                let wanted = Override::from(body.content.clone());
                let approval = usecases::override_(connection, app, identity, cause, id, version.0, wanted).await?;
                let approval = ApprovalResponse::new(approval, cause.at);
                Ok(Reply::ok(&approval).version(approval.version()))
            })
            .await
        })
        .await
}
