//! `POST /tenants/current/invites/{id}/resend`.

use actix_web::web::Data;
use common::InviteId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use super::InviteView;
use crate::app::App;
use crate::tenants::usecases::resend_invite;

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendInviteRequest {}

impl Check for ResendInviteRequest {}

/// Mails a pending or expired invite again, with a new link for seven days. The former link is worth nothing.
#[utoipa::path(
    post, path = "/api/v1/tenants/current/invites/{id}/resend", tag = "tenants", params(("id" = InviteId, Path)),
    responses(
        (status = 200, body = InviteView, description = "Sent again"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: the role allows more than the caller's own"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`conflict`: accepted or revoked; `idempotency_in_progress`"),
    )
)]
pub(crate) async fn resend_invite(
    app: Data<App>,
    caller: Caller,
    id: Path<InviteId>,
    body: Lenient<ResendInviteRequest>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let (identity, cause) = (&caller.identity, &caller.cause);
                let row = resend_invite::resend_invite(connection, &app, identity, cause, id.0).await?;
                Ok(Reply::ok(&InviteView::new(row, cause.at)))
            })
            .await
        })
        .await
}
