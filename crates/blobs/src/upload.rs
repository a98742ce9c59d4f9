//! One blob on its way in.

use bytes::Bytes;
use object_store::WriteMultipart;

use crate::BlobError;

/// Parts on their way at once; with the one being filled they are all that is held in memory.
const PARTS_AT_ONCE: usize = 1;

/// A blob being written. Dropped before it is finished, it is taken back.
#[derive(Debug)]
pub struct Upload(Option<WriteMultipart>);

impl Upload {
    pub(crate) const fn new(parts: WriteMultipart) -> Self {
        Self(Some(parts))
    }

    /// Takes more bytes, and waits while the store is slower than their sender.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let Some(parts) = &mut self.0 else { return Ok(()) };
        parts.wait_for_capacity(PARTS_AT_ONCE).await?;
        parts.write(&bytes);
        Ok(())
    }

    /// Makes the blob visible, whole and durable.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish(mut self) -> Result<(), BlobError> {
        if let Some(parts) = self.0.take() {
            parts.finish().await?;
        }
        Ok(())
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
