//! `GET /integrations/providers`

use actix_web::web::Data;
use common::page::Page;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Caller, Query, Reply};

use crate::app::App;
use crate::domain::provider::{Auth, Provider};
use crate::domain::signature::Scheme;

/// A kind of source.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderResponse {
    /// The name that `POST /integrations` takes.
    provider: &'static str,
    display_name: &'static str,
    auth: Auth,
    /// How it signs, and what `config` may change of that.
    signature: &'static Scheme,
    /// What `config.oauth2` and `config.pull` begin with, where sources are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth2: Option<&'static Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull: Option<&'static Value>,
    /// What to do at the provider.
    setup: &'static str,
    /// The default mapping, to begin one's own with.
    mapping: &'static Value,
}

impl From<&'static Provider> for ProviderResponse {
    fn from(provider: &'static Provider) -> Self {
        Self {
            provider: &provider.provider,
            display_name: &provider.display_name,
            auth: provider.auth,
            signature: &provider.signature,
            oauth2: provider.oauth2.as_ref(),
            pull: provider.pull.as_ref(),
            setup: &provider.setup,
            mapping: &provider.mapping,
        }
    }
}

/// The catalogue takes no parameter.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// Lists every kind of source that can be connected.
#[utoipa::path(
    get, path = "/api/v1/integrations/providers", tag = "integrations", operation_id = "list_providers",
    responses((status = 200, description = "The catalogue.", body = Vec<ProviderResponse>))
)]
pub(crate) async fn list_providers(app: Data<App>, _: Caller, _: Query<NoQuery>) -> Result<Reply, ApiError> {
    let items = app.catalogue.all().iter().map(ProviderResponse::from).collect();
    Ok(Reply::page(Page { items, next_cursor: None }))
}
