//! How far a tenant's scores can be believed, and what that rests on.

use std::collections::HashMap;

use common::{LabelId, TenantId};
use db::DbError;

use crate::app::App;
use crate::domain::policy::WINDOW;
use crate::domain::scored::ClosedDecision;
use crate::domain::settings::TenantSettings;
use crate::domain::tenant_model::TenantModel;
use crate::store::{exemplars, labels, memory_heads, scored_decisions, settings, tenant_models};

/// What is known.
#[derive(Debug)]
pub(crate) struct Calibration {
    pub(crate) settings: TenantSettings,
    /// Why there are no embeddings here.
    pub(crate) absent: Option<String>,
    pub(crate) names: HashMap<LabelId, String>,
    pub(crate) memory_version: i64,
    /// Exemplars a label.
    pub(crate) exemplars: HashMap<LabelId, i64>,
    /// The model in force; none while nothing was fitted.
    pub(crate) model: Option<TenantModel>,
    pub(crate) closed: Vec<ClosedDecision>,
}

pub(crate) async fn show_calibration(app: &App, tenant: TenantId) -> Result<Calibration, DbError> {
    let source = app.vectors.as_ref();
    let absent = source.err().map(|absent| absent.0.clone());
    app.db
        .tenant(tenant, async |connection| {
            let settings = settings::find(connection, tenant).await?;
            let names = labels::names(connection, tenant).await?;
            let mut shown = Calibration {
                settings,
                absent,
                names,
                memory_version: 0,
                exemplars: HashMap::new(),
                model: None,
                closed: Vec::new(),
            };
            let Ok(source) = source else { return Ok(shown) };
            let model_id = source.model_id();
            if let Some(version) = tenant_models::newest_version(connection, tenant, model_id).await? {
                shown.model = tenant_models::find(connection, tenant, version).await?;
                shown.memory_version = memory_heads::find_or_make(connection, tenant).await?.version;
                shown.exemplars = exemplars::per_label(connection, tenant).await?;
                shown.closed = scored_decisions::closed(connection, tenant, model_id, WINDOW).await?;
            }
            Ok(shown)
        })
        .await
}
