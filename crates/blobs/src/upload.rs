//! One blob on its way in: one part is filled while the one before it is written, and both buffers are used again.
//!
//! `object_store`'s own writer cuts a part into hundreds of blocks that one thread allocates and another frees, so
//! that an allocator keeps the memory of many parts. Two buffers that go round are all that is ever held here.

use bytes::{Bytes, BytesMut};
use object_store::MultipartUpload;
use tokio::task::JoinHandle;

use crate::BlobError;

/// A blob being written. Dropped before it is finished, it is taken back.
#[derive(Debug)]
pub struct Upload(Option<Parts>);

/// A part on its way; it gives its buffer back, if nobody else has it.
type Sending = JoinHandle<Result<Option<BytesMut>, object_store::Error>>;

#[derive(Debug)]
struct Parts {
    target: Box<dyn MultipartUpload>,
    /// Bytes of a part.
    part: usize,
    filling: BytesMut,
    sending: Option<Sending>,
}

impl Upload {
    pub(crate) fn new(target: Box<dyn MultipartUpload>, part: usize) -> Self {
        Self(Some(Parts { target, part, filling: BytesMut::new(), sending: None }))
    }

    /// Takes more bytes, and waits while the store is slower than their sender.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        match &mut self.0 {
            Some(parts) => parts.write(&bytes).await,
            None => Ok(()),
        }
    }

    /// Makes the blob visible, whole and durable.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish(mut self) -> Result<(), BlobError> {
        // It stays in its place until it is complete, so that a failure or a dropped future takes it back.
        if let Some(parts) = &mut self.0 {
            parts.complete().await?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Parts {
    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.part - self.filling.len()));
            self.filling.extend_from_slice(now);
            bytes = later;
            if self.filling.len() == self.part {
                // The one before it goes first, and its buffer is filled next.
                let mut next = self.arrived().await?.unwrap_or_else(|| BytesMut::with_capacity(self.part));
                next.clear();
                self.send(next);
            }
        }
        Ok(())
    }

    /// Sends what was filled, and goes on with `next`.
    fn send(&mut self, next: BytesMut) {
        let body = std::mem::replace(&mut self.filling, next).freeze();
        let put = self.target.put_part(body.clone().into());
        self.sending = Some(tokio::spawn(async move {
            put.await?;
            Ok(body.try_into_mut().ok())
        }));
    }

    /// Waits for the part that is on its way.
    async fn arrived(&mut self) -> Result<Option<BytesMut>, BlobError> {
        let Some(sending) = &mut self.sending else { return Ok(None) };
        let sent = sending.await;
        self.sending = None;
        Ok(sent.map_err(object_store::Error::from)??)
    }

    async fn complete(&mut self) -> Result<(), BlobError> {
        self.arrived().await?;
        if !self.filling.is_empty() {
            self.send(BytesMut::new());
            self.arrived().await?;
        }
        self.target.complete().await?;
        Ok(())
    }

    async fn abort(mut self) -> Result<(), object_store::Error> {
        if let Some(sending) = self.sending.take() {
            sending.abort();
            // A write that has begun cannot be stopped; what is taken back must not come again after it.
            let _ = sending.await;
        }
        self.target.abort().await
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(parts) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = parts.abort().await {
                    tracing::debug!(%error, "an upload was not taken back; the clean-up will");
                }
            });
        }
    }
}
