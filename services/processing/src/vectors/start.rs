//! Which source of vectors the settings ask for, and whether it can be had.

use std::sync::Arc;

use ::settings::SettingsError;
use db::Db;
use encoder::{Encoder, HashedEmbedder, ModelFiles, Precision, WorkerSettings, Workers};
use language_model::RemoteEmbedder;

use super::VectorSource;
use super::in_process::InProcess;
use super::remote::Remote;
use crate::settings::{EmbeddingSource, EmbeddingsSettings, WeightsPrecision};

/// Why there are no vectors here, in words for whoever runs the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absent(pub(crate) String);

/// The source that the settings name. Reading and checking the weights takes some 0.2 s of this thread. `remote` is the
/// encoder of the configured endpoint, if there is one.
pub(crate) fn start(
    settings: &EmbeddingsSettings,
    remote: impl FnOnce() -> Result<Option<RemoteEmbedder>, SettingsError>,
    db: &Db,
) -> Result<Arc<dyn VectorSource>, Absent> {
    match settings.source {
        EmbeddingSource::Remote => match remote() {
            Ok(Some(embedder)) => Ok(Arc::new(Remote::new(embedder, db.clone()))),
            Ok(None) => Err(Absent("no endpoint is configured; set VERDICT__LANGUAGE_MODEL__ENABLED".into())),
            Err(error) => Err(Absent(error.to_string())),
        },
        EmbeddingSource::Off => Err(Absent("embeddings are switched off by VERDICT__EMBEDDINGS__SOURCE".into())),
        EmbeddingSource::Hashed => Ok(Arc::new(InProcess::new(HashedEmbedder))),
        EmbeddingSource::InProcess => in_process(settings),
    }
}

fn in_process(settings: &EmbeddingsSettings) -> Result<Arc<dyn VectorSource>, Absent> {
    let files = settings.model_dir.as_ref().map_or_else(ModelFiles::found, ModelFiles::in_dir);
    let precision = match settings.precision {
        WeightsPrecision::Int8 => Precision::Int8,
        WeightsPrecision::F32 => Precision::F32,
    };
    let absent = |error: encoder::LoadError| Absent(error.to_string());
    let encoder = Encoder::load(&files, precision).map_err(absent)?;
    let defaults = WorkerSettings::default();
    let threads = settings.threads.unwrap_or(defaults.threads);
    let workers = Workers::start(Arc::new(encoder), WorkerSettings { threads, queue: 4 * threads }).map_err(absent)?;
    Ok(Arc::new(InProcess::new(workers)))
}
