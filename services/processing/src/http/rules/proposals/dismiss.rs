//! `POST /rules/proposals/{id}/dismiss`

use actix_web::web::Data;
use common::RuleProposalId;
use common::error_code::ErrorBody;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::http::given::Nothing;
use crate::usecases::dismiss_proposal::dismiss_proposal;

/// A proposal that will not come again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DismissedProposal {
    id: RuleProposalId,
    /// Always true.
    dismissed: bool,
}

/// Dismisses a proposal: it is not proposed again, whatever people decide.
#[utoipa::path(
    post, path = "/api/v1/rules/proposals/{id}/dismiss", tag = "rules", operation_id = "dismiss_rule_proposal",
    params(("id" = RuleProposalId, Path, description = "The proposal.")),
    responses(
        (status = 200, description = "It is dismissed.", body = DismissedProposal),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn dismiss_rule_proposal(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleProposalId>,
    body: Lenient<Nothing>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                dismiss_proposal(connection, &app, &caller.cause, id).await?;
                Ok(Reply::ok(&DismissedProposal { id, dismissed: true }))
            })
            .await
        })
        .await
}
