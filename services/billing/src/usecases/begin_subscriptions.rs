//! Begin subscriptions: a new tenant is on the free plan, and everybody is told once.

use std::collections::HashMap;

use common::event::{Cause, Event, SubscriptionUpdated};
use common::{DateTime, TenantId};
use db::{Connection, DbError};

use crate::app::{AGENT, App};
use crate::domain::{FREE_PLAN, Subscription};
use crate::store::{billing_events, profiles, subscriptions};
use crate::usecases::restate::entitlements;

const ACTIVE: &str = "active";

/// Begins the free plan for the tenants of TENANT_CREATED events; a tenant that has a subscription keeps it.
pub(crate) async fn begin_subscriptions(
    connection: &mut Connection,
    app: &App,
    created: &[&Event],
) -> Result<(), DbError> {
    if created.is_empty() {
        return Ok(());
    }
    let by_tenant: HashMap<TenantId, &Event> = created.iter().map(|event| (event.tenant_id, *event)).collect();
    let tenants: Vec<(TenantId, DateTime)> =
        by_tenant.iter().map(|(tenant, event)| (*tenant, event.occurred_at)).collect();
    let begun = subscriptions::begin(connection, &tenants, FREE_PLAN).await?;
    let told: Vec<Event> = begun.iter().map(|tenant| tell(app, *tenant, by_tenant[tenant])).collect();
    let log: Vec<_> =
        told.iter().map(|event| (event.tenant_id, event.id, by_tenant[&event.tenant_id].occurred_at)).collect();
    billing_events::append(connection, "SUBSCRIPTION_UPDATED", FREE_PLAN, ACTIVE, &log).await?;
    app.outbox.append(connection, &told).await?;
    let zones = profiles::zones(connection, &begun).await?;
    let allowed: Vec<Event> = begun
        .iter()
        .map(|tenant| {
            let created = by_tenant[tenant];
            let zone = zones.get(tenant).copied().unwrap_or(chrono_tz::Tz::UTC);
            let data = entitlements(app, *tenant, &Subscription::free(created.occurred_at), zone.name());
            Event::new(&Cause::following(created, AGENT, app.clock.now()), AGENT, &data)
        })
        .collect();
    app.outbox.append(connection, &allowed).await?;
    subscriptions::told(connection, &begun, app.plans.digest()).await
}

fn tell(app: &App, tenant: TenantId, created: &Event) -> Event {
    let cause = Cause::following(created, AGENT, app.clock.now());
    let data = SubscriptionUpdated { tenant_id: tenant, plan: FREE_PLAN.into(), status: ACTIVE.into() };
    Event::new(&cause, AGENT, &data)
}
