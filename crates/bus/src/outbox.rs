//! The outbox: events written in the transaction of their cause.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::event::Event;
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use tokio::sync::Notify;
use uuid::Uuid;

/// Writes events and wakes the relay of the same process; relays elsewhere find the rows by polling.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    wake: Arc<Notify>,
    pressing: Arc<AtomicUsize>,
}

impl Outbox {
    /// Writes events on the caller's connection, so that they are published if and only if it commits.
    ///
    /// # Errors
    /// When the database fails.
    ///
    /// # Panics
    /// Never: an event holds only what JSON can say.
    pub async fn append(&self, connection: &mut Connection, events: &[Event]) -> Result<(), DbError> {
        if events.is_empty() {
            return Ok(());
        }
        let tenants: Vec<Uuid> = events.iter().map(|event| event.tenant_id.0).collect();
        let keys: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        let bodies: Vec<String> =
            events.iter().map(|event| serde_json::to_string(event).expect("an event is plain JSON")).collect();
        statement(
            "INSERT INTO outbox (tenant_id, routing_key, event) \
             SELECT tenant, key, body::json FROM unnest($1, $2, $3) AS e (tenant, key, body)",
        )
        .bind::<Array<SqlUuid>, _>(tenants)
        .bind::<Array<Text>, _>(keys)
        .bind::<Array<Text>, _>(bodies)
        .execute(connection)
        .await?;
        // The rows are not committed yet; a woken relay that finds none looks again after a few milliseconds.
        self.wake.notify_one();
        Ok(())
    }

    /// Wakes the relay for events that the caller wrote, and committed, by a statement of its own.
    pub fn wake_relay(&self) {
        self.wake.notify_one();
    }

    /// Says that many callers wait for their answers now, `events` of them just served: the relay of this process lets
    /// such callers go first. What they wait for is a commit; what the relay carries is committed.
    pub fn press(&self, events: usize) {
        self.pressing.fetch_add(events, Ordering::Relaxed);
    }

    /// Events that came in under pressure since the last look.
    pub(crate) fn take_pressure(&self) -> usize {
        self.pressing.swap(0, Ordering::Relaxed)
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_counted_over_all_clones_and_felt_once() {
        let outbox = Outbox::default();
        assert_eq!(outbox.take_pressure(), 0);
        outbox.clone().press(3);
        outbox.press(4);
        assert_eq!(outbox.take_pressure(), 7);
        assert_eq!(outbox.take_pressure(), 0, "who presses no more is not waited for");
    }
}
