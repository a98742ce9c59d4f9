//! `Idempotency-Key`: the same request twice does its work once.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use common::ErrorCode;
use db::Connection;
use db::idempotency::{IdempotencyKey, StoredAnswer, find, lock, store};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{ApiError, Caller, Reply};

/// Longest key, in characters.
const MAX_KEY: usize = 255;
const HEADER: &str = "idempotency-key";

/// A request's key with the fingerprint of its body; most requests have none.
#[derive(Clone, Debug, Default)]
pub struct Idempotency(Option<Given>);

#[derive(Clone, Debug)]
struct Given {
    key: String,
    route: String,
    fingerprint: Vec<u8>,
}

impl Idempotency {
    /// Reads the request's key, for handlers that read their body themselves.
    ///
    /// # Errors
    /// 400 when the key is malformed.
    pub fn read(request: &HttpRequest, body: &[u8]) -> Result<Self, ApiError> {
        let Some(value) = request.headers().get(HEADER) else { return Ok(Self(None)) };
        let key = value.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(ApiError::invalid_request(format!(
                "Idempotency-Key must have 1 to {MAX_KEY} ASCII characters."
            ))
            .with("field", "Idempotency-Key")
            .with("limit", MAX_KEY));
        }
        let route = format!("{} {}", request.method(), request.path());
        Ok(Self(Some(Given { key: key.to_owned(), route, fingerprint: Sha256::digest(body).to_vec() })))
    }

    /// The same with a fingerprint that only the holder of `key` can compute, for bodies with a password: nobody finds
    /// it by trying what is stored.
    #[must_use]
    pub fn blinded(self, key: &[u8; 32]) -> Self {
        let blind = |given: Given| {
            let fingerprint = Sha256::digest([key.as_slice(), &given.fingerprint].concat()).to_vec();
            Given { fingerprint, ..given }
        };
        Self(self.0.map(blind))
    }

    /// Whether the request has a key.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

/// Runs `work` in the caller's transaction, once for the caller's key: a repeated request gets the first answer.
///
/// Only a successful answer is kept, since a failed `work` rolls back the transaction that would keep it.
///
/// # Errors
/// Those of `work`; 409 while the first request runs; 422 when the key came with another body.
pub async fn idempotent(
    connection: &mut Connection,
    caller: &Caller,
    idempotency: &Idempotency,
    work: impl AsyncFnOnce(&mut Connection) -> Result<Reply, ApiError>,
) -> Result<Reply, ApiError> {
    idempotent_as(connection, caller.tenant().0, caller.identity.principal.id(), idempotency, work).await
}

/// The same for calls without a caller: `principal` tells those apart who may not see each other's answers.
///
/// # Errors
/// As [`idempotent`].
pub async fn idempotent_as(
    connection: &mut Connection,
    tenant: Uuid,
    principal: Uuid,
    idempotency: &Idempotency,
    work: impl AsyncFnOnce(&mut Connection) -> Result<Reply, ApiError>,
) -> Result<Reply, ApiError> {
    let Some(given) = &idempotency.0 else { return work(connection).await };
    let key = IdempotencyKey {
        tenant_id: tenant,
        principal_id: principal,
        route: given.route.clone(),
        key: given.key.clone(),
        fingerprint: given.fingerprint.clone(),
    };
    if !lock(connection, &key).await? {
        return Err(ApiError::new(ErrorCode::IdempotencyInProgress).retry_after(1));
    }
    if let Some(answer) = find(connection, &key).await? {
        return replay(answer, &key);
    }
    let reply = work(connection).await?;
    store(connection, &key, reply.status.as_u16(), &reply.body).await?;
    Ok(reply)
}

fn replay(answer: StoredAnswer, key: &IdempotencyKey) -> Result<Reply, ApiError> {
    if answer.fingerprint != key.fingerprint {
        return Err(ApiError::new(ErrorCode::IdempotencyKeyReused));
    }
    let status = u16::try_from(answer.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    Ok(Reply::replay(status.unwrap_or(StatusCode::OK), answer.body))
}
