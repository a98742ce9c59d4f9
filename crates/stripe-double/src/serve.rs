//! The server: HTTP around the world, and the handle that tests hold.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::StatusCode;
use actix_web::http::header::{DATE, LOCATION};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use chrono::DateTime;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::api::{self, Request};
use crate::error::ApiError;
use crate::knobs::Knobs;
use crate::pages::{self, Click};
use crate::world::{Kept, World, number, text};
use crate::{form, renewal, webhooks};

/// Webhooks that may wait.
const WAITING: usize = 100_000;

/// What there is from the beginning.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// Prices to sell: name, lookup key, minor units, currency; a metered one is named by its meter.
    pub prices: Vec<(String, String, u64, String, Option<String>)>,
    /// Where webhooks go, and what signs them.
    pub webhook: Option<(String, String)>,
}

/// A running double.
#[derive(Debug)]
pub struct Double {
    base: String,
    world: Arc<Mutex<World>>,
    server: actix_web::dev::ServerHandle,
}

type Shared = Data<Arc<Mutex<World>>>;

impl Double {
    /// Starts a double on a listener, with what is there from the beginning. It runs on the caller's runtime.
    ///
    /// # Errors
    /// When the listener cannot be served.
    pub fn start(listener: TcpListener, seed: &Seed) -> std::io::Result<Self> {
        let base = format!("http://{}", listener.local_addr()?);
        let (sender, outgoing) = mpsc::channel(WAITING);
        let world = Arc::new(Mutex::new(World::new(base.clone(), sender)));
        plant(&mut lock(&world), seed);
        tokio::spawn(webhooks::deliver(Arc::clone(&world), outgoing));
        let shared = Data::new(Arc::clone(&world));
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).configure(routes))
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { base, world, server: handle })
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A look at the newest object of a kind, such as `subscription` or `checkout.session`.
    #[must_use]
    pub fn newest(&self, kind: &str) -> Option<Value> {
        lock(&self.world).all(kind).last().cloned()
    }

    /// An object by its id, as it is now.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        lock(&self.world).find(id).cloned()
    }

    /// Every event so far, the oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        lock(&self.world).all("event").to_vec()
    }

    /// What was metered, each identifier once.
    #[must_use]
    pub fn metered(&self) -> Vec<Value> {
        lock(&self.world).meter_events.values().cloned().collect()
    }

    /// Sends webhooks there from now on.
    pub fn add_webhook(&self, url: &str, secret: &str) {
        add_endpoint(&mut lock(&self.world), url, secret);
    }

    /// Stops the server; what waits to be delivered is not.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

fn plant(world: &mut World, seed: &Seed) {
    for (name, lookup_key, minor, currency, meter) in &seed.prices {
        let recurring = match meter {
            Some(meter) => json!({"interval": "month", "usage_type": "metered", "meter": meter}),
            None => json!({"interval": "month"}),
        };
        let params = json!({
            "currency": currency, "unit_amount": minor.to_string(), "lookup_key": lookup_key,
            "recurring": recurring, "product_data": {"name": name},
        });
        let request = Request { method: "POST", path: &["prices"], params: &params };
        // A seed that repeats a lookup key keeps the first.
        let _ = api::answer(world, &request);
    }
    if let Some((url, secret)) = &seed.webhook {
        add_endpoint(world, url, secret);
    }
}

fn add_endpoint(world: &mut World, url: &str, secret: &str) {
    let params = json!({"url": url, "enabled_events": ["*"]});
    let request = Request { method: "POST", path: &["webhook_endpoints"], params: &params };
    if let Ok(made) = api::answer(world, &request) {
        world.change(text(&made["id"]), |endpoint| endpoint["secret"] = secret.into());
    }
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(1 << 20))
        .route("/c/pay/{id}", web::get().to(show_checkout))
        .route("/c/pay/{id}", web::post().to(click_checkout))
        .route("/p/session/{id}", web::get().to(show_portal))
        .route("/p/session/{id}", web::post().to(click_portal))
        .route("/_test/{act}", web::post().to(act))
        .route("/_test/state", web::get().to(state))
        .default_service(web::to(call));
}

