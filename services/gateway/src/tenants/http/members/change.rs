//! `PATCH /tenants/current/members/{id}`.

use actix_web::web::Data;
use common::{Role, UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Path, Reply};

use crate::app::App;
use crate::tenants::http::views::MemberView;
use crate::tenants::usecases::change_member::{self, MemberChange};

/// The role to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeMemberRequest {
    /// Any but `agent`, which is for API keys.
    role: Role,
}

impl Check for ChangeMemberRequest {
    fn check(&self) -> Vec<Violation> {
        let machine = self.role == Role::Agent;
        machine
            .then(|| Violation::new("role", "role", "must be a person's role; agent is for API keys"))
            .into_iter()
            .collect()
    }
}

/// Gives a member another role.
///
/// It allows no more than the caller's own. It takes owners to make or unmake owners.
#[utoipa::path(
    patch, path = "/api/v1/tenants/current/members/{id}", tag = "tenants", request_body = ChangeMemberRequest,
    params(("id" = UserId, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = MemberView, description = "The member as they are now; everywhere within 30 seconds"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: `owners:write` is needed, or a permission of the role"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`last_owner`"),
        (status = 412, description = "`version_conflict`"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn change_member(
    app: Data<App>,
    caller: Caller,
    id: Path<UserId>,
    if_match: IfMatch,
    body: Body<ChangeMemberRequest>,
) -> Result<Reply, ApiError> {
    let change = MemberChange { user: id.0, role: body.content.role, expected: if_match.0 };
    let member = app
        .db
        .tenant(caller.tenant(), async |connection| {
            change_member::change_member(connection, &app, &caller.identity, &caller.cause, change).await
        })
        .await?;
    app.checker.forget_member(caller.tenant(), id.0);
    let version = member.version;
    Ok(Reply::ok(&MemberView::from(member)).version(version))
}
