//! The kinds of events.

use std::fmt;

macro_rules! event_types {
    ($($variant:ident = $name:literal: $meaning:literal;)+) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventType { $(#[doc = $meaning] $variant),+ }

        impl EventType {
            /// Every kind that this build tells or hears.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the bus and in the feed.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $name),+ } }

            /// What it says.
            #[must_use]
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => $meaning),+ } }
        }
    };
}

event_types! {
    Ingested = "INGESTED": "A record was stored.";
    Classified = "CLASSIFIED": "A machine decided a record.";
    ReviewRequested = "REVIEW_REQUESTED": "A person is asked about a record.";
    Approved = "APPROVED": "A person decided; `data.outcome` tells approval from override.";
    ReprocessRequested = "REPROCESS_REQUESTED": "A record is to be decided again by the rules of the present.";
    RelabelRequested = "RELABEL_REQUESTED": "A person gives a record a label by an operation, or takes that back.";
    Reprocessed = "REPROCESSED": "A record was decided again; `data.outcome` tells whether anything changed.";
    RecordArchived = "RECORD_ARCHIVED": "A record was archived.";
    RecordRestored = "RECORD_RESTORED": "An archived record was brought back.";
    RecordRawExpunged = "RECORD_RAW_EXPUNGED": "A record's raw form was taken away for good.";
    OperationStarted = "OPERATION_STARTED": "An act on many records was asked for.";
    OperationCancelled = "OPERATION_CANCELLED": "An act on many records is not gone on with.";
    OperationCompleted = "OPERATION_COMPLETED": "An act on many records came to its end.";
    RuleRequested = "RULE_REQUESTED": "An override asked for a rule.";
    RuleCreated = "RULE_CREATED": "A rule was made.";
    RuleUpdated = "RULE_UPDATED": "A rule was changed, enabled or disabled.";
    RuleDeleted = "RULE_DELETED": "A rule was deleted.";
    RuleProposalDismissed = "RULE_PROPOSAL_DISMISSED": "A proposed rule was dismissed for good.";
    ValueListCreated = "VALUE_LIST_CREATED": "A value list was made.";
    ValueListUpdated = "VALUE_LIST_UPDATED": "A value list was changed.";
    ValueListDeleted = "VALUE_LIST_DELETED": "A value list was deleted.";
    LabelCreated = "LABEL_CREATED": "A label was made.";
    LabelUpdated = "LABEL_UPDATED": "A label was changed.";
    LabelDeleted = "LABEL_DELETED": "A label was deleted.";
    RunStarted = "RUN_STARTED": "Many records are to be decided again.";
    RunCancelled = "RUN_CANCELLED": "A run is not gone on with.";
    RunCompleted = "RUN_COMPLETED": "A run came to its end.";
    ProcessingSettingsUpdated = "PROCESSING_SETTINGS_UPDATED": "How a tenant's records are decided was changed.";
    IntegrationConnected = "INTEGRATION_CONNECTED": "A source was connected.";
    IntegrationUpdated = "INTEGRATION_UPDATED": "A source was changed, paused or resumed.";
    IntegrationDeleted = "INTEGRATION_DELETED": "A source was removed.";
    SecretRotated = "SECRET_ROTATED": "A source's secret was replaced, or its previous one revoked.";
    FileStored = "FILE_STORED": "A file was stored.";
    FileLinked = "FILE_LINKED": "A file was linked to a record.";
    FileUnlinked = "FILE_UNLINKED": "A record's file was let go of; it stays.";
    FileDeleted = "FILE_DELETED": "A file was deleted.";
    ImportCompleted = "IMPORT_COMPLETED": "An import of records ended; `data.status` says how.";
    DeliveryReplayed = "DELIVERY_REPLAYED": "A rejected delivery was judged again and taken in.";
    QuarantineReverified = "QUARANTINE_REVERIFIED": "A source's rejected deliveries were judged again.";
    IntegrationFailing = "INTEGRATION_FAILING": "A source's deliveries are all rejected, or it fell silent; `data.status` says which.";
    IntegrationRecovered = "INTEGRATION_RECOVERED": "A source that failed or was silent delivers again.";
    IntegrationAuthorized = "INTEGRATION_AUTHORIZED": "A source was connected to its provider by OAuth.";
    IntegrationDisconnected = "INTEGRATION_DISCONNECTED": "A source's tokens were thrown away.";
    IntegrationNeedsReconnect = "INTEGRATION_NEEDS_RECONNECT": "A provider takes a source's tokens no more.";
    SyncRequested = "SYNC_REQUESTED": "Somebody asked for a pull of a source.";
    TenantCreated = "TENANT_CREATED": "A tenant was created.";
    TenantUpdated = "TENANT_UPDATED": "A tenant's name, time zone or settings changed.";
    MemberInvited = "MEMBER_INVITED": "Somebody was invited.";
    InviteResent = "INVITE_RESENT": "An invite was mailed again, with a new link and a new end.";
    InviteRevoked = "INVITE_REVOKED": "An invite was taken back.";
    PasswordChanged = "PASSWORD_CHANGED": "A member set another password.";
    SessionsRevoked = "SESSIONS_REVOKED": "A member ended sessions of theirs from elsewhere.";
    MemberJoined = "MEMBER_JOINED": "Somebody became a member.";
    MemberRemoved = "MEMBER_REMOVED": "Somebody is a member no more.";
    RoleChanged = "ROLE_CHANGED": "A member's role changed.";
    ApiKeyCreated = "API_KEY_CREATED": "An API key was made.";
    ApiKeyRevoked = "API_KEY_REVOKED": "An API key was revoked.";
    RefreshTokenReused = "REFRESH_TOKEN_REUSED": "An old refresh token came back and its session was ended.";
    LoginThrottled = "LOGIN_THROTTLED": "Sign-ins to a member's account failed so often that further ones wait.";
    SecondFactorEnrolled = "SECOND_FACTOR_ENROLLED": "A member enrolled a second factor.";
    SecondFactorRemoved = "SECOND_FACTOR_REMOVED": "A member removed their second factor.";
    RecoveryCodeUsed = "RECOVERY_CODE_USED": "A member signed in with a recovery code.";
    RecoveryCodesRenewed = "RECOVERY_CODES_RENEWED": "A member was given new recovery codes.";
    SignInConfigured = "SIGN_IN_CONFIGURED": "The tenant's identity provider was set up or changed.";
    SignInRemoved = "SIGN_IN_REMOVED": "The tenant's identity provider was taken away.";
    SignInDomainProven = "SIGN_IN_DOMAIN_PROVEN": "The tenant proved that an e-mail domain is its own.";
    SignInLinked = "SIGN_IN_LINKED": "Somebody at the identity provider was linked to an account.";
    SignInRefused = "SIGN_IN_REFUSED": "A sign-in through the identity provider was refused; `data.reason` says why.";
    TenantDeleted = "TENANT_DELETED": "A tenant was deleted; whoever holds data of it forgets it.";
    SubscriptionUpdated = "SUBSCRIPTION_UPDATED": "The tenant's plan or its status changed.";
    EntitlementsUpdated = "ENTITLEMENTS_UPDATED": "What the tenant may do changed, or is told again.";
    CheckoutStarted = "CHECKOUT_STARTED": "Somebody was sent to the payment provider to subscribe.";
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
