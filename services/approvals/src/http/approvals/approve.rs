//! `POST /approvals/{id}/approve`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{ApprovalId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, IfMatch, Lenient, Path, Reply, idempotent};

use super::{ApprovalResponse, check_comment};
use crate::app::App;
use crate::usecases;

/// Agreement with the proposal.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ApproveRequest {
    /// Why, for those who read it later; at most 4,000 characters.
    #[serde(default)]
    comment: Option<String>,
}

impl Check for ApproveRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_comment(&mut found, self.comment.as_ref());
        found
    }
}

/// Approve the proposal, so that its label stands.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/approve", operation_id = "approve_approval", tag = "approvals",
    params(("id" = ApprovalId, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")), request_body = ApproveRequest,
    responses(
        (status = 200, description = "The question, as it was answered.", body = ApprovalResponse),
        (status = 400, description = "The id is not a UUID, or the body is not JSON", body = ErrorBody),
        (status = 404, description = "No such approval in this tenant", body = ErrorBody),
        (status = 409, description = "`already_decided`, `claimed_by_other`, or `conflict` when it expired", body = ErrorBody),
        (status = 412, description = "If-Match names another version", body = ErrorBody),
        (status = 422, description = "A bad field, or a proposal without a label: override it", body = ErrorBody),
    ),
)]
pub(crate) async fn approve_approval(
    app: Data<App>,
    caller: Caller,
    id: Path<ApprovalId>,
    version: IfMatch,
    body: Lenient<ApproveRequest>,
) -> Result<Reply, ApiError> {
    let Caller { identity, cause } = &caller;
    let Lenient { content, idempotency } = body;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let comment = content.comment;
                let approval = usecases::approve(connection, &app, identity, cause, id.0, version.0, comment).await?;
                let approval = ApprovalResponse::new(approval, cause.at);
                Ok(Reply::ok(&approval).version(approval.version()))
            })
            .await
        })
        .await
}
