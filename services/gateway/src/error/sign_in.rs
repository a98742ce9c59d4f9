//! The same for signing in through identity providers, and for the end of a tenant.

use common::{ErrorCode, Violation};
use web::ApiError;

use crate::auth::oidc::ProviderError;
use crate::auth::usecases::sign_in::{
    begin::BeginError, configure::ConfigureError, finish::FinishError, prove::ProveError,
    prove_domains::ProveDomainsError, remove::RemoveProviderError,
};
use crate::tenants::usecases::delete_tenant::DeleteTenantError;

/// The provider's side of what went wrong. What it says itself goes to the log: it is no word of ours.
impl From<ProviderError> for ApiError {
    fn from(error: ProviderError) -> Self {
        let away = |error| Self::new(ErrorCode::IdentityProviderUnavailable).retry_after(5).because(error);
        match error {
            ProviderError::Outbound(_) | ProviderError::Failing(_) | ProviderError::Metadata(_) => away(error),
            ProviderError::Code => failed("code"),
            ProviderError::Client(_) => failed("client").because(error),
            ProviderError::Token(fault) => failed(fault.as_str()),
        }
    }
}

fn failed(reason: &'static str) -> ApiError {
    ApiError::new(ErrorCode::SignInFailed).with("reason", reason)
}

impl From<BeginError> for ApiError {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::NoProvider => Self::new(ErrorCode::NotFound)
                .message("There is no such tenant, or it has no identity provider. Sign in with a password.")
                .with("resource", "identity provider"),
            BeginError::Provider(error) => error.into(),
            BeginError::Db(error) => error.into(),
        }
    }
}

impl From<ProveError> for ApiError {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::State => failed("state"),
            ProveError::Changed => failed("provider_changed"),
            ProveError::MixedUp => failed("mixed_up"),
            ProveError::Provider(error) => error.into(),
            ProveError::Sealed(error) => Self::internal(error),
            ProveError::Db(error) => error.into(),
        }
    }
}

impl From<FinishError> for ApiError {
    fn from(error: FinishError) -> Self {
        match error {
            FinishError::Refused(refusal) => {
                Self::new(ErrorCode::SignInRefused).message(refusal.advice()).with("reason", refusal.as_str())
            }
            FinishError::AccountExists => Self::new(ErrorCode::AccountLinkRequired),
            FinishError::Changed => failed("provider_changed"),
            FinishError::Keys(error) => error.into(),
            FinishError::Db(error) => error.into(),
        }
    }
}

impl From<ConfigureError> for ApiError {
    fn from(error: ConfigureError) -> Self {
        match error {
            ConfigureError::Invalid(violations) => Self::validation(&violations),
            ConfigureError::VersionConflict(current) => Self::version_conflict(current),
            ConfigureError::Provider(error) => error.into(),
            ConfigureError::Standing(error) => error.into(),
            ConfigureError::Db(error) => error.into(),
        }
    }
}

impl From<RemoveProviderError> for ApiError {
    fn from(error: RemoveProviderError) -> Self {
        match error {
            RemoveProviderError::NotFound => Self::not_found("identity provider"),
            RemoveProviderError::Standing(error) => error.into(),
            RemoveProviderError::Db(error) => error.into(),
        }
    }
}

impl From<ProveDomainsError> for ApiError {
    fn from(error: ProveDomainsError) -> Self {
        match error {
            ProveDomainsError::Standing(error) => error.into(),
            ProveDomainsError::Db(error) => error.into(),
        }
    }
}

impl From<DeleteTenantError> for ApiError {
    fn from(error: DeleteTenantError) -> Self {
        let violation =
            |path: &str, rule: &str, message: &str| Self::validation(&[Violation::new(path, rule, message)]);
        match error {
            DeleteTenantError::Gone => Self::not_found("tenant"),
            DeleteTenantError::OtherName => violation("name", "confirmation", "must be the tenant's name as it is now"),
            DeleteTenantError::PasswordNeeded => {
                violation("password", "required", "is needed to delete the tenant; add your account's password")
            }
            DeleteTenantError::NotFresh => violation(
                "password",
                "fresh_sign_in",
                "cannot be given in this session: sign in again and delete the tenant within ten minutes",
            ),
            DeleteTenantError::WrongPassword => Self::new(ErrorCode::InvalidCredentials),
            DeleteTenantError::Standing(error) => error.into(),
            DeleteTenantError::Password(error) => error.into(),
            DeleteTenantError::Db(error) => error.into(),
        }
    }
}
