//! What ingestion holds of a tenant beside rows: words that searches go by, and bytes.

use std::sync::Arc;

use async_trait::async_trait;
use common::{DateTime, TenantId};
use db::{Connection, DbError};
use offboarding::Removed;

use crate::app::App;
use crate::store::deletions;

/// Parts with a tenant: sources, pulls and imports end with the news, the rest goes in the background.
#[derive(Debug)]
pub(crate) struct Holdings(pub(crate) Arc<App>);

#[async_trait]
impl offboarding::Holdings for Holdings {
    /// A blob's row stays until its bytes are gone.
    fn apart(&self) -> &'static [&'static str] {
        &["blobs"]
    }

    async fn close(&self, connection: &mut Connection, tenant: TenantId, at: DateTime) -> Result<(), DbError> {
        deletions::close(connection, tenant, at).await
    }

    async fn remove(&self, connection: &mut Connection, tenant: TenantId, most: i64) -> Result<Removed, DbError> {
        let words = deletions::remove_words(connection, tenant, most).await?;
        let blobs = deletions::give_up_blobs(connection, tenant, most).await?;
        let is_pending = deletions::has_blobs(connection, tenant).await?;
        if is_pending {
            self.0.unused_blobs.notify_one();
        }
        Ok(Removed { rows: words + blobs, has_more: words == most || blobs == most, is_pending })
    }
}
