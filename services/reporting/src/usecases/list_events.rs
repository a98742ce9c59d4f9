//! Reads on in the feed from a position.

use common::TenantId;
use db::{Connection, DbError};

use crate::store::feed::{self, EventFilter, LoggedEvent, Span};

/// Events, and the position to read on from.
#[derive(Debug)]
pub(crate) struct EventPage {
    pub(crate) events: Vec<LoggedEvent>,
    /// Everything up to here was looked at. It stays where it is while nothing new comes.
    pub(crate) read_through: i64,
}

/// The next events behind `after` that the filter lets through, oldest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn list_events(
    conn: &mut Connection,
    tenant: TenantId,
    filter: &EventFilter,
    after: i64,
    limit: u32,
) -> Result<EventPage, DbError> {
    // Read before the events: what is committed by now, and nothing that a later statement might see besides.
    let head = feed::head(conn, tenant).await?;
    let mut span = Span { after, through: head };
    if filter.from.is_some() || filter.to.is_some() {
        let of_period = feed::span(conn, tenant, filter.from, filter.to).await?;
        span = Span { after: after.max(of_period.after), through: head.min(of_period.through) };
    }
    let events = feed::read(conn, tenant, filter, span, i64::from(limit)).await?;
    let full = events.len() == limit as usize;
    let last = events.last().filter(|_| full).map(|event| event.position);
    // A cursor from beyond the end is kept: going back would show events twice.
    let read_through = last.unwrap_or_else(|| head.max(after));
    Ok(EventPage { events, read_through })
}
