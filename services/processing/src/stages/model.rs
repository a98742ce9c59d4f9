//! The model stage: a record and a closed set of labels go to a language model; a label comes back, or why a person is
//! to be asked. It never waits longer than the settings say, and nothing of it happens in a transaction of the caller's.

mod answers;
mod ledger;
mod probe;
mod receipt;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use common::decision::WhyHuman;
use common::record::NormalizedRecord;
use common::{Clock, TenantId};
use db::{Db, DbError};
use language_model::{
    Breakers, CacheKey, Disclosure, Example, Label, LabelSet, LanguageModel, LanguageModelSettings, ModelChoice,
    Outcome, Parts, Question, RemoteEmbedder, Sendable, Unavailable,
};
use outbound::OutboundSettings;
use settings::SettingsError;
use sha2::{Digest as _, Sha256};

use self::answers::StoredAnswers;
use self::ledger::Ledger;
use self::probe::Probes;
use self::receipt::Receipts;
use crate::app::App;
use crate::domain::label::Label as TenantLabel;
use crate::domain::model_answer::ModelAnswer;
use crate::domain::settings::{Disclosure as TenantDisclosure, TenantSettings};
use crate::store;

/// Most labels of a tenant that are offered.
const MAX_LABELS: i64 = 999;
/// Most examples in a question.
const MAX_EXAMPLES: usize = 20;
/// Examples of a label that are shown where no similar records are known.
const EXAMPLES_OF_LABEL: usize = 2;

/// A language model, with what it may spend and what it answered.
pub(crate) struct ModelStep {
    model: LanguageModel,
    settings: LanguageModelSettings,
    probes: Probes,
}

/// A record to be asked about.
#[derive(Clone, Debug)]
pub(crate) struct ModelRequest {
    pub(crate) tenant: TenantId,
    pub(crate) record: NormalizedRecord,
    pub(crate) source: String,
    /// The names of the labels that are possible; empty for all of the tenant's.
    pub(crate) possible: Vec<String>,
    /// Records that people decided, the most similar last; none for the labels' own examples.
    pub(crate) examples: Vec<ModelExample>,
}

/// A record that was decided before.
#[derive(Clone, Debug)]
pub(crate) struct ModelExample {
    pub(crate) record: NormalizedRecord,
    pub(crate) source: String,
    pub(crate) label: String,
}

impl fmt::Debug for ModelStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelStep").field("endpoint", &self.settings.endpoint).finish_non_exhaustive()
    }
}

impl ModelStep {
    /// The step of the settings; none while the installation has no model.
    pub(crate) fn new(
        settings: &LanguageModelSettings,
        outbound: &OutboundSettings,
        db: &Db,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Self>, SettingsError> {
        let model = LanguageModel::new(settings, outbound, parts(settings, db, clock))?;
        Ok(model.map(|model| Self { model, settings: settings.clone(), probes: Probes::default() }))
    }

    /// The currency of the prices.
    pub(crate) fn currency(&self) -> &str {
        &self.settings.currency
    }

    /// Whether the model has a price, without which it is never asked.
    pub(crate) fn has_price(&self, model: &str) -> bool {
        self.settings.price_of(model).is_some()
    }

    /// The model of tenants that have not chosen one.
    pub(crate) fn default_model(&self) -> &str {
        &self.settings.model
    }
}

/// The encoder behind the same endpoint; none while the installation has no model.
pub(crate) fn remote_embedder(
    settings: &LanguageModelSettings,
    outbound: &OutboundSettings,
    db: &Db,
    clock: &Arc<dyn Clock>,
) -> Result<Option<RemoteEmbedder>, SettingsError> {
    RemoteEmbedder::new(settings, outbound, parts(settings, db, clock))
}

fn parts(settings: &LanguageModelSettings, db: &Db, clock: &Arc<dyn Clock>) -> Parts {
    Parts {
        cache: Arc::new(StoredAnswers::new(db.clone(), Arc::clone(clock), settings.cache)),
        budget: Arc::new(Ledger::new(db.clone(), Arc::clone(clock))),
        breakers: Breakers::new(settings.breaker, Arc::clone(clock)),
        clock: Arc::clone(clock),
    }
}

impl From<TenantDisclosure> for Disclosure {
    fn from(disclosure: TenantDisclosure) -> Self {
        match disclosure {
            TenantDisclosure::Permitted => Self::Permitted,
            TenantDisclosure::Forbidden => Self::Forbidden,
        }
    }
}

/// Asks the tenant's model about the record. Whatever is in the way, the answer says it and a person is asked.
pub(crate) async fn ask(app: &App, request: &ModelRequest) -> ModelAnswer {
    let Some(step) = &app.model else {
        return ModelAnswer::not_asked("", WhyHuman::ModelUnavailable, "This installation has no language model.");
    };
    let (settings, labels) = match terms(app, request).await {
        Ok(terms) => terms,
        Err(error) => {
            tracing::warn!(%error, "the terms of a question cannot be read; a person is asked");
            let why = "What the tenant allows could not be read, so nothing was asked.";
            return ModelAnswer::not_asked(step.default_model(), WhyHuman::ModelUnavailable, why);
        }
    };
    step.ask(app, request, &settings, labels).await
}

async fn terms(app: &App, request: &ModelRequest) -> Result<(TenantSettings, Vec<TenantLabel>), DbError> {
    let tenant = request.tenant;
    app.db
        .tenant(tenant, async |connection| {
            let settings = store::settings::find(connection, tenant).await?;
            let labels = store::labels::list(connection, tenant, None, MAX_LABELS).await?;
            Ok((settings, labels))
        })
        .await
}

impl ModelStep {
    async fn ask(
        &self,
        app: &App,
        request: &ModelRequest,
        settings: &TenantSettings,
        labels: Vec<TenantLabel>,
    ) -> ModelAnswer {
        let model = settings.llm.model.as_deref().unwrap_or(self.default_model());
        let limits = self.settings.content_limits();
        let content = match Sendable::of(&request.record, &request.source, settings.llm.disclosure.into(), limits) {
            Ok(content) => content,
            Err(why) => return ModelAnswer::not_asked(model, WhyHuman::NotSent, &sentence(&why.to_string())),
        };
        if settings.llm.currency != self.currency() {
            let (own, theirs) = (&settings.llm.currency, self.currency());
            let why = format!("The budget is in {own} and the prices are in {theirs}, so nothing was asked.");
            return ModelAnswer::not_asked(model, WhyHuman::OverBudget, &why);
        }
        let capabilities = match self.probes.of(app, &self.model, &self.settings, model).await {
            Ok(capabilities) => capabilities,
            Err(reason) => return self.receipts(model).unavailable(reason),
        };
        let (offered, examples) = self.offer(request, labels, settings);
        let choice = ModelChoice { model: model.to_owned(), capabilities };
        let question = match Question::new(request.tenant, choice, Arc::new(offered), content, examples) {
            Ok(question) => question,
            Err(why) => {
                return ModelAnswer::not_asked(model, WhyHuman::ModelUnavailable, &sentence(&why.to_string()));
            }
        };
        let key = CacheKey::of(&question, &self.settings.endpoint);
        let outcome = self.model.classify(question).await;
        if let Outcome::Unavailable(Unavailable::Rejected { .. }) = outcome {
            self.probes.doubt(app, &self.settings, model).await;
        }
        self.receipts(model).of(outcome, &key)
    }

