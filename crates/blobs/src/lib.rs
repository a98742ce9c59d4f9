//! Bytes under keys, in a folder or in S3: written as they come, made visible whole, read by ranges.
//!
//! It knows nothing of tenants, files or databases; who may read what is its callers' business. Nothing is ever held
//! whole in memory.

mod settings;
mod upload;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};

pub use crate::settings::{BlobSettings, S3Settings};
pub use crate::upload::Upload;

/// Bytes of a part on its way to S3, which wants at least 5 MiB and at most 10,000 of them.
const S3_PART: usize = 5 << 20;
/// Bytes of a part on its way to a folder, where more at a time gains nothing.
const FOLDER_PART: usize = 1 << 20;

/// A failed operation of the store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is nothing under the key.
    #[error("there is no such blob")]
    NotFound,
    /// The store is away or refused.
    #[error("the blob store failed")]
    Store(#[source] object_store::Error),
    /// The folder cannot be used.
    #[error("the folder of the blob store cannot be used")]
    Folder(#[source] std::io::Error),
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            error => Self::Store(error),
        }
    }
}

/// An object that is there.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// When it was last written.
    pub modified: SystemTime,
}

/// Where blobs are kept.
#[derive(Clone, Debug)]
pub struct BlobStore {
    objects: Arc<dyn ObjectStore>,
    /// The folder, when it is one.
    folder: Option<PathBuf>,
}

impl BlobStore {
    /// Opens the store. A folder is made if need be; S3 is not asked yet, so it may be away.
    ///
    /// # Errors
    /// When the folder cannot be made, or the S3 settings cannot be used.
    pub fn open(settings: &BlobSettings) -> Result<Self, BlobError> {
        if let Some(s3) = &settings.s3 {
            return Ok(Self { objects: Arc::new(open_s3(s3)?), folder: None });
        }
        let folder = PathBuf::from(&settings.folder);
        std::fs::create_dir_all(&folder).map_err(BlobError::Folder)?;
        let objects = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
        Ok(Self { objects: Arc::new(objects), folder: Some(folder) })
    }

    /// Begins to write. Nobody sees the blob until [`Upload::finish`] has answered.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn begin(&self, key: &str) -> Result<Upload, BlobError> {
        let parts = self.objects.put_multipart(&Path::from(key)).await?;
        Ok(Upload::new(parts, if self.folder.is_some() { FOLDER_PART } else { S3_PART }))
    }

    /// The bytes of a range, as they come.
    ///
    /// # Errors
    /// When there is no such blob, or the store is away.
    pub async fn read(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..Default::default() };
        let found = self.objects.get_opts(&Path::from(key), options).await?;
        Ok(found.into_stream().map_err(BlobError::from).boxed())
    }

    /// The bytes of a range at once, for ranges that are small enough to be in memory.
    ///
    /// # Errors
    /// When there is no such blob, or the store is away.
    pub async fn read_small(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        Ok(self.objects.get_range(&Path::from(key), range).await?)
    }

    /// Removes a blob and what an upload of it left behind. One that is not there is none to be sorry about.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.objects.delete(&Path::from(key)).await.map_err(BlobError::from) {
            Ok(()) | Err(BlobError::NotFound) => {}
            Err(error) => return Err(error),
        }
        match &self.folder {
            Some(folder) => remove_staged(folder.join(key)).await.map_err(BlobError::Folder),
            // What S3 holds of an upload that broke off, a lifecycle rule of the bucket removes.
            None => Ok(()),
        }
    }

    /// Everything that is there, in no order.
    #[must_use]
    pub fn list(&self) -> BoxStream<'static, Result<Found, BlobError>> {
        let found = self.objects.list(None);
        found
            .map_ok(|object| Found { key: object.location.to_string(), modified: object.last_modified.into() })
            .map_err(BlobError::from)
            .boxed()
    }
}

fn open_s3(s3: &S3Settings) -> Result<impl ObjectStore + use<>, BlobError> {
    use ::settings::ExposeSecret as _;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&s3.bucket)
        .with_region(&s3.region)
        .with_access_key_id(&s3.access_key_id)
        .with_secret_access_key(s3.secret_access_key.expose_secret())
        .with_virtual_hosted_style_request(s3.virtual_hosted);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    Ok(builder.build()?)
}

/// Removes `blob#1`, `blob#2`, …: what a process that was killed in the middle of an upload left.
async fn remove_staged(blob: PathBuf) -> std::io::Result<()> {
    let (Some(folder), Some(name)) = (blob.parent(), blob.file_name().and_then(|name| name.to_str())) else {
        return Ok(());
    };
    let staged = format!("{name}#");
    let mut entries = match tokio::fs::read_dir(folder).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&staged)) {
            tokio::fs::remove_file(entry.path()).await?;
        }
    }
    Ok(())
}
