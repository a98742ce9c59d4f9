//! The provider's HTTP side.

use std::collections::HashMap;
use std::net::TcpListener;

use actix_web::web::{Data, Form, Query, get, post};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CLIENT_ID, CLIENT_SECRET, Fault, Issued, OidcProvider, Person, tokens};

type Fields = HashMap<String, String>;

/// Serves on a thread of its own.
pub(super) fn run(listener: TcpListener, provider: OidcProvider) {
    std::thread::spawn(move || {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(provider.clone()))
                .route("/.well-known/openid-configuration", get().to(metadata))
                .route("/keys", get().to(keys))
                .route("/authorize", get().to(authorize))
                .route("/token", post().to(token))
                .route("/resolve", get().to(resolve))
        });
        let serve = server.workers(1).disable_signals().listen(listener).expect("the listener works").run();
        actix_web::rt::System::new().block_on(serve).expect("the server runs");
    });
}

/// Somebody, as the test's browser brings them.
pub(super) fn write(person: &Person) -> String {
    let Person { subject, email, email_verified, name, methods } = person;
    let value = json!({
        "subject": subject, "email": email, "emailVerified": email_verified, "name": name, "methods": methods,
    });
    STANDARD.encode(value.to_string())
}

fn read(text: &str) -> Option<Person> {
    let value: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    Some(Person {
        subject: value["subject"].as_str()?.to_owned(),
        email: value["email"].as_str().map(ToOwned::to_owned),
        email_verified: value["emailVerified"].clone(),
        name: value["name"].as_str()?.to_owned(),
        methods: serde_json::from_value(value["methods"].clone()).ok()?,
    })
}

/// Counts the call, and says how it is to go wrong.
fn enter(provider: &OidcProvider, path: &str) -> Option<Fault> {
    let mut state = provider.lock();
    *state.hits.entry(path.to_owned()).or_default() += 1;
    state.fault
}

async fn metadata(provider: Data<OidcProvider>) -> HttpResponse {
    let fault = enter(&provider, "/.well-known/openid-configuration");
    let state = provider.lock();
    let base = &state.base;
    let method = if state.wants_secret_in_body { "client_secret_post" } else { "client_secret_basic" };
    let mut document = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "ES256", "RS256"],
        "token_endpoint_auth_methods_supported": [method],
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": state.names_itself,
    });
    match fault {
        Some(Fault::MetadataFails) => return HttpResponse::InternalServerError().finish(),
        Some(Fault::MetadataOfAnother) => document["issuer"] = json!("https://another.example.com"),
        Some(Fault::MetadataWithoutPkce) => document["code_challenge_methods_supported"] = json!(["plain"]),
        Some(Fault::HugeMetadata) => document["padding"] = json!("x".repeat(1 << 20)),
        _ => {}
    }
    HttpResponse::Ok().json(document)
}

async fn keys(provider: Data<OidcProvider>) -> HttpResponse {
    if enter(&provider, "/keys") == Some(Fault::KeysFail) {
        return HttpResponse::InternalServerError().finish();
    }
    let keys: Vec<Value> = provider.lock().keys.iter().map(super::keys::SigningKey::jwk).collect();
    HttpResponse::Ok().json(json!({"keys": keys}))
}

async fn authorize(request: HttpRequest, provider: Data<OidcProvider>, query: Query<Fields>) -> HttpResponse {
    enter(&provider, "/authorize");
    let field = |name: &str| query.get(name).cloned().unwrap_or_default();
    let shown = request.headers().get("x-person").and_then(|value| value.to_str().ok());
    let Some(person) = shown.and_then(read) else { return HttpResponse::BadRequest().body("nobody signs in") };
    let is_asked = field("response_type") == "code"
        && field("client_id") == CLIENT_ID
        && field("scope").split(' ').any(|scope| scope == "openid")
        && field("code_challenge_method") == "S256"
        && !field("state").is_empty()
        && !field("nonce").is_empty()
        && !field("code_challenge").is_empty();
    if !is_asked {
        return HttpResponse::BadRequest().body(format!("not asked for as it must be: {query:?}"));
    }
    let (code, redirect_uri) = (Uuid::new_v4().to_string(), field("redirect_uri"));
    let Ok(mut back) = reqwest::Url::parse(&redirect_uri) else { return HttpResponse::BadRequest().finish() };
    let mut state = provider.lock();
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &field("state"));
    if state.names_itself {
        back.query_pairs_mut().append_pair("iss", &state.base);
    }
    let issued = Issued { person, nonce: field("nonce"), challenge: field("code_challenge"), redirect_uri };
    state.codes.insert(code, issued);
    HttpResponse::Found().insert_header(("location", back.as_str())).finish()
}

async fn token(request: HttpRequest, provider: Data<OidcProvider>, form: Form<Fields>) -> HttpResponse {
    let fault = enter(&provider, "/token");
    let refuse = |error: &str| HttpResponse::BadRequest().json(json!({"error": error, "error_description": "no"}));
    match fault {
        Some(Fault::TokenNeverAnswers) => std::future::pending().await,
        Some(Fault::TokenFails) => return HttpResponse::InternalServerError().body("out of order"),
        Some(Fault::TokenRefused) => return refuse("invalid_grant"),
        Some(Fault::ClientRefused) => return refuse("invalid_client"),
        _ => {}
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let mut state = provider.lock();
    let is_client = if state.wants_secret_in_body {
        field("client_id") == CLIENT_ID && field("client_secret") == CLIENT_SECRET
    } else {
        request.headers().get("authorization").and_then(|value| value.to_str().ok()) == Some(basic().as_str())
    };
    if !is_client {
        return HttpResponse::Unauthorized().json(json!({"error": "invalid_client"}));
    }
    // A code is worth something once.
    let Some(issued) = state.codes.remove(field("code")) else { return refuse("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
    let fits = field("grant_type") == "authorization_code"
        && field("redirect_uri") == issued.redirect_uri
        && challenge == issued.challenge;
    if !fits {
        return refuse("invalid_grant");
    }
    let key = state.keys.last().expect("a key").clone();
    HttpResponse::Ok().json(tokens::answer(&state.base, &key, &issued, fault))
}

/// How the client shows its secret in a header: both parts form-encoded first (RFC 6749, 2.3.1).
fn basic() -> String {
    let encode = |text: &str| {
        let url = reqwest::Url::parse_with_params("http://x/", [("v", text)]).expect("an address");
        url.query().and_then(|query| query.strip_prefix("v=")).expect("a value").to_owned()
    };
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET))))
}

async fn resolve(provider: Data<OidcProvider>, query: Query<Fields>) -> HttpResponse {
    enter(&provider, "/resolve");
    let name = query.get("name").cloned().unwrap_or_default();
    let records = provider.lock().records.clone();
    let answers: Vec<Value> = records
        .get(&name)
        .into_iter()
        .map(|value| json!({"name": name, "type": 16, "TTL": 60, "data": format!("\"{value}\"")}))
        .collect();
    HttpResponse::Ok().content_type("application/dns-json").body(json!({"Status": 0, "Answer": answers}).to_string())
}
