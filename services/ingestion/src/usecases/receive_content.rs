//! Receiving bytes of unknown length: hashed, counted and stored as they come, alive by a lease.

use aws_lc_rs::digest::{Context, SHA256};
use blobs::{BlobError, Upload};
use bytes::Bytes;
use chrono::TimeDelta;
use common::{BlobId, DateTime, TenantId};
use db::DbError;

use crate::app::App;
use crate::domain::file::{Content, HEAD};
use crate::domain::quota::{Exhausted, FileRoom};
use crate::store;

/// How long an upload counts as alive without a word from it.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// How often it says that it is.
const RENEW_EVERY: TimeDelta = TimeDelta::minutes(2);

/// Why content was not received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveContentError {
    #[error("the content is longer than {0} bytes")]
    TooLarge(u64),
    #[error("the upload took so long that it was given up")]
    GivenUp,
    #[error("the plan has no room for the file")]
    Exhausted(Box<Exhausted>),
    #[error("the tenant was deleted")]
    TenantDeleted,
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Content on its way in.
pub(crate) struct Receiving<'a> {
    app: &'a App,
    tenant: TenantId,
    id: BlobId,
    upload: Upload,
    digest: Context,
    size: u64,
    head: Vec<u8>,
    renewed_at: DateTime,
    /// What the plan has room for; `None` for what is no file.
    room: Option<FileRoom>,
}

/// Where a blob's bytes are.
pub(crate) fn key(tenant: TenantId, id: BlobId) -> String {
    format!("{tenant}/{id}")
}

impl<'a> Receiving<'a> {
    /// Begins a file, unless the plan has no room for one.
    pub(crate) async fn begin_file(app: &'a App, tenant: TenantId) -> Result<Self, ReceiveContentError> {
        let room = app.db.tenant(tenant, async |connection| store::file_quotas::find(connection, tenant).await).await?;
        if let Some(room) = &room {
            room.takes(1).map_err(|exhausted| ReceiveContentError::Exhausted(Box::new(exhausted)))?;
        }
        Ok(Self { room, ..Self::begin(app, tenant).await? })
    }

    /// Begins: the row first, so that no byte is ever unknown to the clean-up.
    pub(crate) async fn begin(app: &'a App, tenant: TenantId) -> Result<Self, ReceiveContentError> {
        if app.deleted.contains(tenant) {
            return Err(ReceiveContentError::TenantDeleted);
        }
        let (id, now) = (BlobId::generate(), app.clock.now());
        app.db
            .tenant(tenant, async |connection| store::blobs::announce(connection, (tenant, id), now, now + LEASE).await)
            .await?;
        let upload = app.blobs.begin(&key(tenant, id)).await?;
        Ok(Self {
            app,
            tenant,
            id,
            upload,
            digest: Context::new(&SHA256),
            size: 0,
            head: Vec::new(),
            renewed_at: now,
            room: None,
        })
    }

    /// The blob that the bytes are on their way to.
    pub(crate) const fn id(&self) -> BlobId {
        self.id
    }

    /// Takes more bytes.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), ReceiveContentError> {
        self.size += bytes.len() as u64;
        if self.size > self.app.files.max_bytes {
            return Err(ReceiveContentError::TooLarge(self.app.files.max_bytes));
        }
        if let Some(room) = &self.room {
            room.takes(self.size).map_err(|exhausted| ReceiveContentError::Exhausted(Box::new(exhausted)))?;
        }
        if self.app.deleted.contains(self.tenant) {
            return Err(ReceiveContentError::TenantDeleted);
        }
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        self.digest.update(&bytes);
        self.upload.write(bytes).await?;
        let now = self.app.clock.now();
        if now - self.renewed_at > RENEW_EVERY {
            let (tenant, id) = (self.tenant, self.id);
            let renewed = self
                .app
                .db
                .tenant(tenant, async |connection| store::blobs::renew(connection, (tenant, id), now + LEASE).await)
                .await?;
            if !renewed {
                return Err(ReceiveContentError::GivenUp);
            }
            self.renewed_at = now;
        }
        Ok(())
    }

    /// Ends: the bytes are durable, and belong to nobody until they are settled.
    pub(crate) async fn finish(self) -> Result<Content, ReceiveContentError> {
        self.upload.finish().await?;
        let sha256 = self.digest.finish().as_ref().to_vec();
        Ok(Content { blob_id: self.id, sha256, size: self.size, head: self.head })
    }
}

/// Leaves content that was not settled to the clean-up; settled content is left alone.
pub(crate) async fn give_up(app: &App, tenant: TenantId, id: BlobId) {
    let given_up =
        app.db.tenant(tenant, async |connection| store::blobs::give_up(connection, (tenant, id)).await).await;
    match given_up {
        Ok(()) => app.unused_blobs.notify_one(),
        Err(error) => tracing::debug!(%error, "an upload is given up when its lease ends"),
    }
}
