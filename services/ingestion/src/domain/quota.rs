//! How much a tenant may take in, and how much of that is left.

use std::sync::atomic::{AtomicI64, Ordering};

use common::DateTime;
use common::event::Access;

/// What a tenant may do and has done in its month, as it was a moment ago.
#[derive(Debug)]
pub(crate) struct Quota {
    pub(crate) plan: String,
    pub(crate) access: Access,
    /// Why only reading is left.
    pub(crate) reason: Option<String>,
    /// Nothing is taken in beyond; `None` without a limit.
    pub(crate) hard: Option<i64>,
    /// Records of the month.
    pub(crate) used: i64,
    /// When the next month begins.
    pub(crate) resets_at: DateTime,
    /// Taken in by this process since.
    taken: AtomicI64,
}

/// What a plan has so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entitlement {
    /// Records of a month.
    RecordsPerMonth,
    /// Bytes of files at a time.
    FileBytes,
}

impl Entitlement {
    /// Its name in a plan.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::RecordsPerMonth => "recordsPerMonth",
            Self::FileBytes => "fileBytes",
        }
    }
}

/// Why nothing is taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) entitlement: Entitlement,
    pub(crate) plan: String,
    pub(crate) reason: String,
    pub(crate) limit: Option<i64>,
    pub(crate) used: i64,
    /// When there is room again without doing anything; `None` when that takes a payment.
    pub(crate) resets_at: Option<DateTime>,
}

impl Quota {
    pub(crate) fn new(
        (plan, access, reason): (String, Access, Option<String>),
        (hard, used): (Option<i64>, i64),
        resets_at: DateTime,
    ) -> Self {
        Self { plan, access, reason, hard, used, resets_at, taken: AtomicI64::new(0) }
    }

    /// The same, with records that are on their way.
    pub(crate) fn with_taken(self, records: i64) -> Self {
        Self { taken: AtomicI64::new(records), ..self }
    }

    /// Whether there is anything that it could refuse.
    pub(crate) fn is_limited(&self) -> bool {
        self.access == Access::ReadOnly || self.hard.is_some()
    }

    /// Takes room for that many records, or says why there is none.
    pub(crate) fn take(&self, records: i64) -> Result<(), Exhausted> {
        if self.access == Access::ReadOnly {
            return Err(self.exhausted(self.used));
        }
        let Some(hard) = self.hard else { return Ok(()) };
        let before = self.taken.fetch_add(records, Ordering::Relaxed);
        let used = self.used.saturating_add(before);
        if used.saturating_add(records) <= hard {
            return Ok(());
        }
        self.taken.fetch_sub(records, Ordering::Relaxed);
        Err(self.exhausted(used))
    }

    /// How many more there is room for; `None` without a limit.
    pub(crate) fn room(&self) -> Option<i64> {
        match (self.access, self.hard) {
            (Access::ReadOnly, _) => Some(0),
            (Access::Full, None) => None,
            (Access::Full, Some(hard)) => Some((hard - self.used - self.taken.load(Ordering::Relaxed)).max(0)),
        }
    }

    fn exhausted(&self, used: i64) -> Exhausted {
        let is_read_only = self.access == Access::ReadOnly;
        let reason = if is_read_only {
            self.reason.clone().unwrap_or_else(|| "the subscription allows reading only".to_owned())
        } else {
            format!("the month's records of the plan {} are used up", self.plan)
        };
        Exhausted {
            entitlement: Entitlement::RecordsPerMonth,
            plan: self.plan.clone(),
            reason,
            limit: self.hard.filter(|_| !is_read_only),
            used,
            resets_at: (!is_read_only).then_some(self.resets_at),
        }
    }
}

/// The bytes of files that a tenant may have and has.
#[derive(Clone, Debug)]
pub(crate) struct FileRoom {
    pub(crate) plan: String,
    pub(crate) access: Access,
    /// Why only reading is left.
    pub(crate) reason: Option<String>,
    /// `None` without a limit.
    pub(crate) limit: Option<i64>,
    pub(crate) used: i64,
}

impl FileRoom {
    /// Whether a file of so many bytes has room, or why it has none.
    pub(crate) fn takes(&self, bytes: u64) -> Result<(), Exhausted> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let is_read_only = self.access == Access::ReadOnly;
        if !is_read_only && self.limit.is_none_or(|limit| self.used.saturating_add(bytes) <= limit) {
            return Ok(());
        }
        let reason = if is_read_only {
            self.reason.clone().unwrap_or_else(|| "the subscription allows reading only".to_owned())
        } else {
            format!("the file does not fit into what the plan {} has for files", self.plan)
        };
        Err(Exhausted {
            entitlement: Entitlement::FileBytes,
            plan: self.plan.clone(),
            reason,
            limit: self.limit.filter(|_| !is_read_only),
            used: self.used,
            resets_at: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(access: Access, hard: Option<i64>, used: i64) -> Quota {
        let at = DateTime::from_timestamp(0, 0).expect("a time");
        Quota::new(("team".into(), access, Some("read-only since then".into())), (hard, used), at)
    }

    #[test]
    fn room_is_taken_until_there_is_none() {
        let few = quota(Access::Full, Some(10), 7);
        assert_eq!(few.take(2), Ok(()));
        assert_eq!(few.room(), Some(1));
        assert!(few.take(2).is_err(), "a batch is taken in whole or not at all");
        assert_eq!(few.take(1), Ok(()));
        let refused = few.take(1).expect_err("used up");
        assert_eq!((refused.limit, refused.used, refused.resets_at.is_some()), (Some(10), 10, true));
    }

    #[test]
    fn files_fit_up_to_the_last_byte() {
        let room = |access, limit| FileRoom { plan: "team".into(), access, reason: None, limit, used: 7 };
        assert_eq!(room(Access::Full, Some(10)).takes(3), Ok(()));
        let refused = room(Access::Full, Some(10)).takes(4).expect_err("one too many");
        assert_eq!((refused.entitlement.as_str(), refused.limit, refused.used), ("fileBytes", Some(10), 7));
        assert_eq!(room(Access::Full, None).takes(u64::MAX), Ok(()));
        assert!(room(Access::ReadOnly, None).takes(0).is_err());
        assert!(room(Access::Full, Some(5)).takes(0).is_err(), "a smaller plan takes nothing more");
    }

    #[test]
    fn without_a_limit_everything_is_taken_and_who_can_only_read_nothing() {
        let free = quota(Access::Full, None, i64::MAX);
        assert_eq!((free.take(1_000), free.room()), (Ok(()), None));
        let refused = quota(Access::ReadOnly, None, 0).take(1).expect_err("only reading");
        assert_eq!((refused.reason.as_str(), refused.limit, refused.resets_at), ("read-only since then", None, None));
    }
}
