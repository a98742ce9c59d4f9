//! The authenticated caller, as the gateway vouches for it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use common::event::Cause;
use common::{Clock, ErrorCode, Identity, Permission, TenantId};

use crate::{ApiError, IDENTITY_HEADER, InternalVerifier, RequestContext};

/// Who calls, in which tenant and trace, and when.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The identity that the gateway signed.
    pub identity: Identity,
    /// What to write on the events that the call causes.
    pub cause: Cause,
}

impl Caller {
    /// The tenant that the call acts in.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.identity.tenant_id
    }

    /// Refuses unless the caller has the permission; for choices inside a call that its route allowed.
    ///
    /// # Errors
    /// 403 with the permission.
    pub fn require(&self, permission: Permission) -> Result<(), ApiError> {
        if self.identity.may(permission) { Ok(()) } else { Err(ApiError::forbidden(permission)) }
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(read(request, payload))
    }
}

fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Caller, ApiError> {
    // In the gateway, which checked the credential itself a moment ago.
    if let Some(known) = request.extensions().get::<Caller>() {
        return Ok(known.clone());
    }
    let missing = |what: &str| ApiError::internal(format!("{what} is not in the app data"));
    let verifier = request.app_data::<web::Data<InternalVerifier>>().ok_or_else(|| missing("InternalVerifier"))?;
    let clock = request.app_data::<web::Data<Arc<dyn Clock>>>().ok_or_else(|| missing("Clock"))?;
    let now = clock.now();
    let identity = request
        .headers()
        .get(IDENTITY_HEADER)
        .and_then(|value| value.to_str().ok())
        .and_then(|token| verifier.verify(token, now))
        .ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated))?;
    let trace =
        RequestContext::from_request(request, payload).into_inner().map_err(|_| missing("RequestContext"))?.trace;
    let cause = Cause { tenant_id: identity.tenant_id, actor: identity.actor(), trace, at: now };
    Ok(Caller { identity, cause })
}
