//! `GET /auth/identities`.

use actix_web::web::Data;
use common::UserId;
use common::page::Page;
use web::{ApiError, Caller, Reply};

use super::views::IdentityView;
use crate::app::App;
use crate::auth::store::sign_in_identities::{self, Whose};
use crate::gate::Confined;

/// Lists who the caller is at their tenants' identity providers, newest first, all of them. A session that a tenant's
/// provider opened sees those of that tenant.
#[utoipa::path(
    get, path = "/api/v1/auth/identities", tag = "auth",
    responses(
        (status = 200, body = Vec<IdentityView>, description = "Identities in the caller's tenants"),
        (status = 403, description = "`forbidden`: an API key is nobody there"),
    )
)]
pub(crate) async fn list_identities(app: Data<App>, caller: Caller, confined: Confined) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    let whose = Whose { user, tenant: confined.0.then(|| caller.tenant()) };
    // A person's identities lie in several tenants.
    let rows = app.db.system(async |connection| sign_in_identities::list(connection, whose).await).await?;
    let items: Vec<IdentityView> = rows.into_iter().map(IdentityView::from).collect();
    Ok(Reply::page(Page { items, next_cursor: None }))
}
