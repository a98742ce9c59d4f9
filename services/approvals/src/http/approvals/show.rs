//! `GET /approvals/{id}`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{Actor, ApprovalId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use super::ApprovalResponse;
use crate::app::App;
use crate::domain::{Action, HistoryEntry};
use crate::store::{approvals, history};

/// An approval with what happened to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalDetail {
    #[serde(flatten)]
    approval: ApprovalResponse,
    /// Every step, the first one first.
    history: Vec<HistoryEntry>,
}

/// Show an approval: the record, the proposal and what it rests on, candidates, history.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}", operation_id = "get_approval", tag = "approvals",
    params(("id" = ApprovalId, Path)),
    responses(
        (status = 200, description = "The question with all that was decided of its record.", body = ApprovalDetail),
        (status = 400, description = "The id is not a UUID", body = ErrorBody),
        (status = 404, description = "No such approval in this tenant", body = ErrorBody),
    ),
)]
pub(crate) async fn get_approval(app: Data<App>, caller: Caller, id: Path<ApprovalId>) -> Result<Reply, ApiError> {
    let tenant = caller.tenant();
    let (approval, steps) = app
        .db
        .tenant(tenant, async |connection| {
            let approval = approvals::find(connection, tenant, id.0).await?;
            let approval = approval.ok_or_else(|| ApiError::not_found("approval"))?;
            Ok::<_, ApiError>((approval, history::of(connection, tenant, id.0).await?))
        })
        .await?;
    let asked =
        HistoryEntry { at: approval.requested_at, actor: Actor::service("processing"), action: Action::Requested };
    let approval = ApprovalResponse::new(approval, caller.cause.at);
    let version = approval.version();
    let history = std::iter::once(asked).chain(steps).collect();
    Ok(Reply::ok(&ApprovalDetail { approval, history }).version(version))
}
