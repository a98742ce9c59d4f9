//! What an access token says.

use common::{DateTime, Role, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};

/// Whom access tokens are for.
pub(crate) const AUDIENCE: &str = "verdict";

/// The claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The gateway's public URL.
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// The person.
    pub sub: UserId,
    /// The tenant.
    pub tid: TenantId,
    /// The role when the token was made; what counts is the role when it is used.
    pub role: Role,
    /// The session.
    pub sid: SessionId,
    /// When it was made, in seconds of the epoch.
    pub iat: i64,
    /// When it ends, in seconds of the epoch.
    pub exp: i64,
}

impl Claims {
    /// When the token ends.
    pub(crate) fn expires_at(&self) -> Option<DateTime> {
        DateTime::from_timestamp(self.exp, 0)
    }
}
