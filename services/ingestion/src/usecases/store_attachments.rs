//! Storing the files that deliveries brought inside of them, once for each delivery and place. What has to be fetched, or
//! has no room in the plan, is noted for later.

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
use crate::domain::file::Content as Received;
use crate::domain::mapping::{Attachment, Attachments, Content};
use crate::domain::pending::{Pending, file_id};
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
    let tenant = cause.tenant_id;
    let body =
        app.db.tenant(tenant, async |connection| store::attachments::body(connection, tenant, delivery).await).await?;
    for attachment in wanted.extract(&body.unwrap_or_default()) {
        let id = file_id(delivery, attachment.place);
        let known = app.db.tenant(tenant, async |connection| store::files::find(connection, tenant, id).await).await?;
        if known.is_some() {
            continue;
        }
        match &attachment.content {
            Content::At(url) => note(app, cause, (record, delivery), &attachment, Some(url.clone())).await?,
            Content::Inside(bytes) => match keep(app, cause, (id, record), &attachment, bytes).await {
                Err(
                    StoreAttachmentsError::Receive(ReceiveContentError::Exhausted(_))
                    | StoreAttachmentsError::Store(StoreFileError::Exhausted(_)),
                ) => note(app, cause, (record, delivery), &attachment, None).await?,
                kept => kept?,
            },
        }
    }
    Ok(())
}

/// Notes a file for later.
async fn note(
    app: &App,
    cause: &Cause,
    (record_id, delivery_id): (RecordId, DeliveryId),
    attachment: &Attachment,
    url: Option<String>,
) -> Result<(), DbError> {
    let pending = Pending {
        tenant_id: cause.tenant_id,
        delivery_id,
        place: i16::try_from(attachment.place).unwrap_or(i16::MAX),
        record_id,
        name: attachment.name.clone(),
        content_type: attachment.content_type.clone(),
        url,
        attempts: 0,
        lease_id: Uuid::nil(),
    };
    app.db
        .tenant(cause.tenant_id, async |connection| {
            store::pending_attachments::insert(connection, &pending, cause.at).await
        })
        .await?;
    app.attachments_wanted.notify_one();
    Ok(())
}

async fn keep(
    app: &App,
    cause: &Cause,
    (id, record): (FileId, RecordId),
    attachment: &Attachment,
    bytes: &[u8],
) -> Result<(), StoreAttachmentsError> {
    let content = receive_bytes(app, cause.tenant_id, bytes).await?;
    let said = StoreFile {
        name: attachment.name.clone(),
        declared_type: attachment.content_type.clone(),
        record_id: Some(record),
    };
    let stored = app
        .db
        .tenant(cause.tenant_id, async |connection| {
            store_once(connection, app, cause, (id, &content, said)).await?;
            Ok::<_, StoreAttachmentsError>(())
        })
        .await;
    give_up(app, cause.tenant_id, content.blob_id).await;
    stored
}

/// Receives the bytes of a file that are in memory.
pub(super) async fn receive_bytes(app: &App, tenant: TenantId, bytes: &[u8]) -> Result<Received, ReceiveContentError> {
    let mut receiving = Receiving::begin_file(app, tenant).await?;
    receiving.write(Bytes::copy_from_slice(bytes)).await?;
    receiving.finish().await
}

/// Stores a file under its id, unless somebody has meanwhile.
pub(super) async fn store_once(
    connection: &mut db::Connection,
    app: &App,
    cause: &Cause,
    (id, content, said): (FileId, &Received, StoreFile),
) -> Result<(), StoreFileError> {
    // Whoever else stores the same file waits here, and then finds it.
    store::attachments::lock(connection, id).await?;
    if store::files::find(connection, cause.tenant_id, id).await?.is_none() {
        store_file_as(connection, app, cause, (id, content, said)).await?;
    }
    Ok(())
}

impl From<StoreAttachmentsError> for bus::HandleError {
    fn from(error: StoreAttachmentsError) -> Self {
        match error {
            StoreAttachmentsError::Db(error)
            | StoreAttachmentsError::Receive(ReceiveContentError::Db(error))
            | StoreAttachmentsError::Store(StoreFileError::Db(error)) => error.into(),
            // The record's row was committed before its event, so it is gone for good.
            StoreAttachmentsError::Store(StoreFileError::NoRecord)
            | StoreAttachmentsError::Receive(ReceiveContentError::TooLarge(_) | ReceiveContentError::TenantDeleted) => {
                Self::Permanent(Box::new(error))
            }
            StoreAttachmentsError::Store(StoreFileError::GivenUp | StoreFileError::Exhausted(_))
            | StoreAttachmentsError::Receive(
                ReceiveContentError::GivenUp
                | ReceiveContentError::Exhausted(_)
                | ReceiveContentError::Blob(BlobError::NotFound | BlobError::Store(_) | BlobError::Folder(_)),
            ) => Self::Transient(Box::new(error)),
        }
    }
}
