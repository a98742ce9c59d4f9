//! Who may call how often: a quota for each address, person or key, tenant and integration.
//!
//! Counted in this process: see `rate_limits.replicas` for what that means with several. Failed sign-ins are
//! counted in the database instead, by `auth::usecases::backoff`.

mod buckets;
mod limiter;

use common::{ErrorCode, Identity};
use web::ApiError;

pub(crate) use limiter::Allowance;

use self::limiter::Limiter;
use super::address::{ClientAddress, Networks};
use crate::routes::RateClass;
use crate::settings::RateLimitSettings;

/// All quotas.
pub(crate) struct RateLimits {
    trusted: Networks,
    address: Option<Limiter>,
    principal: Option<Limiter>,
    tenant: Option<Limiter>,
    webhook: Option<Limiter>,
    sign_in: Option<Limiter>,
    sign_up: Option<Limiter>,
    mail: Option<Limiter>,
    transfer: Option<Limiter>,
}

/// What a quota is kept for, as `context.scope` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Address,
    Principal,
    Tenant,
    /// A tenant's long bodies.
    Transfer,
    Integration,
}

impl std::fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimits").field("trusted", &self.trusted).finish_non_exhaustive()
    }
}

impl RateLimits {
    /// Quotas as set; nobody has called yet.
    pub(crate) fn new(settings: &RateLimitSettings) -> Self {
        let limiter = |quota: crate::settings::QuotaSettings| {
            quota.part(settings.replicas).map(|quota| Limiter::new(quota, settings.max_keys))
        };
        Self {
            // Checked when the settings were.
            trusted: Networks::parse(&settings.trusted_proxies).unwrap_or_default(),
            address: limiter(settings.address),
            principal: limiter(settings.principal),
            tenant: limiter(settings.tenant),
            webhook: limiter(settings.webhook),
            sign_in: limiter(settings.sign_in),
            sign_up: limiter(settings.sign_up),
            mail: limiter(settings.mail),
            transfer: limiter(settings.transfer),
        }
    }

    /// The proxies that are believed.
    pub(crate) const fn trusted(&self) -> &Networks {
        &self.trusted
    }

    /// Counts a call before anything of it is looked at.
    ///
    /// # Errors
    /// When it is one too many.
    pub(crate) fn at_the_door(
        &self,
        class: RateClass,
        address: ClientAddress,
        path: &str,
        left: &mut Option<Allowance>,
    ) -> Result<(), ApiError> {
        let special = match class {
            RateClass::Exempt => return Ok(()),
            RateClass::Webhook => return take(self.webhook.as_ref(), Scope::Integration, last_segment(path), left),
            RateClass::Usual | RateClass::Transfer => None,
            RateClass::SignIn => self.sign_in.as_ref(),
            RateClass::SignUp => self.sign_up.as_ref(),
            RateClass::Mail => self.mail.as_ref(),
        };
        take(self.address.as_ref(), Scope::Address, address.key(), left)?;
        take(special, Scope::Address, address.key(), left)
    }

    /// Counts a call of somebody who is known by now.
    ///
    /// # Errors
    /// When it is one too many.
    pub(crate) fn inside(
        &self,
        class: RateClass,
        identity: &Identity,
        left: &mut Option<Allowance>,
    ) -> Result<(), ApiError> {
        let tenant = identity.tenant_id.0.as_u128();
        take(self.principal.as_ref(), Scope::Principal, principal_key(identity), left)?;
        take(self.tenant.as_ref(), Scope::Tenant, tenant, left)?;
        match class {
            RateClass::Transfer => take(self.transfer.as_ref(), Scope::Transfer, tenant, left),
            _ => Ok(()),
        }
    }
}

fn take(limiter: Option<&Limiter>, scope: Scope, key: u128, left: &mut Option<Allowance>) -> Result<(), ApiError> {
    let Some(limiter) = limiter else { return Ok(()) };
    match limiter.take(key) {
        Ok(allowance) => {
            *left = Some(allowance.tighter(*left));
            Ok(())
        }
        Err(exhausted) => {
            *left = Some(exhausted.allowance);
            Err(too_many(scope.as_str(), exhausted.retry_after_seconds))
        }
    }
}

/// 429 with the scope that is exhausted.
pub(crate) fn too_many(scope: &str, retry_after_seconds: u64) -> ApiError {
    ApiError::new(ErrorCode::RateLimited).retry_after(retry_after_seconds).with("scope", scope)
}

/// A person has a quota in each of their tenants, so that the one does not starve the other.
fn principal_key(identity: &Identity) -> u128 {
    identity.principal.id().as_u128() ^ identity.tenant_id.0.as_u128().rotate_left(64)
}

/// The integration in a webhook's path. What is no id has no integration either, and shares one bucket.
fn last_segment(path: &str) -> u128 {
    let segment = path.rsplit('/').next().unwrap_or_default();
    uuid::Uuid::try_parse(segment).map_or(0, |id| id.as_u128())
}

impl Scope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Principal => "principal",
            Self::Tenant => "tenant",
            Self::Transfer => "transfer",
            Self::Integration => "integration",
        }
    }
}
