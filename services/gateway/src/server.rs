//! The public HTTP server: one gate for each worker, and a handler for each local call of the table.

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, HttpServer, Route as Handler, web as actix};
use common::{Clock, ErrorCode};
use tokio_util::sync::CancellationToken;
use web::{ApiError, Health};

use crate::app::App;
use crate::auth::http as auth;
use crate::envelope::BARE;
use crate::gate::{Gate, GateMiddleware};
use crate::openapi::http as docs;
use crate::proxy::Client;
use crate::routes::{self, Local, RouteTree, Target, Verb};
use crate::tenants::http as tenants;

/// How long a client may keep an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Serves until told to stop, then lets running requests finish.
///
/// # Errors
/// When the listener or a service's URL cannot be used.
pub(crate) async fn serve(
    app: App,
    health: Health,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let settings = Arc::clone(&app.settings);
    // Each worker makes its own client below; a URL that cannot be used is told here.
    Client::new(&settings.upstreams, &settings.proxy)?;
    let tree = Arc::new(RouteTree::new(routes::all()));
    let is_traced = is_traced(&app);
    let server = settings.server.clone();
    let server = HttpServer::new(move || {
        let client = Client::new(&settings.upstreams, &settings.proxy).expect("tried before the server began");
        let gate = Gate::new(app.clone(), Arc::clone(&tree), client, is_traced);
        let (app, health) = (app.clone(), health.clone());
        actix_web::App::new()
            .configure(move |config| configure(config, app, health))
            .default_service(actix::to(unknown_path))
            .wrap(GateMiddleware(Rc::new(gate)))
    })
    .workers(server.workers)
    .keep_alive(KEEP_ALIVE)
    .tcp_nodelay(true)
    .client_request_timeout(Duration::from_secs(server.request_timeout_seconds))
    .shutdown_timeout(server.shutdown_grace_seconds)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    tokio::spawn(async move {
        shutdown.cancelled().await;
        handle.stop(true).await;
    });
    Ok(server.await?)
}

/// Whether spans leave the process: then every call gets one, else only the gateway's own do, for the log.
fn is_traced(app: &App) -> bool {
    let set = |endpoint: &str| !endpoint.is_empty();
    app.settings.telemetry.otlp_endpoint.as_deref().is_some_and(set)
        || std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").is_ok_and(|endpoint| set(&endpoint))
}

fn configure(config: &mut ServiceConfig, app: App, health: Health) {
    let clock: Arc<dyn Clock> = Arc::clone(&app.clock);
    config
        .app_data(Data::new(clock))
        .app_data(Data::new(health))
        .app_data(Data::new(docs::Documents::default()))
        .app_data(Data::new(app));
    for route in routes::all() {
        if let Target::Local(local) = route.target {
            let path = route.path.replace("{*file}", "{file:.*}");
            config.route(&path, handler(local, route.verb));
        }
    }
}

/// The handler of a local call; a call without one does not compile.
fn handler(local: Local, verb: Verb) -> Handler {
    let route = match verb {
        Verb::Get => actix::get(),
        Verb::Post => actix::post(),
        Verb::Patch => actix::patch(),
        Verb::Delete => actix::delete(),
    };
    match local {
        Local::Signup => route.to(auth::signup::signup),
        Local::Login => route.to(auth::login::login),
        Local::Refresh => route.to(auth::refresh::refresh),
        Local::SwitchTenant => route.to(auth::switch_tenant::switch_tenant),
        Local::Logout => route.to(auth::logout::logout),
        Local::ShowMe => route.to(auth::me::show_me),
        Local::ListSessions => route.to(auth::sessions::list::list_sessions),
        Local::RevokeSession => route.to(auth::sessions::revoke::revoke_session),
        Local::RevokeSessions => route.to(auth::sessions::revoke_all::revoke_sessions),
        Local::ForgotPassword => route.to(auth::password::forgot::forgot_password),
        Local::ResetPassword => route.to(auth::password::reset::reset_password),
        Local::ChangePassword => route.to(auth::password::change::change_password),
        Local::CreateApiKey => route.to(auth::api_keys::create::create_api_key),
        Local::ListApiKeys => route.to(auth::api_keys::list::list_api_keys),
        Local::RevokeApiKey => route.to(auth::api_keys::revoke::revoke_api_key),
        Local::ShowTotp => route.to(auth::totp::show::show_totp),
        Local::EnrolTotp => route.to(auth::totp::enrol::enrol_totp),
        Local::ConfirmTotp => route.to(auth::totp::confirm::confirm_totp),
        Local::RemoveTotp => route.to(auth::totp::remove::remove_totp),
        Local::RenewRecoveryCodes => route.to(auth::totp::renew::renew_recovery_codes),
        Local::ProveTotp => route.to(auth::totp::prove::prove_totp),
        Local::DiscoverSignIn => route.to(auth::oidc::discover::discover_sign_in),
        Local::StartSignIn => route.to(auth::oidc::start::start_sign_in),
        Local::LinkSignIn => route.to(auth::oidc::link::link_sign_in),
        Local::FinishSignIn => route.to(auth::oidc::callback::finish_sign_in),
        Local::ListTenants => route.to(tenants::list::list_tenants),
        Local::CreateTenant => route.to(tenants::create::create_tenant),
        Local::ShowTenant => route.to(tenants::show::show_tenant),
        Local::UpdateTenant => route.to(tenants::update::update_tenant),
        Local::DeleteTenant => route.to(tenants::delete::delete_tenant),
        Local::ShowSignIn => route.to(tenants::sign_in::show::show_sign_in),
        Local::SetSignIn => route.to(tenants::sign_in::set::set_sign_in),
        Local::RemoveSignIn => route.to(tenants::sign_in::remove::remove_sign_in),
        Local::ProveDomains => route.to(tenants::sign_in::verify::verify_domains),
        Local::ListRoles => route.to(tenants::roles::list_roles),
        Local::ListMembers => route.to(tenants::members::list::list_members),
        Local::ChangeMember => route.to(tenants::members::change::change_member),
        Local::RemoveMember => route.to(tenants::members::remove::remove_member),
        Local::LeaveTenant => route.to(tenants::leave::leave_tenant),
        Local::CreateInvite => route.to(tenants::invites::create::create_invite),
        Local::ListInvites => route.to(tenants::invites::list::list_invites),
        Local::RevokeInvite => route.to(tenants::invites::revoke::revoke_invite),
        Local::ResendInvite => route.to(tenants::invites::resend::resend_invite),
        Local::AcceptInvite => route.to(tenants::invites::accept::accept_invite),
        Local::ShowJwks => route.to(auth::jwks::show_jwks),
        Local::ShowOpenApi => route.to(docs::show_openapi),
        Local::ShowDocs => route.to(docs::show_docs),
        Local::RedirectToDocs => route.to(docs::redirect_to_docs),
        Local::ShowLive => route.to(show_live),
        Local::ShowReady => route.to(show_ready),
    }
}

/// As every service answers it, for probes that know no envelope.
async fn show_live() -> HttpResponse {
    bare(web::health_live().await)
}

/// As every service answers it, for probes that know no envelope.
async fn show_ready(health: Data<Health>) -> HttpResponse {
    bare(web::health_ready(health).await)
}

fn bare(mut answer: HttpResponse) -> HttpResponse {
    let (name, value) = (HeaderName::from_static(BARE.0), HeaderValue::from_static(BARE.1));
    answer.headers_mut().insert(name, value);
    answer
}

async fn unknown_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::NotFound))
}
