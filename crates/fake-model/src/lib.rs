//! A provider of language models that a test can hold in its hand: the OpenAI interface over real HTTP on loopback.
//!
//! It keeps to what is demanded (a response format that is no valid strict schema is refused, as is a field that it does
//! not know), does with each request what the script says, and keeps what it was sent. Only ever a dev-dependency; apart
//! from test-support, so that whoever needs a model needs no database.

mod batches;
mod chat;
mod http;
mod schema;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use http::SeenCall;

/// What is in each failing body: a test looks for it where it must not be.
pub const MODEL_SECRET: &str = "body-of-the-provider-that-no-log-may-hold";

/// A provider on a free port.
#[derive(Debug)]
pub struct FakeModel {
    port: u16,
    state: Arc<Mutex<State>>,
}

/// What the provider can do and how it answers.
#[derive(Clone, Debug)]
pub struct ModelTraits {
    /// Takes `response_format: json_schema`; refuses it otherwise.
    pub takes_schema: bool,
    /// Keeps to a schema it took; answers as it likes otherwise.
    pub keeps_schema: bool,
    /// Takes `logprobs`; refuses the request otherwise.
    pub takes_logprobs: bool,
    /// Gives them when asked.
    pub gives_logprobs: bool,
    /// Takes `temperature`; refuses the request otherwise.
    pub takes_temperature: bool,
    /// Says how many tokens were used.
    pub gives_usage: bool,
    /// The probability of what it chooses.
    pub probability: f64,
    /// Chooses the first id offered whatever it means, as a model with a bias of position.
    pub takes_first: bool,
    /// The length of its vectors, unless the request asks for another.
    pub dimensions: usize,
    /// How long each answer takes.
    pub delay: Duration,
}

impl Default for ModelTraits {
    fn default() -> Self {
        Self {
            takes_schema: true,
            keeps_schema: true,
            takes_logprobs: true,
            gives_logprobs: true,
            takes_temperature: true,
            gives_usage: true,
            probability: 0.9,
            takes_first: false,
            dimensions: 8,
            delay: Duration::ZERO,
        }
    }
}

/// What is done with one request instead of answering it well.
#[derive(Clone, Debug)]
pub enum ModelFault {
    /// 429 as OpenAI writes it, with one header more.
    RateLimited(Option<(&'static str, String)>),
    /// 429 from a proxy before it, in HTML.
    RateLimitedHtml,
    /// 429 with an integer for a code.
    RateLimitedIntegerCode,
    /// 429 as Azure writes it.
    RateLimitedAzure,
    /// 429 that no retry helps.
    QuotaUsedUp,
    /// This status with a text for a body.
    Status(u16),
    /// No answer at all.
    Hang,
    /// The connection is reset.
    Reset,
    /// JSON that ends in the middle, as a whole answer.
    CutJson,
    /// An answer that ends before its length.
    CutBody,
    /// HTML with status 200.
    Html,
    /// A whole answer without choices.
    NoChoices,
    /// An answer without `usage`.
    NoUsage,
    /// An answer with this for a reason to end.
    FinishReason(&'static str),
    /// An answer with this content.
    Content(String),
    /// A refusal.
    Refusal,
    /// An answer that was cut at its longest.
    CutAtLength,
    /// An answer of so many bytes.
    Huge(usize),
}

#[derive(Debug, Default)]
struct State {
    traits: ModelTraits,
    script: VecDeque<ModelFault>,
    always: Option<ModelFault>,
    choices: Vec<(String, String)>,
    seen: Vec<SeenCall>,
    files: BTreeMap<String, Vec<u8>>,
    batches: BTreeMap<String, Value>,
    under_way: usize,
    most_under_way: usize,
    calls: watch::Sender<usize>,
}

impl FakeModel {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(Mutex::new(State::default()));
        tokio::spawn(http::serve(listener, Arc::clone(&state)));
        Self { port, state }
    }

    /// Where its interface begins.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// Changes what it can do.
    pub fn set(&self, change: impl FnOnce(&mut ModelTraits)) {
        change(&mut self.lock().traits);
    }

    /// The next requests fail so, one after the other.
    pub fn script(&self, faults: impl IntoIterator<Item = ModelFault>) {
        self.lock().script.extend(faults);
    }

    /// Every request fails so, or none any more.
    pub fn always(&self, fault: Option<ModelFault>) {
        self.lock().always = fault;
    }

    /// Of a record that holds the word, it chooses the label of that name. Of others, the first id offered.
    pub fn choose(&self, word: &str, label: &str) {
        self.lock().choices.push((word.to_owned(), label.to_owned()));
    }

    /// Every call, oldest first.
    #[must_use]
    pub fn seen(&self) -> Vec<SeenCall> {
        self.lock().seen.clone()
    }

    /// How many calls were made.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().seen.len()
    }

    /// Waits until so many calls have come in.
    ///
    /// # Panics
    /// When they have not after 30 seconds.
    pub async fn wait_for_calls(&self, count: usize) {
        let mut calls = self.lock().calls.subscribe();
        let come = calls.wait_for(|come| *come >= count);
        let waited = tokio::time::timeout(Duration::from_secs(30), come).await;
        assert!(waited.is_ok(), "waited 30 s in vain for {count} calls");
    }

    /// Most calls that it was answering at the same time.
    #[must_use]
    pub fn most_under_way(&self) -> usize {
        self.lock().most_under_way
    }

    /// Works a batch off; of its requests, those whose id holds `failing` fail, and those with `skipped` are left out.
    pub fn finish_batch(&self, id: &str, status: &str, failing: &str, skipped: &str) {
        batches::finish(&mut self.lock(), id, status, failing, skipped);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
