//! `GET /health/live` and `GET /health/ready`.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

/// Longest that one check may take.
const PATIENCE: Duration = Duration::from_secs(2);

type Probe = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Something that the service needs.
#[derive(Clone)]
pub struct HealthCheck {
    name: &'static str,
    required: bool,
    remedy: &'static str,
    probe: Probe,
}

impl std::fmt::Debug for HealthCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HealthCheck")
            .field("name", &self.name)
            .field("required", &self.required)
            .finish_non_exhaustive()
    }
}

impl HealthCheck {
    /// The service's database, without which it is not ready.
    #[must_use]
    pub fn database(db: db::Db) -> Self {
        let probe: Probe = Arc::new(move || {
            let db = db.clone();
            Box::pin(async move { db.ping().await.map_err(|error| error.to_string()) })
        });
        Self {
            name: "database",
            required: true,
            remedy: "Check that PostgreSQL runs and VERDICT__DATABASE__URL.",
            probe,
        }
    }

    /// Something without which the service still does its first duty.
    pub fn optional<F>(name: &'static str, remedy: &'static str, probe: F) -> Self
    where
        F: Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    {
        Self { name, required: false, remedy, probe: Arc::new(probe) }
    }
}

/// All checks of a service.
#[derive(Clone, Debug, Default)]
pub struct Health(pub Vec<HealthCheck>);

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/health/live", web::get().to(live)).route("/health/ready", web::get().to(ready));
}

/// Answers that the process runs.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// Answers whether everything that the service needs is there.
pub async fn ready(health: web::Data<Health>) -> HttpResponse {
    let mut is_ready = true;
    let mut report = Map::new();
    for check in &health.0 {
        let outcome = tokio::time::timeout(PATIENCE, (check.probe)()).await;
        let outcome = outcome.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        let entry: Value = match outcome {
            Ok(()) => json!({"status": "ok"}),
            Err(problem) => {
                is_ready &= !check.required;
                json!({"status": "failing", "problem": problem, "remedy": check.remedy})
            }
        };
        report.insert(check.name.to_owned(), entry);
    }
    let body = json!({"status": if is_ready { "ready" } else { "not_ready" }, "checks": report});
    if is_ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
