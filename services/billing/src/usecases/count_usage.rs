//! Count usage: each record once, whatever comes twice; each seat and source by its newest word.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use chrono_tz::Tz;
use common::TenantId;
use common::event::{Event, Ingested};
use db::{Connection, DbError, inbox};
use uuid::Uuid;

use crate::domain::{HoldingKind, Period};
use crate::store::holdings::Holding;
use crate::store::{holdings, profiles, usage};

/// The inbox's name for this count.
const CONSUMER: &str = "billing.usage";

/// Counts the records of a batch and keeps its holdings.
///
/// The inbox row and the count are one transaction, so an event that comes again finds the one with the other.
/// A record counts in the month in which it was stored by the tenant's calendar, also when its event arrives in the
/// next.
pub(crate) async fn count_usage(
    connection: &mut Connection,
    events: &[Event],
    held: Vec<Holding>,
) -> Result<(), DbError> {
    if events.iter().any(Event::is::<Ingested>) {
        let mut fresh = inbox::claim(connection, CONSUMER, events).await?;
        let tenants: Vec<TenantId> = events.iter().map(|event| event.tenant_id).collect();
        let zones = profiles::zones(connection, &tenants).await?;
        let mut counts: BTreeMap<(TenantId, NaiveDate), i64> = BTreeMap::new();
        // Removing what is counted also takes care of an event that is in the batch twice.
        for event in events.iter().filter(|event| event.is::<Ingested>()) {
            if fresh.remove(&event.id) {
                let zone = zones.get(&event.tenant_id).copied().unwrap_or(Tz::UTC);
                let month = Period::of(event.occurred_at, zone).first_day();
                *counts.entry((event.tenant_id, month)).or_default() += 1;
            }
        }
        usage::add_records(connection, &counts.into_iter().collect::<Vec<_>>()).await?;
    }
    holdings::upsert(connection, &newest(held)).await
}

fn newest(held: Vec<Holding>) -> Vec<Holding> {
    let mut newest: HashMap<(TenantId, HoldingKind, Uuid), Holding> = HashMap::new();
    for holding in held {
        let key = (holding.tenant, holding.kind, holding.subject);
        match newest.get(&key) {
            Some(known) if (known.at, !known.held) >= (holding.at, !holding.held) => {}
            Some(_) | None => {
                newest.insert(key, holding);
            }
        }
    }
    newest.into_values().collect()
}
