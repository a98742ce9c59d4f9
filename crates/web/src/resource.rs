//! Resources that know which methods they have.

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpResponse, Resource, ResponseError as _, web};
use common::ErrorCode;

use crate::ApiError;

/// A resource at `path` that answers methods without a route with 405 and an `Allow` header.
///
/// `allow` is that header's value: `GET, POST`.
pub fn resource(path: &str, allow: &'static str) -> Resource {
    let refuse = move || async move {
        let mut answer: HttpResponse = ApiError::new(ErrorCode::MethodNotAllowed).error_response();
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        answer
    };
    web::resource(path).default_service(web::to(refuse))
}
