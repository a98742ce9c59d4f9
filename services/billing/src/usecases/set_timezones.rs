//! Set time zones: whose calendar months are counted, and by which enforcement goes.

use std::collections::HashMap;

use common::event::{DecodeError, Event, TenantCreated, TenantUpdated};
use common::{DateTime, TenantId};
use db::{Connection, DbError};

use crate::app::App;
use crate::store::profiles;
use crate::usecases::tell_entitlements;

/// The newest word of the events about each tenant's calendar.
pub(crate) fn timezones(events: &[Event]) -> Result<Vec<(TenantId, String, DateTime)>, DecodeError> {
    let mut newest: HashMap<TenantId, (String, DateTime)> = HashMap::new();
    for event in events {
        let zone = if event.is::<TenantCreated>() {
            event.decode::<TenantCreated>()?.timezone
        } else if event.is::<TenantUpdated>() {
            event.decode::<TenantUpdated>()?.timezone
        } else {
            continue;
        };
        let known = newest.get(&event.tenant_id);
        if known.is_none_or(|(_, at)| *at < event.occurred_at) {
            newest.insert(event.tenant_id, (zone, event.occurred_at));
        }
    }
    Ok(newest.into_iter().map(|(tenant, (zone, at))| (tenant, zone, at)).collect())
}

/// Takes them over, before anything else of the batch is counted.
pub(crate) async fn set_timezones(
    connection: &mut Connection,
    app: &App,
    zones: &[(TenantId, String, DateTime)],
) -> Result<(), DbError> {
    let changed = profiles::set_timezones(connection, zones).await?;
    // Who has no subscription yet is told when it begins.
    if changed.is_empty() { Ok(()) } else { tell_entitlements(connection, app, &changed).await }
}
