//! A bound on time around a service, its readiness included: a queue before it does not stop the clock.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tower::{Layer, Service, ServiceExt as _};

use crate::error::{CallError, Unavailable};

/// When time is up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    /// At one moment for everything below; not worth another try.
    Until(Instant),
    /// After so long for each request that comes through; another may do better.
    Each(Duration),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct TimeBoundLayer(pub(super) Bound);

impl<S> Layer<S> for TimeBoundLayer {
    type Service = TimeBound<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeBound { inner, bound: self.0 }
    }
}

#[derive(Clone, Debug)]
pub(super) struct TimeBound<S> {
    inner: S,
    bound: Bound,
}

impl<S, R> Service<R> for TimeBound<S>
where
    S: Service<R, Error = CallError> + Clone + Send + 'static,
    S::Future: Send,
    S::Response: Send,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, CallError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let answer = self.inner.clone().oneshot(request);
        let (left, expired) = match self.bound {
            Bound::Until(end) => {
                (end.saturating_duration_since(Instant::now()), CallError::permanent(Unavailable::TimedOut))
            }
            Bound::Each(limit) => (limit, CallError::retryable(Unavailable::TimedOut)),
        };
        Box::pin(async move { tokio::time::timeout(left, answer).await.unwrap_or(Err(expired)) })
    }
}
