//! The model step: one record, a closed set of labels, any OpenAI-compatible endpoint.
//!
//! It owns what is said to a model and how much of the answer is believed: the prompt and its fence, the call with its
//! retries and limits, confidence, cache, budget, circuit breaker, batches, and remote embeddings. It must not know where
//! records, labels or budgets are stored: those come as values and traits. The text of a prompt or of an answer never
//! reaches a log or an error.

mod answer;
mod batch;
mod breaker;
mod budget;
mod cache;
mod capabilities;
mod clean;
mod confidence;
mod embed;
mod endpoint;
mod error;
mod flight;
mod model;
mod outcome;
mod price;
mod prompt;
mod question;
mod sendable;
mod settings;
mod tokens;
mod transport;
mod wire;

pub use answer::Abstention;
pub use batch::{Batch, BatchError, BatchItem, BatchPlan, BatchResults, BatchState, BatchStatus};
pub use breaker::{BreakerState, Breakers};
pub use budget::{Budget, Exhausted, LedgerError, Limits, MemoryBudget, NoCalls, Reservation, ReserveError, Window};
pub use cache::{Answer, AnswerCache, CacheError, CacheKey, MemoryCache};
pub use capabilities::{Capabilities, Probe, ResponseFormat};
pub use confidence::Confidence;
pub use embed::{EmbedError, Embedded, RemoteEmbedder};
pub use error::Unavailable;
pub use model::{LanguageModel, Parts};
pub use outcome::{Decision, Outcome, Provenance, Tokens};
pub use price::{Micros, Price};
pub use prompt::PROMPT_VERSION;
pub use question::{Example, Label, LabelSet, ModelChoice, Question, QuestionError};
pub use sendable::{ContentLimits, DO_NOT_SEND, Disclosure, NotAllowed, Sendable, SendableText};
pub use settings::{
    BreakerSettings, CacheSettings, EmbeddingSettings, KeyHeader, LanguageModelSettings, RetrySettings,
};
