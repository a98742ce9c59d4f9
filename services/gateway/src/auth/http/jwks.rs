//! `GET /.well-known/jwks.json`, without an envelope.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;
use web::ApiError;

use crate::app::App;
use crate::envelope::BARE;

/// The keys that verify access tokens, as RFC 7517 has them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Jwks {
    keys: Vec<Jwk>,
}

/// One key.
#[derive(Serialize, ToSchema)]
pub(crate) struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
    x: String,
}

/// Tells the keys that verify access tokens.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "auth",
    responses((
        status = 200, body = Jwks, content_type = "application/jwk-set+json",
        description = "The present key and the one before"
    ))
)]
pub(crate) async fn show_jwks(app: Data<App>) -> Result<HttpResponse, ApiError> {
    let keys = app.keys.current(app.clock.now()).await?;
    let keys = keys.public().map(|(kid, x)| Jwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        usage: "sig",
        kid: kid.to_owned(),
        x,
    });
    Ok(HttpResponse::Ok()
        .insert_header(BARE)
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"))
        // A new key signs at once, so whoever verifies must look again when it meets one that it does not know.
        .insert_header((CACHE_CONTROL, "public, max-age=60"))
        .json(Jwks { keys: keys.collect() }))
}
