//! From what went wrong in a use case to what the caller is told. Exhaustive: a new failure needs a new answer.

mod sign_in;

use common::{ErrorCode, Violation};
use web::ApiError;

use crate::auth::keys::KeyError;
use crate::auth::passwords::HashingError;
use crate::auth::usecases::totp::{confirm::ConfirmError, enrol::EnrolError, prove::ProofError};
use crate::auth::usecases::{
    backoff::BackoffError,
    change_password::ChangePasswordError,
    confirm_caller::StandingError,
    create_api_key::{CreateApiKeyError, MAX_KEYS},
    login::LoginError,
    prove_password::ProvePasswordError,
    refresh::RefreshError,
    reset_password::ResetPasswordError,
    revoke_api_key::RevokeApiKeyError,
    revoke_session::RevokeSessionError,
    show_me::ShowMeError,
    signup::SignupError,
    switch_tenant::SwitchTenantError,
};
use crate::gate::too_many;
use crate::tenants::usecases::{
    accept_invite::AcceptInviteError,
    change_member::ChangeMemberError,
    create_invite::{CreateInviteError, MAX_OPEN},
    create_tenant::CreateTenantError,
    remove_member::RemoveMemberError,
    resend_invite::ResendInviteError,
    revoke_invite::RevokeInviteError,
    update_tenant::UpdateTenantError,
};

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Db(error) => error.into(),
            KeyError::Sealed(_) | KeyError::Unusable(_) | KeyError::NotMade => Self::internal(error),
        }
    }
}

impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy => Self::new(ErrorCode::Overloaded).retry_after(2).because(error),
            HashingError::Failed(_) => Self::internal(error),
        }
    }
}

impl From<SignupError> for ApiError {
    fn from(error: SignupError) -> Self {
        match error {
            SignupError::EmailTaken => Self::new(ErrorCode::EmailTaken).with("field", "email"),
            SignupError::Hashing(error) => error.into(),
            SignupError::Keys(error) => error.into(),
            SignupError::Db(error) => error.into(),
        }
    }
}

impl From<BackoffError> for ApiError {
    fn from(error: BackoffError) -> Self {
        match error {
            BackoffError::Wait { scope, seconds } => too_many(scope, seconds)
                .message("Too many sign-ins failed. Wait for Retry-After seconds, or reset the password."),
            BackoffError::Db(error) => error.into(),
        }
    }
}

impl From<ProofError> for ApiError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::NotEnrolled => Self::new(ErrorCode::SecondFactorNotEnrolled),
            ProofError::Wrong => Self::new(ErrorCode::InvalidSecondFactor),
            ProofError::Sealed(error) => Self::internal(error),
            ProofError::Db(error) => error.into(),
        }
    }
}

impl From<EnrolError> for ApiError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Enrolled => Self::new(ErrorCode::SecondFactorEnrolled),
            EnrolError::Db(error) => error.into(),
        }
    }
}

impl From<ConfirmError> for ApiError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::NotBegun => Self::new(ErrorCode::SecondFactorNotEnrolled),
            ConfirmError::Enrolled => Self::new(ErrorCode::SecondFactorEnrolled),
            ConfirmError::Proof(error) => error.into(),
            ConfirmError::Db(error) => error.into(),
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::WrongPair => Self::new(ErrorCode::InvalidCredentials),
            LoginError::NotMember => Self::not_found("tenant"),
            LoginError::NoTenant => Self::new(ErrorCode::Forbidden)
                .message("You are a member of no tenant any more. Ask somebody there to invite you."),
            LoginError::SecondFactorRequired => Self::new(ErrorCode::SecondFactorRequired),
            LoginError::WrongSecondFactor => Self::new(ErrorCode::InvalidSecondFactor),
            LoginError::PasswordChanged => Self::new(ErrorCode::ServiceUnavailable)
                .message("The password was changed at the same moment. Sign in again.")
                .retry_after(1),
            LoginError::Sealed(error) => Self::internal(error),
            LoginError::Hashing(error) => error.into(),
            LoginError::Keys(error) => error.into(),
            LoginError::Db(error) => error.into(),
        }
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused(reason) => Self::new(ErrorCode::InvalidRefreshToken).with("reason", reason),
            RefreshError::Reused => Self::new(ErrorCode::RefreshTokenReused).with("reason", "token_reused"),
            RefreshError::Keys(error) => error.into(),
            RefreshError::Db(error) => error.into(),
        }
    }
}

