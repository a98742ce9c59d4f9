//! The first step of every act on a question: lock it, and see that the caller may act.

use common::{ApprovalId, DateTime, Identity};
use db::{Connection, DbError};

use crate::domain::{Approval, Refusal};
use crate::store::approvals;

/// Why the caller cannot act on the question.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOpen {
    #[error("there is no such approval")]
    NotFound,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the caller read another version than {current}")]
    Stale { current: i32 },
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The question, locked and open to the caller, in the version that the caller read if it names one.
pub(super) async fn open_question(
    connection: &mut Connection,
    identity: &Identity,
    now: DateTime,
    id: ApprovalId,
    expected_version: Option<i32>,
) -> Result<Approval, NotOpen> {
    let approval = approvals::lock(connection, identity.tenant_id, id).await?.ok_or(NotOpen::NotFound)?;
    approval.require_open_to(identity, now)?;
    match expected_version {
        Some(version) if version != approval.version => Err(NotOpen::Stale { current: approval.version }),
        Some(_) | None => Ok(approval),
    }
}
