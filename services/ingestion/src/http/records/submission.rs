//! A record as an API caller sends it.

use ::web::Check;
use common::Violation;
use common::record::NormalizedRecord;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::submission::Submission;

/// A record to classify: raw, or in the normalised form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecordInput {
    /// The caller's own id; the same one from the same source again is a duplicate.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// Where it comes from, in the caller's words; `api` when left out.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128)]
    source: Option<String>,
    /// Any JSON. Without `normalized` it is read as the generic webhook's body is.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    raw: Option<Box<RawValue>>,
    /// What stages and people see.
    #[serde(default)]
    normalized: Option<NormalizedRecord>,
}

impl From<RecordInput> for Submission {
    fn from(input: RecordInput) -> Self {
        Self { external_id: input.external_id, source: input.source, raw: input.raw, normalized: input.normalized }
    }
}

/// A submission that was checked.
#[derive(Debug, Deserialize)]
#[serde(from = "RecordInput")]
pub(crate) struct CheckedSubmission(pub(crate) Submission);

impl From<RecordInput> for CheckedSubmission {
    fn from(input: RecordInput) -> Self {
        Self(input.into())
    }
}

impl Check for CheckedSubmission {
    fn check(&self) -> Vec<Violation> {
        self.0.violations()
    }
}
