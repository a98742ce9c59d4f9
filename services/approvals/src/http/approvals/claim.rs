//! `POST /approvals/{id}/claim`

use actix_web::web::Data;
use common::ApprovalId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Lenient, Path, Reply, idempotent};

use super::{ApprovalResponse, NoContent};
use crate::app::App;
use crate::usecases;

/// Take an approval for ten minutes, or for ten more.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/claim", operation_id = "claim_approval", tag = "approvals",
    params(("id" = ApprovalId, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, description = "The question, held for the caller.", body = ApprovalResponse),
        (status = 400, description = "The id is not a UUID, or the body is not JSON", body = ErrorBody),
        (status = 404, description = "No such approval in this tenant", body = ErrorBody),
        (status = 409, description = "`claimed_by_other`, `already_decided`, or `conflict` when it expired", body = ErrorBody),
        (status = 412, description = "If-Match names another version", body = ErrorBody),
        (status = 422, description = "The body holds unknown fields", body = ErrorBody),
    ),
)]
pub(crate) async fn claim_approval(
    app: Data<App>,
    caller: Caller,
    id: Path<ApprovalId>,
    version: IfMatch,
    body: Lenient<NoContent>,
) -> Result<Reply, ApiError> {
    let Caller { identity, cause } = &caller;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let approval = usecases::claim(connection, identity, cause, id.0, version.0).await?;
                let approval = ApprovalResponse::new(approval, cause.at);
                Ok(Reply::ok(&approval).version(approval.version()))
            })
            .await
        })
        .await
}
