//! Receiving a webhook: find its source, judge it, read it, have it stored.

use std::sync::Arc;

use bytes::Bytes;
use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, DeliveryId, IntegrationId, RecordId};
use serde_json::Value;

use crate::app::App;
use crate::domain::Header;
use crate::domain::delivery::{NewDelivery, Reason, dedupe_key};
use crate::domain::entry::{Entry, NewRecord, Origin};
use crate::domain::mapping::Mapped;
use crate::domain::signature::Refusal;
use crate::domain::source::Source;
use crate::intake::IntakeError;
use crate::source_cache::LoadError;

/// A request as it arrived.
pub(crate) struct Arrival<'a> {
    pub(crate) source: Arc<Source>,
    pub(crate) header: Header<'a>,
    /// The headers worth keeping, as JSON text.
    pub(crate) kept_headers: String,
    pub(crate) body: Bytes,
    pub(crate) trace: TraceContext,
}

/// What came of a webhook.
#[derive(Clone, Debug)]
pub(crate) enum Received {
    /// It was stored.
    Stored(Receipt),
    /// It only asked whether its address is right, and wants this back; nothing was stored.
    Challenge(Value),
}

/// What the sender is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    pub(crate) delivery_id: DeliveryId,
    pub(crate) record_id: RecordId,
    pub(crate) duplicate: bool,
}

/// Why a webhook made no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveWebhookError {
    #[error("there is no such integration")]
    UnknownIntegration,
    #[error("the signature does not fit")]
    InvalidSignature,
    #[error("the signed time is too far from now")]
    StaleSignature,
    #[error("the body is not JSON")]
    UnparseableBody,
    #[error(transparent)]
    Load(Arc<LoadError>),
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

/// The source that a webhook is for; to be found before its body is read, so that a wrong address costs nothing.
pub(crate) async fn find_source(
    app: &App,
    provider: &str,
    id: IntegrationId,
) -> Result<Arc<Source>, ReceiveWebhookError> {
    let source = app.sources.get(&app.db, &app.sealer, id).await.map_err(ReceiveWebhookError::Load)?;
    let is_it = |source: &Arc<Source>| source.provider == provider && !app.deleted.contains(source.tenant_id);
    source.filter(is_it).ok_or(ReceiveWebhookError::UnknownIntegration)
}

/// Receives a webhook. Everything from a known source is kept, what is refused as well.
pub(crate) async fn receive_webhook(app: &App, arrival: Arrival<'_>) -> Result<Received, ReceiveWebhookError> {
    let Arrival { source, header, kept_headers, body, trace } = arrival;
    let actor = Actor::integration(source.id, &source.name);
    let cause = Cause { tenant_id: source.tenant_id, actor, trace, at: app.clock.now() };
    if let Some(challenge) = &source.challenge
        && let Some(answer) = challenge.answer(&body)
        && source.verifier.verify(header, &body, cause.at.timestamp()).is_ok()
    {
        return Ok(Received::Challenge(answer));
    }
    let judged = read(&source, header, &body, cause.at.timestamp());
    let delivery = NewDelivery {
        id: DeliveryId::generate(),
        tenant_id: source.tenant_id,
        integration_id: source.id,
        dedupe_key: {
            let signed = judged.as_ref().ok().and_then(|mapped| mapped.delivery_id.as_deref());
            dedupe_key(signed.or_else(|| source.verifier.delivery_id(header)), &body)
        },
        headers: kept_headers,
        body,
        received_at: cause.at,
    };
    let delivery_id = delivery.id;
    let mapped = match judged {
        Ok(mapped) => mapped,
        Err(reason) => {
            app.intake.keep_rejected(Entry::Rejected { delivery, reason }).await;
            return Err(refusal(reason));
        }
    };
    let origin = Origin {
        source: source.provider.clone(),
        external_id: mapped.external_id,
        integration_id: Some(source.id),
        delivery_id: Some(delivery_id),
        raw: None,
    };
    let record = Box::new(NewRecord::new(&cause, origin, mapped.normalized));
    let new_id = record.id;
    // What there is no room for is held rather than lost: most senders give up long before an owner acts.
    let room = if source.paused { None } else { app.quotas.find_room(&app.db, source.tenant_id, cause.at).await };
    let hold = room.is_none();
    let stored = app.intake.store(vec![Entry::Delivered { delivery, record, hold }]).await?;
    drop(room);
    let (record_id, duplicate) =
        stored.first().map_or((new_id, false), |stored| (stored.record_id.unwrap_or(new_id), stored.duplicate));
    Ok(Received::Stored(Receipt { delivery_id, record_id, duplicate }))
}

/// Judges the signature, then the time, then the body.
fn read(source: &Source, header: Header<'_>, body: &[u8], now: i64) -> Result<Mapped, Reason> {
    source.verifier.verify(header, body, now).map_err(Reason::Signature)?;
    let text = std::str::from_utf8(body).map_err(|_| Reason::UnparseableBody)?;
    source.mapping.apply(header, text).map_err(|_| Reason::UnparseableBody)
}

const fn refusal(reason: Reason) -> ReceiveWebhookError {
    match reason {
        Reason::Signature(Refusal::SignatureMissing | Refusal::SignatureMismatch) => {
            ReceiveWebhookError::InvalidSignature
        }
        Reason::Signature(Refusal::TooOld | Refusal::InFuture) => ReceiveWebhookError::StaleSignature,
        Reason::UnparseableBody => ReceiveWebhookError::UnparseableBody,
    }
}
