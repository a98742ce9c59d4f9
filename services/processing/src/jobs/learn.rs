//! Keeps tenants' models up to what people have decided: vectors for exemplars that lack one, and the fit.

use std::sync::Arc;
use std::time::Duration;

use common::TenantId;
use db::DbError;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::settings::EmbeddingsSettings;
use crate::store::memory_heads::{self, Due};
use crate::usecases::fit_model::{Fit, fit_model};
use crate::vectors::VectorSource;

/// How often it is looked whether there is anything to do, without being woken.
const POLL: Duration = Duration::from_secs(1);
/// After a lesson, others are waited for a moment: people's decisions come in handfuls.
const GATHER: Duration = Duration::from_millis(100);
/// Most tenants of one look.
const TENANTS: i64 = 20;

/// When models are fitted anew.
#[derive(Clone, Debug)]
pub(crate) struct Learning {
    wake: Arc<Notify>,
    refit_after: i64,
    refit_age: chrono::Duration,
}

impl Learning {
    pub(crate) fn new(settings: &EmbeddingsSettings) -> Self {
        Self {
            wake: Arc::default(),
            refit_after: settings.refit_after.into(),
            refit_age: chrono::Duration::seconds(settings.refit_seconds.into()),
        }
    }

    /// Says that there is something to learn.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Runs until told to stop; at once when there is nothing to make vectors with.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let Ok(source) = app.vectors.clone() else { return };
    while !shutdown.is_cancelled() {
        if let Err(error) = round(&app, &*source, &shutdown).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "models stay as they are for now");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(POLL) => {}
            () = app.learning.wake.notified() => sleep(GATHER).await,
        }
    }
}

async fn round(app: &App, source: &dyn VectorSource, shutdown: &CancellationToken) -> Result<(), DbError> {
    let now = app.clock.now();
    let due = Due {
        model_id: source.model_id(),
        lessons: app.learning.refit_after,
        fitted_before: now - app.learning.refit_age,
        now,
    };
    let tenants: Vec<TenantId> =
        app.db.system(async |connection| memory_heads::due(connection, due, TENANTS).await).await?;
    for tenant in tenants {
        if shutdown.is_cancelled() {
            break;
        }
        match fit_model(app, tenant, source).await {
            Ok(Fit::Done | Fit::Busy) => {}
            Err(error) => {
                tracing::warn!(%tenant, error = &error as &dyn std::error::Error, "a model stays as it is for now");
            }
        }
    }
    Ok(())
}
