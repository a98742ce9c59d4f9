//! The last service: one attempt over the guarded client, read whole and judged.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use common::DateTime;
use common::clock::Clock;
use http_body_util::BodyExt as _;
use outbound::{Outbound, OutboundError, OutboundRequest, OutboundResponse, StatusCode};
use reqwest::Response;
use tower::Service;

use super::Meter;
use super::retry_after::asked_wait;
use crate::error::{CallError, Unavailable};
use crate::wire::{ErrorBody, is_json};

/// What providers call an account that is used up, in `code` or in `type`.
const USED_UP: [&str; 3] = ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"];

#[derive(Clone, Debug)]
pub(super) struct Guarded {
    pub(super) outbound: Outbound,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) meter: Arc<Meter>,
    /// From here on a first attempt is not worth its money: no answer would come in time.
    pub(super) latest_start: Instant,
}

impl Service<HttpRequestFactory> for Guarded {
    type Response = Response;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, CallError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.attempt(factory).await })
    }
}

impl Guarded {
    async fn attempt(&self, factory: HttpRequestFactory) -> Result<Response, CallError> {
        if self.meter.is_unused() && Instant::now() >= self.latest_start {
            return Err(CallError::permanent(Unavailable::Busy));
        }
        let not_sent = CallError::permanent(Unavailable::NotSent);
        let mut request = factory.build().await.map_err(|_| not_sent)?;
        let body = match request.body_mut().take() {
            Some(body) => Some(body.collect().await.map_err(|_| not_sent)?.to_bytes()),
            None => None,
        };
        // Of all calls, only a file's content is no JSON.
        let wants_json = !request.url().path().ends_with("/content");
        let (method, url, headers) = (request.method().clone(), request.url().clone(), request.headers().clone());
        self.meter.sent();
        let answer = self.outbound.send(OutboundRequest::from_parts(method, url, headers, body)).await;
        let answer = answer.map_err(|error| {
            if was_never_sent(&error) {
                self.meter.settled();
            }
            failure_of(&error)
        })?;
        judge(&answer, wants_json, self.clock.now()).inspect_err(|error| {
            if error.reason != Unavailable::Malformed {
                self.meter.settled();
            }
        })?;
        self.meter.settled();
        response_of(answer)
    }
}

/// Whether the request cannot have reached anybody who would charge for it.
fn was_never_sent(error: &OutboundError) -> bool {
    match error {
        OutboundError::Unreachable { source, .. } => source.is_connect(),
        OutboundError::Refused { .. }
        | OutboundError::InvalidUrl { .. }
        | OutboundError::InvalidRequest(_)
        | OutboundError::Unresolved { .. } => true,
        _ => false,
    }
}

fn failure_of(error: &OutboundError) -> CallError {
    match error {
        OutboundError::Refused { .. } | OutboundError::Redirect { .. } => {
            CallError::permanent(Unavailable::AddressRefused)
        }
        OutboundError::InvalidUrl { .. } | OutboundError::InvalidRequest(_) => {
            CallError::permanent(Unavailable::NotSent)
        }
        OutboundError::Unresolved { .. } | OutboundError::Unreachable { .. } => {
            CallError::retryable(Unavailable::Unreachable)
        }
        OutboundError::TimedOut { .. } => CallError::retryable(Unavailable::TimedOut),
        OutboundError::TooLarge { .. } => CallError::permanent(Unavailable::TooLarge),
        OutboundError::Malformed { .. } => CallError::retryable(Unavailable::Malformed),
    }
}

/// Judged by the status alone, whatever the body is; only of a 429 it is looked at, for an account that is used up.
fn judge(answer: &OutboundResponse, wants_json: bool, now: DateTime) -> Result<(), CallError> {
    let status = answer.status;
    let again =
        |reason| Err(CallError { asked_wait: asked_wait(&answer.headers, now), ..CallError::retryable(reason) });
    match status {
        _ if status.is_success() && wants_json && !is_json(&answer.body) => again(Unavailable::Malformed),
        _ if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS if is_used_up(&answer.body) => {
            Err(CallError::permanent(Unavailable::QuotaExhausted))
        }
        StatusCode::TOO_MANY_REQUESTS => again(Unavailable::RateLimited),
        StatusCode::REQUEST_TIMEOUT => again(Unavailable::TimedOut),
        StatusCode::CONFLICT => again(Unavailable::Rejected { status: status.as_u16() }),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(CallError::permanent(Unavailable::Unauthorized)),
        _ if status.is_server_error() => again(Unavailable::ServerError { status: status.as_u16() }),
        _ => Err(CallError::permanent(Unavailable::Rejected { status: status.as_u16() })),
    }
}

fn is_used_up(body: &[u8]) -> bool {
    let error = serde_json::from_slice::<ErrorBody>(body).map(|body| body.error).unwrap_or_default();
    [error.code, error.kind].into_iter().flatten().any(|text| USED_UP.contains(&text.as_str()))
}

fn response_of(answer: OutboundResponse) -> Result<Response, CallError> {
    let mut response = http::Response::builder().status(answer.status);
    if let Some(headers) = response.headers_mut() {
        *headers = answer.headers;
    }
    let response: http::Response<Bytes> =
        response.body(answer.body).map_err(|_| CallError::permanent(Unavailable::Malformed))?;
    Ok(response.into())
}