impl From<SwitchTenantError> for ApiError {
    fn from(error: SwitchTenantError) -> Self {
        match error {
            SwitchTenantError::NotMember => Self::not_found("tenant"),
            SwitchTenantError::SessionEnded => Self::new(ErrorCode::SessionRevoked).with("reason", "revoked"),
            SwitchTenantError::Keys(error) => error.into(),
            SwitchTenantError::Db(error) => error.into(),
        }
    }
}

impl From<ShowMeError> for ApiError {
    fn from(error: ShowMeError) -> Self {
        match error {
            ShowMeError::Gone => Self::new(ErrorCode::Unauthenticated),
            ShowMeError::Db(error) => error.into(),
        }
    }
}

impl From<RevokeSessionError> for ApiError {
    fn from(error: RevokeSessionError) -> Self {
        match error {
            RevokeSessionError::NotFound => Self::not_found("session"),
            RevokeSessionError::Db(error) => error.into(),
        }
    }
}

impl From<StandingError> for ApiError {
    fn from(error: StandingError) -> Self {
        match error {
            StandingError::Gone => Self::new(ErrorCode::Unauthenticated),
            StandingError::Lost(permission) => Self::forbidden(permission),
            StandingError::Db(error) => error.into(),
        }
    }
}

impl From<CreateApiKeyError> for ApiError {
    fn from(error: CreateApiKeyError) -> Self {
        match error {
            CreateApiKeyError::Excess(permission) => Self::forbidden(permission)
                .message("A key cannot do more than its maker. Choose a lesser role, or narrow its scopes."),
            CreateApiKeyError::Outlives(end) => {
                let message = format!("must be at most {}, when the API key that makes it ends", end.to_rfc3339());
                Self::validation(&[Violation::new("expiresAt", "max", message)])
            }
            CreateApiKeyError::TooMany => Self::new(ErrorCode::Conflict)
                .message(format!("The tenant has {MAX_KEYS} API keys. Revoke one that is not needed any more."))
                .with("limit", MAX_KEYS),
            CreateApiKeyError::Standing(error) => error.into(),
            CreateApiKeyError::Db(error) => error.into(),
        }
    }
}

impl From<RevokeApiKeyError> for ApiError {
    fn from(error: RevokeApiKeyError) -> Self {
        match error {
            RevokeApiKeyError::NotFound => Self::not_found("API key"),
            RevokeApiKeyError::Db(error) => error.into(),
        }
    }
}

impl From<CreateTenantError> for ApiError {
    fn from(error: CreateTenantError) -> Self {
        match error {
            CreateTenantError::Db(error) => error.into(),
        }
    }
}

impl From<UpdateTenantError> for ApiError {
    fn from(error: UpdateTenantError) -> Self {
        match error {
            UpdateTenantError::Gone => Self::not_found("tenant"),
            UpdateTenantError::VersionConflict(current) => Self::version_conflict(current),
            UpdateTenantError::Db(error) => error.into(),
        }
    }
}

impl From<ChangeMemberError> for ApiError {
    fn from(error: ChangeMemberError) -> Self {
        match error {
            ChangeMemberError::NotFound => Self::not_found("member"),
            ChangeMemberError::VersionConflict(current) => Self::version_conflict(current),
            ChangeMemberError::Lacking(permission) => Self::forbidden(permission),
            ChangeMemberError::LastOwner => Self::new(ErrorCode::LastOwner),
            ChangeMemberError::Standing(error) => error.into(),
            ChangeMemberError::Db(error) => error.into(),
        }
    }
}

