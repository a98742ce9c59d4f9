//! Request bodies on their way to a service, and answers on their way back.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::client::Lease;

/// What goes to a service.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A body that was read whole, or none.
    Whole(Option<Bytes>),
    /// A body that is passed on as it comes.
    Stream(Upload),
}

/// A request body in transit, counted.
pub(crate) struct Upload {
    payload: Payload,
    /// Bytes that may still come.
    allowance: u64,
    length: Option<u64>,
    fate: Rc<Cell<Fate>>,
    sent: Rc<Cell<u64>>,
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing special.
    #[default]
    Fine,
    /// It was longer than the call allows.
    TooLarge,
    /// The client went away or broke the rules in the middle of it.
    Broken,
}

/// An upload was given up; its [`Fate`] says why.
#[derive(Debug, thiserror::Error)]
#[error("the request body was given up")]
pub(crate) struct UploadError(#[source] Option<PayloadError>);

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Upload {
    /// Passes on at most `limit` bytes; `fate` tells the caller what became of it, `sent` how many have gone.
    pub(crate) fn new(
        payload: Payload,
        length: Option<u64>,
        limit: usize,
        (fate, sent): (Rc<Cell<Fate>>, Rc<Cell<u64>>),
    ) -> Self {
        Self { payload, allowance: limit as u64, length, fate, sent }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let upload = match self.get_mut() {
            Self::Whole(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(upload) => upload,
        };
        let Some(chunk) = ready!(Pin::new(&mut upload.payload).poll_next(context)) else { return Poll::Ready(None) };
        Poll::Ready(Some(match chunk {
            Ok(chunk) => match upload.allowance.checked_sub(chunk.len() as u64) {
                Some(rest) => {
                    upload.allowance = rest;
                    upload.sent.set(upload.sent.get() + chunk.len() as u64);
                    Ok(Frame::data(chunk))
                }
                None => {
                    upload.fate.set(Fate::TooLarge);
                    Err(UploadError(None))
                }
            },
            Err(error) => {
                upload.fate.set(Fate::Broken);
                Err(UploadError(Some(error)))
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream(upload) => upload.length.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

/// An answer in transit. Read to its end, it gives its connection back for the next call.
pub(crate) struct Download {
    incoming: Incoming,
    lease: Option<Lease>,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Download")
    }
}

impl Download {
    /// An answer that has begun on a leased connection.
    pub(crate) fn new(incoming: Incoming, lease: Lease) -> Self {
        Self { incoming, lease: Some(lease) }
    }

    /// The next bytes; `None` at the end.
    pub(crate) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<hyper::Result<Bytes>>> {
        loop {
            match ready!(Pin::new(&mut self.incoming).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => return Poll::Ready(Some(Ok(bytes))),
                    // Trailers mean nothing to us.
                    Err(_) => {}
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    if let Some(lease) = self.lease.take() {
                        lease.give_back();
                    }
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// The length that the service announced.
    pub(crate) fn length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }
}

/// A service's answer between the beginning and the end of an envelope, or alone.
#[derive(Debug)]
pub(crate) struct Framed {
    before: Option<Bytes>,
    inner: Download,
    after: Option<Bytes>,
    length: Option<u64>,
    is_empty: bool,
}

impl Framed {
    /// The answer between `before` and `after`; an empty one becomes `null`.
    pub(crate) fn new(before: Bytes, inner: Download, after: Bytes) -> Self {
        let length = inner.length().map(|length| length + before.len() as u64 + after.len() as u64);
        Self { before: Some(before), inner, after: Some(after), length, is_empty: true }
    }

    /// The answer as it is.
    pub(crate) fn bare(inner: Download) -> Self {
        let length = inner.length();
        Self { before: None, inner, after: None, length, is_empty: false }
    }
}

impl MessageBody for Framed {
    type Error = hyper::Error;

    fn size(&self) -> BodySize {
        self.length.map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        let this = self.get_mut();
        if let Some(before) = this.before.take() {
            return Poll::Ready(Some(Ok(before)));
        }
        match ready!(this.inner.poll_data(context)) {
            Some(Ok(bytes)) => {
                this.is_empty = false;
                Poll::Ready(Some(Ok(bytes)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Ready(
                this.after
                    .take()
                    .map(|after| Ok(if this.is_empty { [b"null", after.as_ref()].concat().into() } else { after })),
            ),
        }
    }
}
