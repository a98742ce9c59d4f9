//! Open the portal: a link to where the customer manages what they subscribed to.

use common::TenantId;
use db::DbError;
use payments::{PaymentProvider, ProviderError};

use crate::app::App;
use crate::store::customers;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenPortalError {
    #[error("the tenant has never begun to pay")]
    NoCustomer,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The link for the tenant's own customer; it works for a few minutes.
pub(crate) async fn open_portal(
    app: &App,
    provider: &dyn PaymentProvider,
    tenant: TenantId,
    return_url: &str,
) -> Result<String, OpenPortalError> {
    let find = async |connection: &mut db::Connection| customers::find(connection, tenant, provider.name()).await;
    let customer = app.db.tenant(tenant, find).await?.ok_or(OpenPortalError::NoCustomer)?;
    Ok(provider.portal_link(&customer, return_url).await?)
}
