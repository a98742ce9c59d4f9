//! Close deleted tenants: no subscription of theirs is billed any more.

use common::event::Event;
use db::{Connection, DbError};
use payments::{Notice, ProviderEvent};

use crate::app::App;
use crate::domain::MANUAL;
use crate::store::{customers, profiles, provider_events};
use crate::usecases::handle_event::TENANT_DELETED;

/// Leaves a note for whoever handles events: ending a subscription takes a call to the provider, which may have to be
/// tried again, and nothing that listens to the bus may wait for that.
pub(crate) async fn close_tenants(connection: &mut Connection, app: &App, deleted: &[&Event]) -> Result<(), DbError> {
    for event in deleted {
        let tenant = event.tenant_id;
        profiles::delete(connection, tenant, event.occurred_at).await?;
        for provider in app.providers.serving().map(|provider| provider.name()).into_iter().chain([MANUAL]) {
            let customer = customers::find(connection, tenant, provider).await?;
            let note = ProviderEvent {
                id: format!("{TENANT_DELETED}:{provider}:{tenant}"),
                kind: TENANT_DELETED.to_owned(),
                occurred_at: event.occurred_at,
                notice: Notice::Other { customer },
                body: Vec::new(),
            };
            provider_events::insert(connection, provider, &note, Some(tenant), app.clock.now()).await?;
        }
    }
    if !deleted.is_empty() {
        app.received.notify_one();
    }
    Ok(())
}
