//! Storing the files that deliveries brought inside of them, once for each delivery and place.

use blobs::BlobError;
use bytes::Bytes;
use common::event::{Cause, Event, Ingested};
use common::{DeliveryId, FileId, RecordId, TenantId};
use db::DbError;
use uuid::Uuid;

use super::receive_content::{ReceiveContentError, Receiving, give_up};
use super::store_file::{StoreFile, StoreFileError, store_file_as};
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::mapping::{Attachment, Attachments};
use crate::store;

/// Why files were not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreAttachmentsError {
    #[error("the content was not received")]
    Receive(#[from] ReceiveContentError),
    #[error("the file was not stored")]
    Store(#[from] StoreFileError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Stores the files of the new records whose sources' mappings declare some. A second time stores nothing new.
pub(crate) async fn store_attachments(
    app: &App,
    tenants: &[TenantId],
    events: &[Event],
) -> Result<(), StoreAttachmentsError> {
    let declaring =
        app.db.tenants(tenants, async |connection| store::attachments::declaring(connection, tenants).await).await?;
    if declaring.is_empty() {
        return Ok(());
    }
    for event in events {
        // What cannot be read was set apart by whoever decides it.
        let Ok(Ingested { record, delivery_id: Some(delivery) }) = event.decode() else { continue };
        let declared = record.integration_id.and_then(|id| declaring.get(&(event.tenant_id, id)));
        let Some(Ok(Some(wanted))) = declared.map(Attachments::compile) else { continue };
        let cause = Cause::following(event, AGENT, app.clock.now());
        store_of_delivery(app, &cause, (record.record_id, delivery), &wanted).await?;
    }
    Ok(())
}

async fn store_of_delivery(
    app: &App,
    cause: &Cause,
    (record, delivery): (RecordId, DeliveryId),
    wanted: &Attachments,
) -> Result<(), StoreAttachmentsError> {
    let body = app
        .db
        .tenant(cause.tenant_id, async |connection| {
            store::attachments::body(connection, cause.tenant_id, delivery).await
        })
        .await?;
    for attachment in wanted.extract(&body.unwrap_or_default()) {
        // The same delivery's file has the same id however often its news is heard.
        let id = FileId(Uuid::new_v5(&delivery.0, &attachment.place.to_be_bytes()));
        store_one(app, cause, (id, record), attachment).await?;
    }
    Ok(())
}

async fn store_one(
    app: &App,
    cause: &Cause,
    (id, record): (FileId, RecordId),
    attachment: Attachment,
) -> Result<(), StoreAttachmentsError> {
    let tenant = cause.tenant_id;
    let known = app.db.tenant(tenant, async |connection| store::files::find(connection, tenant, id).await).await?;
    if known.is_some() {
        return Ok(());
    }
    let mut receiving = Receiving::begin(app, tenant).await?;
    receiving.write(Bytes::from(attachment.content)).await?;
    let content = receiving.finish().await?;
    let said = StoreFile { name: attachment.name, declared_type: attachment.content_type, record_id: Some(record) };
    let stored = app
        .db
        .tenant(tenant, async |connection| {
            // Whoever else hears the same news waits here, and then finds the file.
            store::attachments::lock(connection, id).await?;
            if store::files::find(connection, tenant, id).await?.is_none() {
                store_file_as(connection, app, cause, (id, &content, said)).await?;
            }
            Ok::<_, StoreAttachmentsError>(())
        })
        .await;
    give_up(app, tenant, content.blob_id).await;
    stored
}

impl From<StoreAttachmentsError> for bus::HandleError {
    fn from(error: StoreAttachmentsError) -> Self {
        match error {
            StoreAttachmentsError::Db(error)
            | StoreAttachmentsError::Receive(ReceiveContentError::Db(error))
            | StoreAttachmentsError::Store(StoreFileError::Db(error)) => error.into(),
            // The record's row was committed before its event, so it is gone for good.
            StoreAttachmentsError::Store(StoreFileError::NoRecord)
            | StoreAttachmentsError::Receive(ReceiveContentError::TooLarge(_)) => Self::Permanent(Box::new(error)),
            StoreAttachmentsError::Store(StoreFileError::GivenUp)
            | StoreAttachmentsError::Receive(
                ReceiveContentError::GivenUp
                | ReceiveContentError::Blob(BlobError::NotFound | BlobError::Store(_) | BlobError::Folder(_)),
            ) => Self::Transient(Box::new(error)),
        }
    }
}