/// Any call of the API.
async fn call(world: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    let mut world = lock(&world);
    let request_id = world.id("req");
    let outcome = answer(&mut world, &request, &body);
    let (status, body, replayed) = match outcome {
        Ok((status, body, replayed)) => (status, body, replayed),
        Err(error) => (error.status, error.body(), false),
    };
    let date = DateTime::from_timestamp(world.now(), 0).unwrap_or_default();
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    answer
        .insert_header(("request-id", request_id))
        .insert_header(("stripe-version", crate::world::API_VERSION))
        .insert_header((DATE, date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
    if replayed {
        answer.insert_header(("idempotent-replayed", "true"));
    }
    answer.json(body)
}

fn answer(world: &mut World, request: &HttpRequest, body: &[u8]) -> Result<(u16, Value, bool), ApiError> {
    let path = request.path().strip_prefix("/v1/").ok_or_else(|| unknown(request))?;
    if !is_authorized(request) {
        return Err(ApiError::unauthorized());
    }
    let given = String::from_utf8_lossy(body);
    let encoded = if body.is_empty() { request.query_string() } else { given.as_ref() };
    let params = form::parse(encoded);
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let method = request.method().as_str();
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok()).filter(|_| method == "POST");
    // The parameters as they were read: in another order they are the same.
    let line = format!("{method} {path} {params}");
    if let Some(kept) = key.and_then(|key| world.kept.get(key)) {
        return if kept.request == line {
            Ok((kept.status, kept.body.clone(), true))
        } else {
            Err(ApiError::idempotency())
        };
    }
    let outcome = api::answer(world, &Request { method, path: &segments, params: &params });
    let (status, body) = match outcome {
        Ok(body) => (200, body),
        Err(error) => (error.status, error.body()),
    };
    if let Some(key) = key {
        world.kept.insert(key.to_owned(), Kept { request: line, status, body: body.clone() });
    }
    Ok((status, body, false))
}

fn unknown(request: &HttpRequest) -> ApiError {
    ApiError::unknown_url(request.method().as_str(), request.path())
}

/// A bearer, or the user name of basic authentication, as both SDKs and curl send it.
fn is_authorized(request: &HttpRequest) -> bool {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.starts_with("Bearer sk_") || header.starts_with("Bearer rk_") || header.starts_with("Basic ")
}

async fn show_checkout(world: Shared, id: web::Path<String>) -> HttpResponse {
    page(pages::checkout(&lock(&world), &id, "").map(Click::Page))
}

async fn click_checkout(world: Shared, id: web::Path<String>, body: Bytes) -> HttpResponse {
    let form = form::parse(&String::from_utf8_lossy(&body));
    page(pages::pay(&mut lock(&world), &id, &form))
}

async fn show_portal(world: Shared, id: web::Path<String>) -> HttpResponse {
    page(pages::portal(&lock(&world), &id, "").map(Click::Page))
}

async fn click_portal(world: Shared, id: web::Path<String>, body: Bytes) -> HttpResponse {
    let form = form::parse(&String::from_utf8_lossy(&body));
    page(pages::manage(&mut lock(&world), &id, &form))
}

fn page(click: Result<Click, ApiError>) -> HttpResponse {
    match click {
        Ok(Click::Page(html)) => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html),
        Ok(Click::Redirect(url)) => HttpResponse::SeeOther().insert_header((LOCATION, url)).finish(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
            HttpResponse::build(status).json(error.body())
        }
    }
}

/// What a test does and nobody else can: move time, turn knobs, dispute a payment, end the wait for a debit.
async fn act(world: Shared, act: web::Path<String>, body: Bytes) -> HttpResponse {
    let params = form::parse(&String::from_utf8_lossy(&body));
    let mut world = lock(&world);
    let outcome = match act.as_str() {
        "advance" => {
            renewal::advance(&mut world, number(&params["seconds"]).unwrap_or(0));
            Ok(json!({"now": world.now()}))
        }
        "knobs" => {
            world.knobs = Knobs::from_params(&params);
            Ok(world.knobs.show())
        }
        "dispute" => api::dispute(&mut world, text(&params["charge"])),
        "card" => {
            pages::use_card(&mut world, text(&params["customer"]), text(&params["card"]));
            Ok(json!({}))
        }
        "settle" => {
            let succeeds = params["outcome"] != "failed";
            crate::engine::settle_delayed(&mut world, text(&params["session"]), succeeds)
        }
        "roll_secret" => {
            let id = text(&params["endpoint"]).to_owned();
            let secret = params["secret"].clone();
            world.change(&id, |endpoint| {
                endpoint["previous_secret"] = endpoint["secret"].clone();
                endpoint["secret"] = secret;
            });
            Ok(json!({}))
        }
        other => Err(ApiError::unknown_url("POST", &format!("/_test/{other}"))),
    };
    match outcome {
        Ok(body) => HttpResponse::Ok().json(body),
        Err(error) => HttpResponse::build(StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST))
            .json(error.body()),
    }
}

async fn state(world: Shared) -> HttpResponse {
    let world = lock(&world);
    let count = |kind: &str| world.all(kind).len();
    HttpResponse::Ok().json(json!({
        "now": world.now(), "knobs": world.knobs.show(), "customers": count("customer"),
        "subscriptions": count("subscription"), "invoices": count("invoice"), "events": count("event"),
    }))
}
