//! One call's way: request out, answer back in the envelope, and an honest error for everything in between.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::{Payload, RequestHead};
use actix_web::http::StatusCode;
use bytes::{Bytes, BytesMut};
use common::ErrorCode;
use common::trace::TraceContext;
use futures_util::StreamExt as _;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, Uri};
use web::{ApiError, NEXT_CURSOR_HEADER};

use super::body::{Download, Fate, Framed, Outgoing, Upload};
use super::client::{Client, Lease, SendError};
use super::headers::{Additions, to_client, to_service};
use crate::envelope::{self, Meta, Place};
use crate::routes::{Route, Upstream, Verb};

/// Longest wait for a small body, for which nothing is sent on yet.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// A body up to this long is read whole: fewer moving parts, and it can be sent again.
const SMALL: u64 = 64 << 10;
/// What must come of an upload, in bytes, while the gateway is patient once.
const LEAST_PROGRESS: u64 = 64 << 10;

/// What a call brings along.
#[derive(Debug)]
pub(crate) struct Passage<'a> {
    /// The request's line and headers.
    pub head: &'a RequestHead,
    /// The client's address.
    pub peer: Option<String>,
    /// The call.
    pub route: &'static Route,
    /// Who answers it.
    pub upstream: Upstream,
    /// Who calls, signed.
    pub identity: Option<HeaderValue>,
    /// The trace to continue.
    pub trace: TraceContext,
    /// Longest wait for the beginning of the answer.
    pub patience: Duration,
}

/// Sends a call on and answers with what comes back.
///
/// # Errors
/// When the request cannot be passed on, or nothing sensible comes back.
pub(crate) async fn forward(client: &Client, passage: Passage<'_>, payload: Payload) -> Result<HttpResponse, ApiError> {
    let fate = Rc::new(Cell::new(Fate::Fine));
    let sent = Rc::new(Cell::new(0));
    let body = tokio::time::timeout(BODY_PATIENCE, outgoing(&passage, payload, &fate, &sent)).await;
    let body = body.map_err(|_| ApiError::invalid_request("The body came too slowly."))??;
    let mut exchange = std::pin::pin!(exchange(client, &passage, body, &fate));
    let mut seen = 0;
    loop {
        if let Ok(answer) = tokio::time::timeout(passage.patience, &mut exchange).await {
            return answer;
        }
        // An upload may take as long as it keeps coming at a pace that only a stalled line is below.
        if !passage.route.is_upload || sent.get() < seen + LEAST_PROGRESS {
            return Err(passage.fails(ErrorCode::UpstreamTimeout));
        }
        seen = sent.get();
    }
}

impl Passage<'_> {
    /// An error that names the service.
    fn fails(&self, code: ErrorCode) -> ApiError {
        ApiError::new(code).with("service", self.upstream.as_str())
    }

    fn request(&self, client: &Client, body: Outgoing) -> Result<Request<Outgoing>, ApiError> {
        let target = self.head.uri.path_and_query().map_or("/", |target| target.as_str());
        let uri = Uri::try_from(target)
            .map_err(|error| ApiError::invalid_request("The path or query is malformed.").because(error))?;
        let mut request = Request::new(body);
        *request.uri_mut() = uri;
        *request.method_mut() = match self.route.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let additions = Additions {
            host: client.host(self.upstream),
            identity: self.identity.clone(),
            trace: self.trace,
            peer: self.peer.clone(),
        };
        *request.headers_mut() = to_service(&self.head.headers, additions);
        Ok(request)
    }
}

/// The body as it goes out: whole when it is small, else as it comes.
async fn outgoing(
    passage: &Passage<'_>,
    mut payload: Payload,
    fate: &Rc<Cell<Fate>>,
    sent: &Rc<Cell<u64>>,
) -> Result<Outgoing, ApiError> {
    let headers = &passage.head.headers;
    let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let is_chunked = headers.contains_key("transfer-encoding");
    match length {
        None | Some(0) if !is_chunked => Ok(Outgoing::Whole(None)),
        Some(length) if length <= SMALL && !is_chunked => {
            let mut whole = BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|error| ApiError::invalid_request("The body ended early.").because(error))?;
                if whole.is_empty() && chunk.len() as u64 == length {
                    return Ok(Outgoing::Whole(Some(chunk)));
                }
                whole.extend_from_slice(&chunk);
            }
            Ok(Outgoing::Whole(Some(whole.freeze())))
        }
        _ => {
            let length = length.filter(|_| !is_chunked);
            Ok(Outgoing::Stream(Upload::new(
                payload,
                length,
                passage.route.body_limit,
                (Rc::clone(fate), Rc::clone(sent)),
            )))
        }
    }
}

