//! Identifiers: one newtype per noun, all UUIDv7 so that they sort by creation time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new id from the current time and randomness (UUIDv7).
            #[must_use]
            #[expect(clippy::disallowed_methods, reason = "the one place that says how ids are made")]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// A customer of Verdict; every row and event belongs to exactly one.
    TenantId,
    /// A person who can sign in; may be a member of several tenants.
    UserId,
    /// A sign-in and its family of refresh tokens.
    SessionId,
    /// A machine credential of one tenant.
    ApiKeyId,
    /// A mailed offer of a membership.
    InviteId,
    /// A letter to a mailbox.
    MailId,
    /// One thing to be classified.
    RecordId,
    /// A source of records.
    IntegrationId,
    /// One webhook request as received.
    DeliveryId,
    /// One pull of a source.
    SyncRunId,
    /// A rule, over all of its versions.
    RuleId,
    /// A rule that people's decisions suggest.
    RuleProposalId,
    /// A named set of texts that conditions refer to.
    ValueListId,
    /// An outcome that a tenant classifies into.
    LabelId,
    /// One decision about one record.
    DecisionId,
    /// One question put to a person.
    ApprovalId,
    /// A file of a tenant's.
    FileId,
    /// The bytes of files.
    BlobId,
    /// One run of records from a file.
    ImportId,
    /// An act on many records.
    OperationId,
    /// Many records decided again.
    RunId,
    /// One fact on the bus and in the event feed.
    EventId,
}
