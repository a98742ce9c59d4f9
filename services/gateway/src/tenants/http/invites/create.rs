//! `POST /tenants/current/invites`.

use actix_web::web::Data;
use common::{Role, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::InviteView;
use crate::app::App;
use crate::auth::domain::email::Email;
use crate::tenants::usecases::create_invite::{self, Invited};

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateInviteRequest {
    /// Where the letter goes; whoever accepts has this address.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// Any but `agent`, which is for API keys.
    role: Role,
}

impl Check for CreateInviteRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        Email::check(&mut found, "email", &self.email);
        if self.role == Role::Agent {
            found.push(Violation::new("role", "role", "must be a person's role; agent is for API keys"));
        }
        found
    }
}

/// Invites somebody by mail, with or without an account. The link counts for seven days.
///
/// An address with an open invite gets that one again, with the role asked for now: 200 instead of 201.
#[utoipa::path(
    post, path = "/api/v1/tenants/current/invites", tag = "tenants", request_body = CreateInviteRequest,
    responses(
        (status = 200, body = InviteView, description = "There was an open invite; it was sent again"),
        (status = 201, body = InviteView, description = "Invited"),
        (status = 402, description = "`quota_exceeded`: every seat of the plan is taken or promised"),
        (status = 403, description = "`forbidden`: the role allows more than the caller's own"),
        (status = 409, description = "`already_member`; `conflict`: too many open invites; `idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn create_invite(
    app: Data<App>,
    caller: Caller,
    body: Body<CreateInviteRequest>,
) -> Result<Reply, ApiError> {
    let Body { content, idempotency } = body;
    let email = Email::parse(&content.email).ok_or_else(|| ApiError::internal("a checked address does not parse"))?;
    let now = caller.cause.at;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let (identity, cause) = (&caller.identity, &caller.cause);
                let whom = (&email, content.role);
                Ok(match create_invite::create_invite(connection, &app, identity, cause, whom).await? {
                    Invited::Anew(row) => Reply::created(&InviteView::new(row, now)),
                    Invited::Again(row) => Reply::ok(&InviteView::new(row, now)),
                })
            })
            .await
        })
        .await
}
