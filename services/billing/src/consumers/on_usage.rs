//! The queue `billing.usage`: everything that counts against a plan, and the tenants that begin, change and end.

use async_trait::async_trait;
use bus::{HandleError, Handler};
use common::TenantId;
use common::event::{
    DecodeError, Event, IntegrationConnected, IntegrationDeleted, MemberJoined, MemberRemoved, TenantCreated,
    TenantDeleted,
};
use uuid::Uuid;

use crate::app::App;
use crate::domain::HoldingKind;
use crate::store::holdings::Holding;
use crate::usecases::set_timezones::{set_timezones, timezones};
use crate::usecases::{begin_subscriptions, close_tenants, count_usage};

/// Counts a batch in one transaction. Usage may come before its tenant does: the two do not need each other.
#[derive(Debug)]
pub(crate) struct OnUsage(pub(crate) App);

#[async_trait]
impl Handler for OnUsage {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        let held = events.iter().map(holding).collect::<Result<Vec<_>, DecodeError>>()?;
        let held: Vec<Holding> = held.into_iter().flatten().collect();
        let created: Vec<&Event> = events.iter().filter(|event| event.is::<TenantCreated>()).collect();
        let deleted: Vec<&Event> = events.iter().filter(|event| event.is::<TenantDeleted>()).collect();
        let zones = timezones(events)?;
        let app = &self.0;
        app.db
            .tenants(&tenants_of(events), async |connection| {
                set_timezones(connection, app, &zones).await?;
                begin_subscriptions(connection, app, &created).await?;
                close_tenants(connection, app, &deleted).await?;
                count_usage(connection, events, held).await
            })
            .await?;
        Ok(())
    }
}

/// The seat or source that an event gives or takes; records are counted without being read.
fn holding(event: &Event) -> Result<Option<Holding>, DecodeError> {
    let (kind, subject, held): (HoldingKind, Uuid, bool) = if event.is::<TenantCreated>() {
        // The first owner takes a seat, whether or not a MEMBER_JOINED tells of them too.
        (HoldingKind::Seat, event.decode::<TenantCreated>()?.owner.0, true)
    } else if event.is::<MemberJoined>() {
        (HoldingKind::Seat, event.decode::<MemberJoined>()?.user_id.0, true)
    } else if event.is::<MemberRemoved>() {
        (HoldingKind::Seat, event.decode::<MemberRemoved>()?.user_id.0, false)
    } else if event.is::<IntegrationConnected>() {
        (HoldingKind::Integration, event.decode::<IntegrationConnected>()?.integration_id.0, true)
    } else if event.is::<IntegrationDeleted>() {
        (HoldingKind::Integration, event.decode::<IntegrationDeleted>()?.integration_id.0, false)
    } else {
        return Ok(None);
    };
    Ok(Some(Holding { tenant: event.tenant_id, kind, subject, held, at: event.occurred_at }))
}

fn tenants_of(events: &[Event]) -> Vec<TenantId> {
    let mut tenants: Vec<TenantId> = events.iter().map(|event| event.tenant_id).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}
