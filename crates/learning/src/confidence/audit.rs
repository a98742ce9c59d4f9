//! Random looks at what was accepted, and what follows from them.
//!
//! Without audits an accepted decision gets no outcome, and errors stay unseen for ever. Which ones are audited is drawn
//! from a hash of the record, so a replay draws the same; a decision that was audited counts for 1 / rate of its kind.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::beta::lower_bound;
use super::closed::{Closed, Tally};
use super::threshold::Target;

/// How often accepted decisions are audited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditSettings {
    /// The rate for a tenant with enough closed decisions.
    pub rate: f64,
    /// The rate before.
    pub new_rate: f64,
    /// How many closed decisions are enough.
    pub new_until: usize,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { rate: 0.05, new_rate: 0.2, new_until: 500 }
    }
}

/// The rate is never lower than this, whatever is set: what nobody looks at is not known.
pub const LEAST_RATE: f64 = 0.01;
/// Audits are looked at again and again, and each look may err: what suspends is proven ten times as surely.
const DOUBT: f64 = 0.1;
/// Audits from which the mere estimate makes the threshold stricter.
const ENOUGH: f64 = 20.0;

impl AuditSettings {
    /// The rate after so many closed decisions.
    pub fn rate_at(&self, closed: usize) -> f64 {
        let rate = if closed < self.new_until { self.new_rate.max(self.rate) } else { self.rate };
        rate.clamp(LEAST_RATE, 1.0)
    }

    /// Whether the decision of this record, named by bytes that never change, is audited at this rate. The salt keeps
    /// senders from choosing ids that are never audited.
    pub fn draws(record: &[u8], salt: &[u8], rate: f64) -> bool {
        let digest = Sha256::new().chain_update(salt).chain_update(record).finalize();
        let drawn = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // 53 bits are what a double holds exactly.
        ((drawn >> 11) as f64) < rate * (1_u64 << 53) as f64
    }
}

/// What the audits say of what is being accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing speaks against the threshold.
    Trusted,
    /// More errors than the target so far, not yet proven: accept only half as much.
    Strained,
    /// More errors than the target, proven: accept nothing until people have closed new decisions.
    Suspended,
}

impl Standing {
    /// From the audits of accepted decisions, all or of one label.
    pub fn of(audits: &[Closed], target: Target) -> Self {
        let tally: Tally = audits.iter().collect();
        let (n, rate) = (tally.effective(), tally.error_rate());
        let surely = 1.0 - DOUBT * (1.0 - target.confidence);
        if lower_bound(rate * n, n, surely) > target.error_rate {
            Self::Suspended
        } else if n >= ENOUGH && rate > target.error_rate {
            Self::Strained
        } else {
            Self::Trusted
        }
    }

    /// The target that a threshold must meet while it stands like this; none accepts nothing.
    pub fn target(self, target: Target) -> Option<Target> {
        match self {
            Self::Trusted => Some(target),
            Self::Strained => Some(Target { error_rate: target.error_rate / 2.0, ..target }),
            Self::Suspended => None,
        }
    }
}
