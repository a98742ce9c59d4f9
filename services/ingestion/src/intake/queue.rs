//! The way in: a bounded queue, with a share set apart for what was not rejected.

use std::sync::Arc;

use db::DbError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot};

use crate::domain::entry::{Entry, Stored};
use crate::settings::IntakeSettings;

/// Rejected deliveries may take up one in so many of the queue's bytes and places: a flood of forgeries leaves room
/// for the rest.
const REJECTED_SHARE: usize = 8;

/// Takes entries and answers when they are stored.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    queue: mpsc::Sender<Unit>,
    budget: Budget,
    rejected_budget: Budget,
}

/// What units of one kind may take up.
#[derive(Clone, Debug)]
struct Budget {
    bytes: Arc<Semaphore>,
    units: Arc<Semaphore>,
}

/// What one request wants stored, all or nothing.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) entries: Vec<Entry>,
    pub(super) answer: oneshot::Sender<Result<Vec<Stored>, IntakeError>>,
    /// Given back when the unit is answered, whether or not its caller still waits.
    pub(super) _permits: [OwnedSemaphorePermit; 2],
}

/// Why entries were not stored.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum IntakeError {
    /// The queue is full.
    #[error("the intake's queue is full")]
    Overloaded,
    /// The database is away, or the process is stopping.
    #[error("the intake cannot store now")]
    Unavailable(#[source] Option<Arc<DbError>>),
    /// The database refuses these entries.
    #[error("the intake cannot store these entries")]
    Refused(#[source] Arc<DbError>),
}

impl Budget {
    fn new(bytes: usize, units: usize) -> Self {
        Self { bytes: Arc::new(Semaphore::new(bytes)), units: Arc::new(Semaphore::new(units)) }
    }

    fn take(&self, bytes: usize) -> Result<[OwnedSemaphorePermit; 2], IntakeError> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.units)
            .try_acquire_owned()
            .and_then(|unit| Ok([unit, Arc::clone(&self.bytes).try_acquire_many_owned(bytes)?]));
        taken.map_err(|error| match error {
            TryAcquireError::NoPermits => IntakeError::Overloaded,
            TryAcquireError::Closed => IntakeError::Unavailable(None),
        })
    }
}

impl Intake {
    pub(super) fn new(settings: &IntakeSettings) -> (Self, mpsc::Receiver<Unit>) {
        let (queue, receiver) = mpsc::channel(settings.queue_capacity);
        // The queue itself bounds how many units wait.
        let budget = Budget::new(settings.queue_bytes, Semaphore::MAX_PERMITS);
        let rejected_units = (settings.queue_capacity / REJECTED_SHARE).max(1);
        let rejected_budget = Budget::new(settings.queue_bytes / REJECTED_SHARE, rejected_units);
        (Self { queue, budget, rejected_budget }, receiver)
    }

    /// Stores the entries and says what became of each. They are stored even if the caller stops waiting.
    ///
    /// # Errors
    /// When nothing was stored, or it is not known whether (the database went away in the commit).
    pub(crate) async fn store(&self, entries: Vec<Entry>) -> Result<Vec<Stored>, IntakeError> {
        self.enqueue(entries, &self.budget)?.await.unwrap_or(Err(IntakeError::Unavailable(None)))
    }

    /// Keeps a rejected delivery if there is room for it, which is no concern of its sender's.
    pub(crate) async fn keep_rejected(&self, entry: Entry) {
        let kept = match self.enqueue(vec![entry], &self.rejected_budget) {
            Ok(answer) => answer.await.unwrap_or(Err(IntakeError::Unavailable(None))),
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "a rejected delivery was not kept");
        }
    }

    fn enqueue(
        &self,
        entries: Vec<Entry>,
        budget: &Budget,
    ) -> Result<oneshot::Receiver<Result<Vec<Stored>, IntakeError>>, IntakeError> {
        let permits = budget.take(entries.iter().map(Entry::weight).sum())?;
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Unit { entries, answer, _permits: permits }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => IntakeError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => IntakeError::Unavailable(None),
        })?;
        Ok(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{NewDelivery, Reason};
    use crate::domain::signature::Refusal;
    use common::{Clock as _, DeliveryId, IntegrationId, SystemClock, TenantId};

    fn rejected(bytes: usize) -> Entry {
        let delivery = NewDelivery {
            id: DeliveryId::generate(),
            tenant_id: TenantId::generate(),
            integration_id: IntegrationId::generate(),
            dedupe_key: Vec::new(),
            headers: "{}".into(),
            body: vec![0; bytes].into(),
            received_at: SystemClock.now(),
        };
        Entry::Rejected { delivery, reason: Reason::Signature(Refusal::SignatureMismatch) }
    }

    #[tokio::test]
    async fn requests_and_bytes_are_both_bounded() {
        let settings = IntakeSettings { queue_capacity: 2, queue_bytes: 1 << 20, ..Default::default() };
        let (intake, mut receiver) = Intake::new(&settings);
        let budget = &intake.budget;
        let too_large = intake.enqueue(vec![rejected(1 << 20)], budget);
        assert!(matches!(too_large, Err(IntakeError::Overloaded)), "more bytes than there is room for");
        let _first = intake.enqueue(vec![rejected(10)], budget).expect("room");
        let _second = intake.enqueue(vec![rejected(10)], budget).expect("room");
        let third = intake.enqueue(vec![rejected(10)], budget);
        assert!(matches!(third, Err(IntakeError::Overloaded)), "more requests than there is room for");
        drop(receiver.recv().await);
        intake.enqueue(vec![rejected(10)], budget).expect("room again, and the refused ones took none");
        drop(receiver);
        assert!(matches!(intake.enqueue(vec![rejected(10)], budget), Err(IntakeError::Unavailable(None))));
    }

    #[tokio::test]
    async fn forgeries_leave_room() {
        let settings = IntakeSettings { queue_capacity: 10, queue_bytes: 1 << 20, ..Default::default() };
        let (intake, _receiver) = Intake::new(&settings);
        let flood = intake.enqueue(vec![rejected(1 << 17)], &intake.rejected_budget);
        assert!(matches!(flood, Err(IntakeError::Overloaded)));
        intake.enqueue(vec![rejected(1 << 17)], &intake.budget).expect("room for what is not rejected");
    }

    #[tokio::test]
    async fn forgeries_leave_places() {
        let settings = IntakeSettings { queue_capacity: 16, ..Default::default() };
        let (intake, mut receiver) = Intake::new(&settings);
        let flood = || intake.enqueue(vec![rejected(1)], &intake.rejected_budget);
        drop(flood().expect("the first place"));
        drop(flood().expect("the second place"));
        assert!(matches!(flood(), Err(IntakeError::Overloaded)), "kept even if the sender went away");
        intake.enqueue(vec![rejected(1)], &intake.budget).expect("room for what is not rejected");
        drop(receiver.recv().await);
        flood().expect("a place again");
    }
}
