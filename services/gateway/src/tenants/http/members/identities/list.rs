//! `GET /tenants/current/members/{id}/identities`.

use actix_web::web::Data;
use common::UserId;
use common::page::Page;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::auth::http::identities::views::IdentityView;
use crate::auth::store::sign_in_identities::{self, Whose};
use crate::auth::usecases::sign_in::unlink::{UnlinkError, confirm_over_member};

/// Lists who a member is at the tenant's identity provider, and at those that it had before.
#[utoipa::path(
    get, path = "/api/v1/tenants/current/members/{id}/identities", tag = "tenants", params(("id" = UserId, Path)),
    responses(
        (status = 200, body = Vec<IdentityView>, description = "Their identities in this tenant"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: `owners:write` is needed to see an owner's"),
        (status = 404, description = "`not_found`"),
    )
)]
pub(crate) async fn list_member_identities(
    app: Data<App>,
    caller: Caller,
    id: Path<UserId>,
) -> Result<Reply, ApiError> {
    let whose = Whose { user: id.0, tenant: Some(caller.tenant()) };
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            confirm_over_member(connection, &caller.identity, id.0).await?;
            Ok::<_, UnlinkError>(sign_in_identities::list(connection, whose).await?)
        })
        .await?;
    let items: Vec<IdentityView> = rows.into_iter().map(IdentityView::from).collect();
    Ok(Reply::page(Page { items, next_cursor: None }))
}
