//! Calls below `/api/v1/tenants/current/invites`, and the one that accepts an invite.

pub(crate) mod accept;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod resend;
pub(crate) mod revoke;

use common::{DateTime, InviteId, Role};
use serde::Serialize;
use utoipa::ToSchema;

use crate::tenants::domain::invite::InviteStatus;
use crate::tenants::store::invites::InviteRow;

/// An invite, without its link: that is only in the letter.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InviteView {
    id: InviteId,
    /// The address that it was mailed to, normalised.
    email: String,
    /// What they become.
    #[schema(value_type = Role)]
    role: String,
    /// `pending`, `accepted`, `revoked` or `expired`.
    status: InviteStatus,
    /// Who sent it last.
    invited_by: String,
    created_at: DateTime,
    /// When it was mailed last.
    sent_at: DateTime,
    expires_at: DateTime,
    accepted_at: Option<DateTime>,
}

impl InviteView {
    fn new(row: InviteRow, now: DateTime) -> Self {
        Self {
            id: InviteId(row.id),
            status: InviteStatus::at(now, row.expires_at, row.accepted_at, row.revoked_at),
            email: row.email,
            role: row.role,
            invited_by: row.invited_by_name,
            created_at: row.created_at,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            accepted_at: row.accepted_at,
        }
    }
}
