//! An identity provider that speaks OpenID Connect on loopback: metadata, authorisation with PKCE, tokens, keys that
//! rotate, and one way to go wrong at a time. It also answers for the name service, as resolvers do over HTTPS.

mod keys;
mod server;
mod tokens;

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

pub use keys::SigningAlgorithm;

use keys::SigningKey;

/// What the provider calls its one client.
pub const CLIENT_ID: &str = "verdict-test";
/// The client's secret; its odd characters show whether it is encoded as it must be.
pub const CLIENT_SECRET: &str = "s3cret: with/odd+chars%";

/// Somebody with an account at the provider.
#[derive(Clone, Debug)]
pub struct Person {
    /// `sub`.
    pub subject: String,
    /// `email`, if it is told.
    pub email: Option<String>,
    /// `email_verified`.
    pub email_verified: Value,
    /// `name`.
    pub name: String,
    /// `amr`.
    pub methods: Vec<String>,
}

/// A way to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own description")]
pub enum Fault {
    WrongNonce,
    NoNonce,
    WrongIssuer,
    WrongAudience,
    OtherParty,
    Expired,
    FromTheFuture,
    WrongAccessToken,
    AlgorithmNone,
    SignedWithTheSecret,
    BrokenSignature,
    UnknownKey,
    NoIdToken,
    TokenIsNoToken,
    TokenRefused,
    ClientRefused,
    TokenFails,
    TokenNeverAnswers,
    KeysFail,
    MetadataFails,
    MetadataOfAnother,
    MetadataWithoutPkce,
    HugeMetadata,
}

/// What the browser comes back with.
#[derive(Clone, Debug)]
pub struct Redirected {
    /// `code`.
    pub code: String,
    /// `state`.
    pub state: String,
    /// `iss`.
    pub iss: Option<String>,
    /// The page that it is sent to, without its query.
    pub page: String,
}

/// The running provider.
#[derive(Clone)]
pub struct OidcProvider {
    base: String,
    state: Arc<Mutex<State>>,
}

struct State {
    base: String,
    keys: Vec<SigningKey>,
    fault: Option<Fault>,
    names_itself: bool,
    wants_secret_in_body: bool,
    codes: HashMap<String, Issued>,
    hits: HashMap<String, usize>,
    records: HashMap<String, String>,
}

/// A code that was given out.
#[derive(Clone)]
struct Issued {
    person: Person,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

impl std::fmt::Debug for OidcProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcProvider").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Person {
    /// Somebody with a verified address.
    #[must_use]
    pub fn new(subject: &str, email: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            email: Some(email.to_owned()),
            email_verified: true.into(),
            name: subject.to_owned(),
            methods: Vec::new(),
        }
    }
}

impl OidcProvider {
    /// Starts one on a free port, for as long as the test's process lives.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let state = State {
            base: base.clone(),
            keys: vec![SigningKey::generate(SigningAlgorithm::EdDsa)],
            fault: None,
            names_itself: false,
            wants_secret_in_body: false,
            codes: HashMap::new(),
            hits: HashMap::new(),
            records: HashMap::new(),
        };
        let provider = Self { base, state: Arc::new(Mutex::new(state)) };
        server::run(listener, provider.clone());
        provider
    }

    /// The provider's address, as its tokens name it.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.base.clone()
    }

    /// Where names are looked up.
    #[must_use]
    pub fn resolver_url(&self) -> String {
        format!("{}/resolve", self.base)
    }

    /// Goes wrong in that way from now on, or in none.
    pub fn fail(&self, fault: impl Into<Option<Fault>>) {
        self.lock().fault = fault.into();
    }

    /// Signs with a new key of that kind from now on; the keys before are published no more.
    pub fn rotate_key(&self, algorithm: SigningAlgorithm) {
        self.lock().keys = vec![SigningKey::generate(algorithm)];
    }

    /// Names itself in what browsers bring back (RFC 9207), and says so.
    pub fn name_itself(&self) {
        self.lock().names_itself = true;
    }

    /// Takes the client's secret in the body only.
    pub fn want_secret_in_body(&self) {
        self.lock().wants_secret_in_body = true;
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn hits(&self, path: &str) -> usize {
        self.lock().hits.get(path).copied().unwrap_or_default()
    }

    /// Publishes a TXT record.
    pub fn publish(&self, name: &str, value: &str) {
        self.lock().records.insert(name.to_owned(), value.to_owned());
    }

    /// Does what a browser does that is sent there: its person signs in and is sent back.
    ///
    /// # Panics
    /// When the provider does not send it back.
    pub async fn sign_in(&self, authorization_url: &str, person: &Person) -> Redirected {
        assert!(authorization_url.starts_with(&format!("{}/authorize?", self.base)), "{authorization_url}");
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let request = client.expect("a client").get(authorization_url).header("x-person", server::write(person));
        let answer = request.send().await.expect("the provider answers");
        assert_eq!(answer.status().as_u16(), 302, "{authorization_url}: {}", answer.text().await.unwrap_or_default());
        let location = answer.headers()["location"].to_str().expect("a text");
        let url = reqwest::Url::parse(location).expect("an address");
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        Redirected {
            code: value("code").expect("a code"),
            state: value("state").expect("a state"),
            iss: value("iss"),
            page: location.split('?').next().unwrap_or_default().to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
