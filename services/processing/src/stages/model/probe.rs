//! What a model can do: found out once, kept in the database, found out anew when the endpoint refuses what it took.

use std::collections::HashMap;
use std::time::Duration;

use common::DateTime;
use language_model::{Capabilities, LanguageModel, LanguageModelSettings, Unavailable};
use tokio::sync::Mutex;

use crate::app::App;
use crate::store::model_capabilities;

/// A model that could not be probed is left alone for so long, as by a circuit breaker.
const REST_SECONDS: i64 = 30;
/// What was found out so short a time ago is not doubted.
const TRUSTED_SECONDS: i64 = 600;

/// Models that could not be probed, with the time until which they are left alone. Its lock lets one probe run at a
/// time, so that a hundred records of a new model make one.
#[derive(Debug, Default)]
pub(super) struct Probes(Mutex<HashMap<String, (DateTime, Unavailable)>>);

impl Probes {
    /// What the model can do.
    pub(super) async fn of(
        &self,
        app: &App,
        model: &LanguageModel,
        settings: &LanguageModelSettings,
        name: &str,
    ) -> Result<Capabilities, Unavailable> {
        if let Some(known) = known(app, settings, name).await? {
            return Ok(known);
        }
        let mut resting = self.0.lock().await;
        // Somebody else may have found out in the meantime.
        if let Some(known) = known(app, settings, name).await? {
            return Ok(known);
        }
        let now = app.clock.now();
        if let Some((_, reason)) = resting.get(name).filter(|(until, _)| now < *until) {
            return Err(*reason);
        }
        let longest = Duration::from_millis(settings.deadline_millis);
        let probed = tokio::time::timeout(longest, model.probe(name)).await.unwrap_or(Err(Unavailable::TimedOut));
        match probed {
            Ok(probe) => {
                resting.remove(name);
                keep(app, settings, name, probe.capabilities).await;
                Ok(probe.capabilities)
            }
            Err(reason) => {
                tracing::warn!(model = name, %reason, "what the model can do cannot be found out now");
                resting.insert(name.to_owned(), (app.clock.now() + chrono::Duration::seconds(REST_SECONDS), reason));
                Err(reason)
            }
        }
    }

    /// The endpoint refused a request that it should take: what is known is forgotten, unless it is fresh.
    pub(super) async fn doubt(&self, app: &App, settings: &LanguageModelSettings, name: &str) {
        let before = app.clock.now() - chrono::Duration::seconds(TRUSTED_SECONDS);
        let forgotten = app
            .db
            .system(async |connection| model_capabilities::forget(connection, &settings.base_url, name, before).await)
            .await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "what is known of a model cannot be forgotten now");
        }
    }
}

async fn known(app: &App, settings: &LanguageModelSettings, name: &str) -> Result<Option<Capabilities>, Unavailable> {
    let found =
        app.db.system(async |connection| model_capabilities::find(connection, &settings.base_url, name).await).await;
    found.map_err(|error| {
        tracing::warn!(%error, "what is known of a model cannot be read; nothing is asked");
        Unavailable::NotSent
    })
}

/// Where it cannot be kept, it is found out again.
async fn keep(app: &App, settings: &LanguageModelSettings, name: &str, found: Capabilities) {
    let now = app.clock.now();
    let kept = app
        .db
        .system(async |connection| model_capabilities::put(connection, &settings.base_url, name, found, now).await)
        .await;
    if let Err(error) = kept {
        tracing::warn!(%error, "what was found out of a model cannot be kept");
    }
}
