//! Batches for backfills: many questions in a file, answered within a day at a discount.
//!
//! Each step is one call and gives an id that the caller keeps before it takes the next one. So a process that stops goes
//! on where it was: with the plan and the ids, nothing else.

mod results;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_openai::types::InputSource;
use async_openai::types::files::{CreateFileRequest, FileInput, FilePurpose};
use bytes::Bytes;
use common::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::budget::{self, Exhausted, NoCalls, Reservation};
use crate::error::{NoAnswer, Unavailable, reason_of};
use crate::model::LanguageModel;
use crate::outcome::{Outcome, Tokens};
use crate::price::{Micros, Price};
use crate::prompt::{self, Ids};
use crate::question::Question;
use crate::transport::Transport;
use crate::wire::{BatchObject, Created};

/// Most requests of one batch, as providers allow.
const MAX_REQUESTS: usize = 50_000;
/// Largest file that is sent; providers allow twice as much.
const MAX_BYTES: usize = 100 << 20;
/// By which the plan is found again among the provider's batches.
const PLAN_KEY: &str = "verdict_plan";

/// The batch interface of a model. Cheap to clone.
#[derive(Clone)]
pub struct Batch {
    model: LanguageModel,
    transport: Transport,
}

/// A question with the caller's name for it.
#[derive(Clone, Debug)]
pub struct BatchItem {
    /// Unique in the batch, such as the record's id.
    pub id: String,
    /// What is asked.
    pub question: Question,
}

/// What the caller keeps to read the results by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPlan {
    /// Of this plan, made new.
    pub id: Uuid,
    /// Whose records.
    pub tenant: TenantId,
    /// Which model.
    pub model: String,
    /// The most that it can cost.
    pub most: Micros,
    items: Vec<PlannedItem>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlannedItem {
    id: String,
    labels: Vec<String>,
    label_set_version: String,
    prompt_hash: String,
    prompt_tokens: u64,
    is_asked_twice: bool,
}

impl BatchPlan {
    /// How many calls it is.
    fn calls(&self) -> u32 {
        self.items.iter().map(|item| if item.is_asked_twice { 2 } else { 1 }).sum()
    }
}

/// Where a batch is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchState {
    /// The provider's id.
    pub id: String,
    /// How far it is.
    pub status: BatchStatus,
    /// Requests in all; 0 until the provider has counted them.
    pub total: u64,
    /// Requests that are answered.
    pub completed: u64,
    /// Requests that failed.
    pub failed: u64,
    /// The file of results, once there is one.
    pub output_file: Option<String>,
    /// The file of errors, once there is one.
    pub error_file: Option<String>,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// It is worked on, or will be.
    Running,
    /// It is being stopped.
    Cancelling,
    /// All of it was tried.
    Completed,
    /// It was stopped; what was done has results.
    Cancelled,
    /// Time ran out; what was done has results.
    Expired,
    /// The provider did not take it.
    Failed,
}

