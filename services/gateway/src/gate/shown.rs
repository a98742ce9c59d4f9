//! The credential of a request, for handlers that act on it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use web::ApiError;

use crate::auth::checker::Credential;

/// What the caller showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown(pub Credential);

/// Whether the tenant's identity provider opened the caller's session: it sees nothing of its person's elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confined(pub bool);

impl FromRequest for Confined {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let confined = request.extensions().get::<Self>().copied();
        ready(confined.ok_or_else(|| ApiError::internal("a handler of a public call asks whether it is confined")))
    }
}

impl FromRequest for Shown {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let shown = request.extensions().get::<Self>().copied();
        ready(shown.ok_or_else(|| ApiError::internal("a handler of a public call asks for the credential")))
    }
}