async fn exchange(
    client: &Client,
    passage: &Passage<'_>,
    body: Outgoing,
    fate: &Cell<Fate>,
) -> Result<HttpResponse, ApiError> {
    let is_empty = matches!(body, Outgoing::Whole(None));
    let mut sent = client.send(passage.upstream, passage.request(client, body)?).await;
    // The service may have closed a kept connection while the request was on its way. Reading twice does no harm.
    if let Err(SendError::Broken { reused: true, .. }) = sent
        && is_empty
        && passage.route.verb == Verb::Get
    {
        sent = client.send(passage.upstream, passage.request(client, Outgoing::Whole(None))?).await;
    }
    match sent {
        Ok((answer, lease)) => receive(passage, answer, lease).await,
        Err(error) => Err(match fate.get() {
            Fate::TooLarge => too_large(passage.route),
            Fate::Broken => ApiError::invalid_request("The body ended early.").because(error),
            Fate::Fine => passage.fails(ErrorCode::UpstreamUnavailable).because(error),
        }),
    }
}

/// 413 with the call's limit.
pub(crate) fn too_large(route: &Route) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge).with("limit", route.body_limit)
}

async fn receive(passage: &Passage<'_>, answer: Response<Incoming>, lease: Lease) -> Result<HttpResponse, ApiError> {
    let (head, incoming) = answer.into_parts();
    let status = StatusCode::from_u16(head.status.as_u16())
        .map_err(|error| passage.fails(ErrorCode::UpstreamUnavailable).because(error))?;
    let download = Download::new(incoming, lease);
    let is_bare = head.headers.get(envelope::BARE.0).is_some_and(|value| value == envelope::BARE.1);
    let cursor = head.headers.get(NEXT_CURSOR_HEADER).and_then(|value| value.to_str().ok());
    let meta = Meta { trace: passage.trace, next_cursor: cursor };

    let mut out = HttpResponse::new(envelope::status_of(status));
    to_client(&head.headers, out.headers_mut());
    envelope::sign(out.headers_mut(), passage.trace, !is_bare);
    if is_bare {
        return Ok(out.set_body(BoxBody::new(Framed::bare(download))));
    }
    let length = download.length();
    let place = Place::of(status);
    if place == Place::Error {
        let body = collect(passage, download, SMALL).await?;
        let known = envelope::is_error_body(&body);
        let body = if known { body } else { unknown_error(&mut out, passage, status) };
        return Ok(out.set_body(BoxBody::new(place.wrap(&body, meta))));
    }
    let content_type = head.headers.get(hyper::header::CONTENT_TYPE);
    let is_json = content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_json && length != Some(0) && status != StatusCode::NOT_MODIFIED {
        return Err(passage.fails(ErrorCode::UpstreamUnavailable).because("an answer that is no JSON"));
    }
    if status == StatusCode::NOT_MODIFIED {
        return Ok(out);
    }
    if length.is_some_and(|length| length <= SMALL) {
        let body = collect(passage, download, SMALL).await?;
        return Ok(out.set_body(BoxBody::new(place.wrap(&body, meta))));
    }
    let framed = Framed::new(Bytes::from_static(place.before()), download, place.after(meta));
    Ok(out.set_body(BoxBody::new(framed)))
}

/// Reads an answer whole, up to a limit.
async fn collect(passage: &Passage<'_>, mut download: Download, limit: u64) -> Result<Bytes, ApiError> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(bytes) = std::future::poll_fn(|context| download.poll_data(context)).await {
        let bytes = bytes.map_err(|error| passage.fails(ErrorCode::UpstreamUnavailable).because(error))?;
        if (first.len() + whole.len() + bytes.len()) as u64 > limit {
            return Err(passage.fails(ErrorCode::UpstreamUnavailable).because("an answer of excessive length"));
        }
        if first.is_empty() && whole.is_empty() {
            first = bytes;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
                first = Bytes::new();
            }
            whole.extend_from_slice(&bytes);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// The error for a service's failure that it did not tell in our form; the status follows the code.
fn unknown_error(out: &mut HttpResponse, passage: &Passage<'_>, status: StatusCode) -> Bytes {
    let code = envelope::code_for(status);
    *out.status_mut() = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    tracing::warn!(
        service = passage.upstream.as_str(),
        status = status.as_u16(),
        trace_id = passage.trace.trace_id_hex(),
        "a service failed without saying why"
    );
    let body = passage.fails(code).body();
    serde_json::to_vec(&body).expect("an error is plain JSON").into()
}