    fn receipts<'r>(&'r self, model: &'r str) -> Receipts<'r> {
        Receipts { model, currency: self.currency() }
    }

    /// The labels that may be chosen, in the order of their names, and examples of them.
    fn offer(
        &self,
        request: &ModelRequest,
        mut labels: Vec<TenantLabel>,
        settings: &TenantSettings,
    ) -> (LabelSet, Vec<Example>) {
        labels.retain(|label| request.possible.is_empty() || request.possible.contains(&label.name));
        labels.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let disclosure = settings.llm.disclosure.into();
        let examples = if request.examples.is_empty() {
            self.examples_of_labels(&labels, disclosure)
        } else {
            self.similar(request, &labels, disclosure)
        };
        let version = version_of(&labels);
        let labels = labels.into_iter().map(|label| Label { name: label.name, description: label.description });
        (LabelSet { version, labels: labels.collect(), policy: String::new() }, examples)
    }

    /// What the tenant's people wrote as examples of their labels.
    fn examples_of_labels(&self, labels: &[TenantLabel], disclosure: Disclosure) -> Vec<Example> {
        let all = labels.iter().flat_map(|label| {
            label.examples.iter().take(EXAMPLES_OF_LABEL).map(|text| (text.as_str(), label.name.as_str()))
        });
        let record = |text: &str| NormalizedRecord { text: text.to_owned(), ..NormalizedRecord::default() };
        let example = |(text, label): (&str, &str)| {
            let content = Sendable::of(&record(text), "example", disclosure, self.settings.content_limits()).ok()?;
            Some(Example { content, label: label.to_owned() })
        };
        all.filter_map(example).take(MAX_EXAMPLES).collect()
    }

    /// Similar records, the nearest ones; one that may not leave is no example.
    fn similar(&self, request: &ModelRequest, labels: &[TenantLabel], disclosure: Disclosure) -> Vec<Example> {
        let nearest = request.examples.len().saturating_sub(MAX_EXAMPLES);
        let example = |one: &ModelExample| {
            labels.iter().find(|label| label.name == one.label)?;
            let limits = self.settings.content_limits();
            let content = Sendable::of(&one.record, &one.source, disclosure, limits).ok()?;
            Some(Example { content, label: one.label.clone() })
        };
        request.examples[nearest..].iter().filter_map(example).collect()
    }
}

/// Changes with any of the labels offered.
fn version_of(labels: &[TenantLabel]) -> String {
    let mut digest = Sha256::new();
    for label in labels {
        digest.update(label.id.0.as_bytes());
        digest.update(label.version.to_be_bytes());
    }
    hex::encode(&digest.finalize()[..8])
}

/// A reason as a sentence for people.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
