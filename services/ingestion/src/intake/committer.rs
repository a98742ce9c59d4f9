//! The committers: take what waits, store it in one transaction, answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::Outbox;
use common::TenantId;
use db::{Db, DbError, ErrorClass};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::queue::{Intake, IntakeError, Unit};
use crate::domain::entry::{Entry, Stored};
use crate::settings::IntakeSettings;
use crate::store;

/// Tries of a group that met a deadlock or the like.
const TRIES: usize = 4;
/// A group of this many requests is stored without waiting for more.
const WORTH_A_COMMIT: usize = 24;
/// From so many requests in a group on, callers are kept waiting by want of processor time.
const RUSH: usize = 8;
const PAUSE: Duration = Duration::from_millis(5);

/// The running committers.
#[derive(Debug)]
pub(crate) struct Committers {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// What every committer has.
struct Committer {
    db: Db,
    outbox: Outbox,
    /// Held while waiting and taking, so that a group is whole; a committer that stores has let go of it.
    queue: Mutex<mpsc::Receiver<Unit>>,
    settings: IntakeSettings,
    linger: Duration,
    /// Whether the last group held more than one request.
    is_busy: AtomicBool,
    stop: CancellationToken,
}

impl Committers {
    /// Starts the committers on the current runtime. `db` should be theirs alone: no list query then holds up a
    /// commit, and its connections live on this runtime.
    pub(crate) fn start(db: Db, outbox: Outbox, settings: &IntakeSettings) -> (Intake, Self) {
        let (intake, receiver) = Intake::new(settings);
        let stop = CancellationToken::new();
        let queue = Mutex::new(receiver);
        // The runtime's timer rounds up to whole milliseconds.
        let linger = Duration::from_millis(settings.linger_millis.saturating_sub(1));
        let (settings, is_busy) = (settings.clone(), AtomicBool::new(false));
        let count = settings.committers;
        let committer = Arc::new(Committer { db, outbox, queue, settings, linger, is_busy, stop: stop.clone() });
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            tasks.spawn(Arc::clone(&committer).run());
        }
        (intake, Self { tasks, stop })
    }

    /// Takes no more, stores what was taken, and ends.
    pub(crate) async fn finish(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a committer broke down");
            }
        }
    }
}

impl Committer {
    async fn run(self: Arc<Self>) {
        loop {
            let group = self.take().await;
            if group.is_empty() {
                return;
            }
            self.commit(group).await;
        }
    }

    /// Waits for a unit and takes all that wait behind it, up to a group's bounds. Empty at the end.
    async fn take(&self) -> Vec<Unit> {
        let mut queue = self.queue.lock().await;
        let first = tokio::select! {
            biased;
            () = self.stop.cancelled() => {
                queue.close();
                queue.recv().await
            }
            unit = queue.recv() => unit,
        };
        let Some(first) = first else { return Vec::new() };
        let mut group = vec![first];
        self.take_waiting(&mut queue, &mut group);
        // Where several send at once, more are on their way: a moment's wait halves the number of commits. A
        // sender that waits for each answer is not made to wait for this.
        let was_busy = self.is_busy.swap(group.len() > 1, Ordering::Relaxed);
        if was_busy && group.len() < WORTH_A_COMMIT && self.settings.linger_millis > 0 {
            tokio::time::sleep(self.linger).await;
            self.take_waiting(&mut queue, &mut group);
            self.is_busy.store(group.len() > 1, Ordering::Relaxed);
        }
        group
    }

    fn take_waiting(&self, queue: &mut mpsc::Receiver<Unit>, group: &mut Vec<Unit>) {
        let mut entries: usize = group.iter().map(|unit| unit.entries.len()).sum();
        while group.len() < self.settings.group_requests
            && entries < self.settings.group_entries
            && let Ok(unit) = queue.try_recv()
        {
            entries += unit.entries.len();
            group.push(unit);
        }
    }

    /// Stores a group and answers its units. When the database refuses a group, its halves are tried by
    /// themselves, so that one bad unit takes no other with it.
    async fn commit(&self, group: Vec<Unit>) {
        let mut groups = vec![group];
        while let Some(mut group) = groups.pop() {
            match self.store(&group).await {
                Ok(stored) => answer(group, stored),
                Err(error) if group.len() > 1 && is_refusal(&error) => {
                    tracing::warn!(units = group.len(), %error, "a group is stored in halves");
                    let rest = group.split_off(group.len() / 2);
                    groups.extend([rest, group]);
                }
                Err(error) => fail(group, error),
            }
        }
    }

    async fn store(&self, group: &[Unit]) -> Result<Vec<Stored>, DbError> {
        let mut tries = 0;
        loop {
            let outcome = self.store_once(group).await;
            tries += 1;
            match &outcome {
                Err(error) if tries < TRIES && is_passing(error) => {
                    tracing::warn!(%error, tries, "a group is stored again");
                    tokio::time::sleep(PAUSE).await;
                }
                _ => return outcome,
            }
        }
    }

    async fn store_once(&self, group: &[Unit]) -> Result<Vec<Stored>, DbError> {
        let tenants: BTreeSet<TenantId> =
            group.iter().flat_map(|unit| unit.entries.iter().map(Entry::tenant)).collect();
        let tenants: Vec<TenantId> = tenants.into_iter().collect();
        let entries: Vec<&Entry> = group.iter().flat_map(|unit| &unit.entries).collect();
        let stored =
            self.db.tenants(&tenants, async |connection| store::intake::store(connection, &entries).await).await?;
        if group.len() >= RUSH {
            self.outbox.press(stored.len());
        }
        self.outbox.wake_relay();
        Ok(stored)
    }
}

/// The first receipt of a duplicate that vanished is not found; that passes as well.
fn is_passing(error: &DbError) -> bool {
    matches!(error.class(), ErrorClass::Transient | ErrorClass::NotFound)
}

fn is_refusal(error: &DbError) -> bool {
    matches!(error.class(), ErrorClass::Permanent | ErrorClass::Unique)
}

fn answer(group: Vec<Unit>, stored: Vec<Stored>) {
    let mut stored = stored.into_iter();
    for unit in group {
        let own = stored.by_ref().take(unit.entries.len()).collect();
        // A caller that went away needs no answer; its entries are stored all the same.
        let _ = unit.answer.send(Ok(own));
    }
}

fn fail(group: Vec<Unit>, error: DbError) {
    let is_refused = is_refusal(&error);
    let error = Arc::new(error);
    for unit in group {
        let cause = Arc::clone(&error);
        let reason = if is_refused { IntakeError::Refused(cause) } else { IntakeError::Unavailable(Some(cause)) };
        let _ = unit.answer.send(Err(reason));
    }
}
