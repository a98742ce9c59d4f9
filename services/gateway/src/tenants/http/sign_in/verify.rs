//! `POST /tenants/current/sign-in/domains/verify`.

use actix_web::web::Data;
use common::page::Page;
use db::DbError;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Reply, idempotent};

use super::views::DomainView;
use crate::app::App;
use crate::auth::store::sign_in_providers::{self, DomainRow};
use crate::auth::usecases::sign_in::configure::ConfigureError;
use crate::auth::usecases::sign_in::prove_domains;

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyDomainsRequest {}

impl Check for VerifyDomainsRequest {}

/// Looks for the TXT records that prove the tenant's e-mail domains, and tells which were found by now. A domain that
/// was proven stays so.
#[utoipa::path(
    post, path = "/api/v1/tenants/current/sign-in/domains/verify", tag = "tenants",
    responses(
        (status = 200, body = Vec<DomainView>, description = "All domains as they are now"),
        (status = 409, description = "`idempotency_in_progress`"),
        (status = 502, description = "`identity_provider_unavailable`: the resolver does not answer"),
    )
)]
pub(crate) async fn verify_domains(
    app: Data<App>,
    caller: Caller,
    body: Lenient<VerifyDomainsRequest>,
) -> Result<Reply, ApiError> {
    let tenant = caller.tenant();
    let domains = app.db.tenant(tenant, async |connection| sign_in_providers::domains(connection, tenant).await).await;
    let domains: Vec<DomainRow> = domains.map_err(|error: DbError| error)?;
    let mut found = Vec::new();
    for row in domains.into_iter().filter(|row| row.proven_at.is_none()) {
        if app.providers.is_proven(&row.domain, &row.challenge).await.map_err(ConfigureError::from)? {
            found.push(row);
        }
    }
    let (identity, cause) = (&caller.identity, &caller.cause);
    app.db
        .tenant(tenant, async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let rows = prove_domains::prove_domains(connection, &app, identity, cause, &found).await?;
                Ok(Reply::page(Page::whole(rows.into_iter().map(DomainView::from).collect::<Vec<_>>())))
            })
            .await
        })
        .await
}