impl From<RemoveMemberError> for ApiError {
    fn from(error: RemoveMemberError) -> Self {
        match error {
            RemoveMemberError::NotFound => Self::not_found("member"),
            RemoveMemberError::Lacking(permission) => Self::forbidden(permission),
            RemoveMemberError::LastOwner => Self::new(ErrorCode::LastOwner),
            RemoveMemberError::Standing(error) => error.into(),
            RemoveMemberError::Db(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for ApiError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::WrongPassword => {
                let message =
                    "is not the present password; check it, or ask for a link with POST /auth/password/forgot";
                Self::validation(&[Violation::new("currentPassword", "wrong_password", message)])
            }
            ChangePasswordError::Hashing(error) => error.into(),
            ChangePasswordError::Db(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for ApiError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::Unusable => Self::new(ErrorCode::ResetUnusable),
            ResetPasswordError::Hashing(error) => error.into(),
            ResetPasswordError::Db(error) => error.into(),
        }
    }
}

impl From<CreateInviteError> for ApiError {
    fn from(error: CreateInviteError) -> Self {
        match error {
            CreateInviteError::AlreadyMember => Self::new(ErrorCode::AlreadyMember).with("field", "email"),
            CreateInviteError::Lacking(permission) => Self::forbidden(permission)
                .message("Nobody invites to more than they may do themselves. Choose a lesser role, or ask an owner."),
            CreateInviteError::TooMany => Self::new(ErrorCode::Conflict)
                .message(format!("The tenant has {MAX_OPEN} open invites. Revoke one that is not needed any more."))
                .with("limit", MAX_OPEN),
            CreateInviteError::NoSeat(taken) => Self::new(ErrorCode::QuotaExceeded)
                .message(format!(
                    "The plan {} has {} seats, and members and open invites take {}. Remove a member, revoke an \
                     invite, or see GET /billing/status for a larger plan.",
                    taken.plan, taken.seats, taken.taken
                ))
                .with("entitlement", "seats")
                .with("limit", taken.seats)
                .with("used", taken.taken)
                .with("plan", taken.plan),
            CreateInviteError::Standing(error) => error.into(),
            CreateInviteError::Db(error) => error.into(),
        }
    }
}

impl From<ResendInviteError> for ApiError {
    fn from(error: ResendInviteError) -> Self {
        match error {
            ResendInviteError::NotFound => Self::not_found("invite"),
            ResendInviteError::Closed(status) => Self::new(ErrorCode::Conflict)
                .message(format!("The invite is {status} and cannot be sent again. Make a new one."))
                .with("status", status),
            ResendInviteError::Invite(error) => error.into(),
            ResendInviteError::Db(error) => error.into(),
        }
    }
}

impl From<RevokeInviteError> for ApiError {
    fn from(error: RevokeInviteError) -> Self {
        match error {
            RevokeInviteError::NotFound => Self::not_found("invite"),
            RevokeInviteError::Standing(error) => error.into(),
            RevokeInviteError::Db(error) => error.into(),
        }
    }
}

impl From<AcceptInviteError> for ApiError {
    fn from(error: AcceptInviteError) -> Self {
        match error {
            AcceptInviteError::Unusable(reason) => {
                Self::new(ErrorCode::InviteUnusable).message(reason.advice()).with("reason", reason.as_str())
            }
            AcceptInviteError::ProofNeeded => Self::new(ErrorCode::Unauthenticated)
                .message("This address has an account. Send its password, or sign in and send the access token.")
                .with("reason", "account_exists"),
            AcceptInviteError::SecondFactorNeeded => Self::new(ErrorCode::SecondFactorRequired)
                .message("This account has a second factor. Sign in with it, and accept with the access token."),
            AcceptInviteError::OtherAccount => Self::new(ErrorCode::Forbidden)
                .message("This invite is for another account. Sign out, or sign in with the address it was sent to.")
                .with("reason", "other_account"),
            AcceptInviteError::WrongPassword => Self::new(ErrorCode::InvalidCredentials),
            AcceptInviteError::Invalid(violations) => Self::validation(&violations),
            AcceptInviteError::Hashing(error) => error.into(),
            AcceptInviteError::Keys(error) => error.into(),
            AcceptInviteError::Db(error) => error.into(),
        }
    }
}

impl From<ProvePasswordError> for ApiError {
    fn from(error: ProvePasswordError) -> Self {
        match error {
            ProvePasswordError::Backoff(error) => error.into(),
            ProvePasswordError::Hashing(error) => error.into(),
            ProvePasswordError::Db(error) => error.into(),
        }
    }
}
