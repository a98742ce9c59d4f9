//! The HTTP server of a service.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, middleware, web};
use common::ErrorCode;
use settings::ServerSettings;
use tokio_util::sync::CancellationToken;

use crate::{ApiError, TraceMiddleware, health};

/// Limits on requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest body, in bytes.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: ServerSettings::default().body_limit_bytes }
    }
}

/// Serves until told to stop, then lets running requests finish. `configure` adds routes and app data;
/// it must add a [`crate::Health`].
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve<F>(
    listener: TcpListener,
    settings: &ServerSettings,
    shutdown: CancellationToken,
    configure: F,
) -> std::io::Result<()>
where
    F: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
{
    let limits = web::Data::new(Limits { body_bytes: settings.body_limit_bytes });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(limits.clone())
            .configure(health::routes)
            .configure(configure.clone())
            .default_service(web::to(unknown_path))
            .wrap(TraceMiddleware)
            .wrap(middleware::NormalizePath::new(middleware::TrailingSlash::MergeOnly))
    })
    .workers(settings.workers)
    .client_request_timeout(Duration::from_secs(settings.request_timeout_seconds))
    .shutdown_timeout(settings.shutdown_grace_seconds)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    tokio::spawn(async move {
        shutdown.cancelled().await;
        handle.stop(true).await;
    });
    server.await
}

async fn unknown_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::NotFound))
}
