//! What every Verdict service means by the same word.
//!
//! Ids, tenants, roles, records, decisions, rules, error codes, pages, the clock
//! and every event on the bus. This crate does no I/O and names no framework.

pub mod amount;
pub mod clock;
pub mod decision;
pub mod error_code;
pub mod event;
pub mod id;
pub mod identity;
pub mod page;
pub mod permission;
pub mod record;
pub mod role;
pub mod rule;
pub mod trace;
pub mod violation;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error_code::ErrorCode;
pub use id::{
    ApiKeyId, ApprovalId, BlobId, DecisionId, DeliveryId, EventId, FileId, ImportId, IntegrationId, InviteId, LabelId,
    MailId, OperationId, RecordId, RuleId, RuleProposalId, RunId, SessionId, SignInIdentityId, SyncRunId, TenantId,
    UserId, ValueListId,
};
pub use identity::{Actor, Identity, Principal};
pub use permission::Permission;
pub use role::Role;
pub use violation::Violation;

/// A point in time; always UTC. The name is one that `utoipa` knows as `date-time`.
pub type DateTime = chrono::DateTime<chrono::Utc>;
