//! Tell tenants anew what they may do: the plans differ from those by which they were told.

use common::event::{Cause, Event};
use common::trace::TraceContext;
use common::{Actor, TenantId};
use db::{Connection, DbError};

use crate::app::{AGENT, App};
use crate::store::{profiles, subscriptions};
use crate::usecases::restate::entitlements;

/// Tells it, under a new version, so that whoever enforces it takes it over.
pub(crate) async fn tell_entitlements(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
) -> Result<(), DbError> {
    let zones = profiles::zones(connection, tenants).await?;
    let mut told = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        let Some(mut subscription) = subscriptions::lock(connection, *tenant).await? else { continue };
        subscription.version += 1;
        subscriptions::update(connection, *tenant, &subscription).await?;
        let cause = Cause {
            tenant_id: *tenant,
            actor: Actor::service(AGENT),
            trace: TraceContext::random(),
            at: app.clock.now(),
        };
        let zone = zones.get(tenant).copied().unwrap_or(chrono_tz::Tz::UTC);
        told.push(Event::new(&cause, AGENT, &entitlements(app, *tenant, &subscription, zone.name())));
    }
    app.outbox.append(connection, &told).await?;
    subscriptions::told(connection, tenants, app.plans.digest()).await
}
