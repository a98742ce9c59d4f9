//! The removal: one bounded step a transaction, with the place where the next one begins.
//!
//! A process that dies repeats nothing and leaves nothing out. The tombstone's row lock is the lease of a step, and steps
//! of several tenants take turns.

use std::time::Duration;

use chrono::TimeDelta;
use common::DateTime;
use db::DbError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::store::{self, Pass, Place};
use crate::{Offboarding, Removed};

/// Most rows of a step, where an index leads to them.
const ROWS: i64 = 1_000;
/// Pages of a step through a table that is walked: 1 MiB.
const PAGES: i64 = 128;
/// How long the worker rests when nothing is due.
const IDLE: Duration = Duration::from_secs(1);
/// After a pass that found something.
const AGAIN: TimeDelta = TimeDelta::milliseconds(500);
/// The first look for what came late; each further one is four times as far from the deletion.
const FIRST_LOOK: TimeDelta = TimeDelta::minutes(1);
/// Beyond this nothing can come any more.
const LAST_LOOK: TimeDelta = TimeDelta::days(90);

impl Offboarding {
    /// Removes rows of deleted tenants until told to stop. For workers.
    pub async fn remove(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let heard = self.heard.notified();
            match self.step().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "rows of a deleted tenant are not removed now"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = heard => {}
                () = sleep(IDLE) => {}
            }
        }
    }

    /// Does one step, if one is due.
    async fn step(&self) -> Result<bool, DbError> {
        let now = self.clock.now();
        self.db
            .system(async |connection| {
                let Some(mut pass) = store::claim(connection, now).await? else { return Ok(false) };
                let apart = self.holdings.apart();
                let mut tables = store::tables(connection).await?;
                tables.retain(|table| !apart.contains(&table.as_str()));
                let index = index_of(&pass.place, &tables);
                let next = match tables.get(index) {
                    Some(table) => {
                        let page = if pass.place == Place::Start { 0 } else { pass.page };
                        match store::remove(connection, pass.tenant, table, (page, PAGES, ROWS)).await? {
                            Some((rows, next)) => {
                                pass.note(Removed { rows, ..Removed::default() });
                                next.map_or_else(|| after(&tables, index), |page| (Place::In(table.clone()), page))
                            }
                            // Something that refers to it came late: all over again, in order.
                            None => {
                                pass.note(Removed { is_pending: true, ..Removed::default() });
                                (Place::Start, 0)
                            }
                        }
                    }
                    None => {
                        let own = self.holdings.remove(connection, pass.tenant, ROWS).await?;
                        pass.note(own);
                        if own.has_more { (Place::Own, 0) } else { return self.end(connection, pass, now).await }
                    }
                };
                (pass.place, pass.page) = next;
                store::advance(connection, &pass, now).await?;
                Ok(true)
            })
            .await
    }

    /// Ends a pass: the next one is due soon when this one found something, else later and later.
    async fn end(&self, connection: &mut db::Connection, pass: Pass, now: DateTime) -> Result<bool, DbError> {
        let due = if pass.has_found { Some(now + AGAIN) } else { next_look(pass.deleted_at, now) };
        if !pass.has_found && !pass.was_emptied {
            tracing::info!(tenant = %pass.tenant, removed = pass.removed, "nothing of a deleted tenant is left");
        }
        store::finish(connection, &pass, due, now).await?;
        Ok(true)
    }
}

/// When to look for what came late; `None` once nothing can.
fn next_look(deleted_at: DateTime, now: DateTime) -> Option<DateTime> {
    let since = (now - deleted_at).max(TimeDelta::zero());
    let next = now + (since * 3).max(FIRST_LOOK);
    (next - deleted_at <= LAST_LOOK).then_some(next)
}

/// Where the pass is. A table that is no more, as after an update, has it begin again.
fn index_of(place: &Place, tables: &[String]) -> usize {
    match place {
        Place::Start => 0,
        Place::In(table) => tables.iter().position(|known| known == table).unwrap_or(0),
        Place::Own => tables.len(),
    }
}

fn after(tables: &[String], index: usize) -> (Place, i64) {
    (tables.get(index + 1).map_or(Place::Own, |table| Place::In(table.clone())), 0)
}

impl Pass {
    fn note(&mut self, removed: Removed) {
        self.removed += removed.rows;
        self.has_found |= removed.rows > 0 || removed.is_pending;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_for_late_ones_grow_apart_and_end() {
        let deleted = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        let mut looks = Vec::new();
        let mut now = deleted;
        while let Some(next) = next_look(deleted, now) {
            assert!(next > now);
            looks.push((next - deleted).num_minutes());
            now = next;
        }
        assert_eq!(looks[..3], [1, 4, 16]);
        assert!(looks.len() <= 10 && looks.last().is_some_and(|last| *last > 20 * 24 * 60), "{looks:?}");
        // An event's clock may be ahead.
        assert_eq!(next_look(deleted, deleted - TimeDelta::hours(1)), Some(deleted - TimeDelta::minutes(59)));
    }

    #[test]
    fn a_pass_goes_on_where_it_was() {
        let tables = ["a".to_owned(), "b".to_owned()];
        assert_eq!(index_of(&Place::Start, &tables), 0);
        assert_eq!(index_of(&Place::In("b".into()), &tables), 1);
        assert_eq!(index_of(&Place::In("dropped".into()), &tables), 0);
        assert_eq!(index_of(&Place::Own, &tables), 2);
        assert_eq!(after(&tables, 0), (Place::In("b".into()), 0));
        assert_eq!(after(&tables, 1), (Place::Own, 0));
    }
}