impl BatchStatus {
    /// Whether nothing more will come.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running | Self::Cancelling)
    }

    /// A word that is not known is taken for one of the steps on the way.
    fn of(word: &str) -> Self {
        match word {
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled,
            "cancelling" => Self::Cancelling,
            "expired" => Self::Expired,
            "failed" => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// What came of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchResults {
    /// For each item that has a result, in the order of the plan.
    pub outcomes: Vec<(String, Outcome)>,
    /// Items without a result, such as those after the batch was stopped: to be asked again or given to people.
    pub missing: Vec<String>,
    /// What all answers cost, those of items without an outcome included.
    pub cost: Micros,
}

/// Why a batch cannot be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The endpoint did not do it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The tenant's budget does not cover it.
    #[error(transparent)]
    OverBudget(#[from] Exhausted),
    /// The tenant's plan has no calls left.
    #[error(transparent)]
    NoCalls(#[from] NoCalls),
    /// Nothing to ask, too much, two items of one name, or of several tenants or models.
    #[error("the batch cannot be made: {0}")]
    Unusable(&'static str),
}

impl LanguageModel {
    /// The interface for many questions at once.
    #[must_use]
    pub fn batches(&self) -> Batch {
        Batch { model: self.clone(), transport: self.inner.file_transport.clone() }
    }
}

impl Batch {
    /// The plan and the file of a batch. Items whose endpoint tells no probabilities are asked twice, in two orders.
    ///
    /// # Errors
    /// [`BatchError::Unusable`], or when the model has no price.
    pub fn plan(&self, items: &[BatchItem]) -> Result<(BatchPlan, Bytes), BatchError> {
        let first = items.first().ok_or(BatchError::Unusable("there is nothing to ask"))?;
        let (tenant, model) = (first.question.tenant, first.question.choice.model.clone());
        let price = self.price(&model)?;
        let (mut lines, mut requests, mut most) = (Vec::new(), 0, Micros::ZERO);
        let mut planned: Vec<PlannedItem> = Vec::with_capacity(items.len());
        let mut names = std::collections::HashSet::with_capacity(items.len());
        for BatchItem { id, question } in items {
            if question.tenant != tenant || question.choice.model != model {
                return Err(BatchError::Unusable("one batch is of one tenant and one model"));
            }
            if !names.insert(id) {
                return Err(BatchError::Unusable("two items have the same id"));
            }
            let is_asked_twice = !question.choice.capabilities.logprobs;
            let mut prompt_tokens = 0;
            for (pass, ids) in passes(question.labels.labels.len(), is_asked_twice) {
                let request = self.model.inner.chat_request(question, &ids);
                most = most + self.discounted(price, self.model.inner.most_tokens(&request));
                prompt_tokens = crate::tokens::estimate(request.texts());
                let line = json!({ "custom_id": custom_id(id, pass), "method": "POST", "url": "/v1/chat/completions", "body": request });
                lines.extend_from_slice(line.to_string().as_bytes());
                lines.push(b'\n');
                requests += 1;
            }
            planned.push(PlannedItem {
                id: id.clone(),
                labels: question.labels.labels.iter().map(|label| label.name.clone()).collect(),
                label_set_version: question.labels.version.clone(),
                prompt_hash: prompt::hash(question),
                prompt_tokens,
                is_asked_twice,
            });
        }
        if requests > MAX_REQUESTS || lines.len() > MAX_BYTES {
            return Err(BatchError::Unusable("it is too large; make several"));
        }
        Ok((BatchPlan { id: Uuid::new_v4(), tenant, model, most, items: planned }, lines.into()))
    }

    /// Sets the money for a batch aside. Keep it with the plan: it is settled by [`Batch::settle`].
    ///
    /// # Errors
    /// When the budget does not cover it or cannot be read.
    pub async fn reserve(&self, plan: &BatchPlan) -> Result<Reservation, BatchError> {
        Ok(budget::hold(&*self.model.inner.parts.budget, plan.tenant, plan.most, plan.calls()).await?)
    }

    /// Says what a batch cost, once its results are read or it was given up. Where it cost nothing, no call counts.
    pub async fn settle(&self, reservation: Reservation, cost: Micros) {
        let answered = if cost == Micros::ZERO { 0 } else { reservation.calls };
        budget::settle(&*self.model.inner.parts.budget, reservation, cost, answered).await;
    }

    /// Sends the file; its id is for [`Batch::start`].
    ///
    /// # Errors
    /// When the endpoint does not take it.
    pub async fn upload(&self, plan: &BatchPlan, file: Bytes) -> Result<String, BatchError> {
        let source = InputSource::Bytes { filename: format!("{}.jsonl", plan.id), bytes: file };
        let request = CreateFileRequest {
            file: FileInput { source },
            purpose: FilePurpose::Batch,
            ..CreateFileRequest::default()
        };
        let client = self.client();
        let answer = client.files().create_byot::<_, Value>(request).await;
        Ok(decode::<Created>(answer)?.id)
    }

    /// Starts the batch of a file that was sent.
    ///
    /// # Errors
    /// When the endpoint does not take it.
    pub async fn start(&self, plan: &BatchPlan, file: &str) -> Result<BatchState, BatchError> {
        let request = json!({
            "input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h",
            "metadata": { PLAN_KEY: plan.id },
        });
        let client = self.client();
        let answer = client.batches().create_byot::<_, Value>(request).await;
        Ok(decode::<BatchObject>(answer)?.into())
    }

    /// The plan's batch among the latest ones, for a caller that stopped before it could keep the id.
    ///
    /// # Errors
    /// When the endpoint does not answer.
    pub async fn find(&self, plan: &BatchPlan) -> Result<Option<BatchState>, BatchError> {
        #[derive(Deserialize)]
        struct Listed {
            data: Vec<Value>,
        }
        let client = self.client();
        let answer = client.batches().list_byot::<Value>().await;
        let id = plan.id.to_string();
        let mut listed = decode::<Listed>(answer)?.data.into_iter();
        let found = listed.find(|batch| batch["metadata"][PLAN_KEY].as_str() == Some(id.as_str()));
        let found = found.map(serde_json::from_value::<BatchObject>).transpose().map_err(|_| Unavailable::Malformed)?;
        Ok(found.map(Into::into))
    }

    /// Where a batch is.
    ///
    /// # Errors
    /// When the endpoint does not answer.
    pub async fn status(&self, id: &str) -> Result<BatchState, BatchError> {
        let client = self.client();
        let answer = client.batches().retrieve_byot::<_, Value>(id).await;
        Ok(decode::<BatchObject>(answer)?.into())
    }

    /// Stops a batch. What is done by then has results.
    ///
    /// # Errors
    /// When the endpoint does not answer.
    pub async fn cancel(&self, id: &str) -> Result<BatchState, BatchError> {
        let client = self.client();
        let answer = client.batches().cancel_byot::<_, Value>(id).await;
        Ok(decode::<BatchObject>(answer)?.into())
    }

    fn price(&self, model: &str) -> Result<Price, BatchError> {
        Ok(self.model.inner.settings.price_of(model).ok_or(Unavailable::NoPrice)?)
    }

    fn discounted(&self, price: Price, tokens: Tokens) -> Micros {
        price.of(tokens).percent(self.model.inner.settings.batch_percent)
    }

    fn client(&self) -> async_openai::Client<crate::endpoint::Endpoint> {
        let deadline = Instant::now() + Duration::from_millis(crate::model::FILE_DEADLINE_MILLIS);
        self.transport.client(deadline, Arc::default())
    }
}

impl From<NoAnswer> for BatchError {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Unavailable(reason) => Self::Unavailable(reason),
            NoAnswer::OverBudget(exhausted) => Self::OverBudget(exhausted),
            NoAnswer::NoCalls(none) => Self::NoCalls(none),
        }
    }
}

impl From<BatchObject> for BatchState {
    fn from(batch: BatchObject) -> Self {
        Self {
            id: batch.id,
            status: BatchStatus::of(&batch.status),
            total: batch.request_counts.total,
            completed: batch.request_counts.completed,
            failed: batch.request_counts.failed,
            output_file: batch.output_file_id,
            error_file: batch.error_file_id,
        }
    }
}

/// The calls of one item, in the orders of its labels.
fn passes(labels: usize, is_asked_twice: bool) -> impl Iterator<Item = (u8, Ids)> {
    let second = is_asked_twice.then(|| (2, Ids::permuted(labels)));
    std::iter::once((1, Ids::in_order(labels))).chain(second)
}

fn custom_id(id: &str, pass: u8) -> String {
    format!("{id}#{pass}")
}

fn decode<T: for<'de> Deserialize<'de>>(
    answer: Result<Value, async_openai::error::OpenAIError>,
) -> Result<T, Unavailable> {
    let answer = answer.map_err(|error| reason_of(&error))?;
    serde_json::from_value(answer).map_err(|_| Unavailable::Malformed)
}
