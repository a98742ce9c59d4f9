//! Receive a provider's webhook: verify the bytes, store the event, and only then say so.

use common::DateTime;
use db::DbError;
use payments::{PaymentProvider, ProviderError, WebhookRefusal};

use crate::app::App;
use crate::store::provider_events;

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveEventError {
    #[error(transparent)]
    Refused(#[from] WebhookRefusal),
    #[error(transparent)]
    Unreadable(ProviderError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Stores a signed event, once, and wakes who handles it; `true` when it was new.
pub(crate) async fn receive_event(
    app: &App,
    provider: &dyn PaymentProvider,
    header: &(dyn Fn(&str) -> Option<String> + Sync),
    body: &[u8],
    now: DateTime,
) -> Result<bool, ReceiveEventError> {
    if let Err(refusal) = provider.verify_webhook(&header, body, now) {
        tracing::warn!(provider = provider.name(), reason = refusal.as_str(), "a webhook was refused");
        app.db
            .system(async |connection| {
                provider_events::count_refused(connection, provider.name(), refusal.as_str(), now).await
            })
            .await?;
        return Err(refusal.into());
    }
    let event = provider.parse_webhook(body).map_err(ReceiveEventError::Unreadable)?;
    let is_new = app
        .db
        .system(async |connection| provider_events::insert(connection, provider.name(), &event, None, now).await)
        .await?;
    if is_new {
        app.received.notify_one();
    }
    Ok(is_new)
}
