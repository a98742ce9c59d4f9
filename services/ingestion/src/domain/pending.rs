//! Files that came with a delivery and are not stored yet: when they are tried again, and when no more.

use std::time::Duration;

use chrono::TimeDelta;
use common::{DateTime, DeliveryId, FileId, RecordId, TenantId};
use uuid::Uuid;

/// Tries before a file is given up.
const MAX_ATTEMPTS: i32 = 8;
/// The wait after a first failure; it doubles with each further one.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
/// Longest wait, whatever the other side asks for.
const MAX_WAIT: TimeDelta = TimeDelta::hours(6);
/// How often room is looked for that a plan does not have: a file is deleted, a plan changed.
const LOOK_FOR_ROOM: TimeDelta = TimeDelta::minutes(15);

/// A file that is to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) tenant_id: TenantId,
    pub(crate) delivery_id: DeliveryId,
    pub(crate) place: i16,
    pub(crate) record_id: RecordId,
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    /// `None` for a file inside of the delivery.
    pub(crate) url: Option<String>,
    /// How often it was tried, this time included.
    pub(crate) attempts: i32,
    /// This try, until it is over.
    pub(crate) lease_id: Uuid,
}

/// Why a file was not stored this time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setback {
    /// By a word for machines.
    pub(crate) reason: &'static str,
    /// For people.
    pub(crate) error: String,
    pub(crate) next: Next,
}

/// What is to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It may be there later, and not before so long if the other side said so.
    Later(Option<Duration>),
    /// There is no room in the plan, which is nobody's failure.
    NoRoom,
    /// It never will be.
    Never,
}

/// What to write of a setback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is tried again then; `counts` says whether this try was one of those that are limited.
    Again { due: DateTime, counts: bool },
    /// It is given up.
    Failed,
}

/// The id of a file, the same however often its delivery is heard of.
pub(crate) fn file_id(delivery: DeliveryId, place: usize) -> FileId {
    FileId(Uuid::new_v5(&delivery.0, &place.to_be_bytes()))
}

impl Pending {
    /// What becomes of the file after a setback.
    pub(crate) fn judge(&self, setback: &Setback, now: DateTime) -> Verdict {
        match setback.next {
            Next::Never => Verdict::Failed,
            Next::NoRoom => Verdict::Again { due: now + LOOK_FOR_ROOM, counts: false },
            Next::Later(_) if self.attempts >= MAX_ATTEMPTS => Verdict::Failed,
            Next::Later(after) => {
                let doubled = FIRST_WAIT * (1 << self.attempts.clamp(1, 16).saturating_sub(1));
                let asked = after.and_then(|after| TimeDelta::from_std(after).ok()).unwrap_or_default();
                Verdict::Again { due: now + doubled.max(asked).min(MAX_WAIT), counts: true }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(attempts: i32) -> Pending {
        Pending {
            tenant_id: TenantId::generate(),
            delivery_id: DeliveryId::generate(),
            place: 0,
            record_id: RecordId::generate(),
            name: "a".into(),
            content_type: None,
            url: None,
            attempts,
            lease_id: Uuid::nil(),
        }
    }

    #[test]
    fn waits_double_keep_to_what_is_asked_and_end() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        let judged =
            |attempts, next| match pending(attempts).judge(&Setback { reason: "x", error: String::new(), next }, now) {
                Verdict::Again { due, counts } => Some(((due - now).num_seconds(), counts)),
                Verdict::Failed => None,
            };
        let later = Next::Later(None);
        assert_eq!(
            [1, 2, 3, 7, 8].map(|n| judged(n, later)),
            [Some((30, true)), Some((60, true)), Some((120, true)), Some((1_920, true)), None]
        );
        assert_eq!(judged(1, Next::Later(Some(Duration::from_secs(100)))), Some((100, true)));
        assert_eq!(judged(1, Next::Later(Some(Duration::from_secs(1 << 40)))), Some((6 * 3_600, true)));
        assert_eq!(judged(1, Next::Never), None);
        assert_eq!(judged(100, Next::NoRoom), Some((900, false)), "as long as it takes");
    }

    #[test]
    fn a_file_has_one_id_for_each_delivery_and_place() {
        let (one, other) = (DeliveryId::generate(), DeliveryId::generate());
        assert_eq!(file_id(one, 1), file_id(one, 1));
        assert!(file_id(one, 1) != file_id(one, 2) && file_id(one, 1) != file_id(other, 1));
    }
}
