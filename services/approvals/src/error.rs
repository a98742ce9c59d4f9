//! From each use case's error to the answer, without a wildcard.

use classifier::ConditionError;
use common::{ErrorCode, Violation};
use serde_json::json;
use web::ApiError;

use crate::domain::{Lease, Refusal};
use crate::usecases::{ApproveError, NotOpen, OverrideError};

impl From<NotOpen> for ApiError {
    fn from(error: NotOpen) -> Self {
        match error {
            NotOpen::NotFound => Self::not_found("approval"),
            NotOpen::Refused(refusal) => refused(refusal),
            NotOpen::Stale { current } => Self::version_conflict(current),
            NotOpen::Db(error) => error.into(),
        }
    }
}

impl From<ApproveError> for ApiError {
    fn from(error: ApproveError) -> Self {
        match error {
            ApproveError::NotOpen(error) => error.into(),
            ApproveError::NoLabel => Self::validation(&[Violation::new(
                "proposal.label",
                "no_label",
                "is null: no step came to a label; choose one with override",
            )]),
            ApproveError::Db(error) => error.into(),
        }
    }
}

impl From<OverrideError> for ApiError {
    fn from(error: OverrideError) -> Self {
        match error {
            OverrideError::Condition(error) => invalid_condition(&error),
            OverrideError::Forbidden(permission) => Self::forbidden(permission),
            OverrideError::NotOpen(error) => error.into(),
            OverrideError::UnknownLabel(label) => Self::new(ErrorCode::UnknownLabel)
                .message(format!("The tenant has no label {label:?}. Create it, or choose one of GET /labels."))
                .with("field", "label")
                .with("label", label),
            OverrideError::Db(error) => error.into(),
        }
    }
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Decided(answer) => ApiError::new(ErrorCode::AlreadyDecided)
            .message("The approval was decided before; context says by whom, when and how.")
            .with("decidedBy", json!(answer.by))
            .with("decidedAt", json!(answer.at))
            .with("outcome", json!(answer.outcome))
            .with("label", answer.label),
        Refusal::Replaced => ApiError::new(ErrorCode::Conflict)
            .message("The approval expired: the record was decided or asked about anew. List the pending ones.")
            .with("status", "expired"),
        Refusal::Claimed(Lease { holder, name, expires_at }) => ApiError::new(ErrorCode::ClaimedByOther)
            .message(format!("{name} works on this approval. Take another, or wait for context.expiresAt."))
            .with("claimedBy", holder.to_string())
            .with("claimedByName", name)
            .with("expiresAt", json!(expires_at)),
    }
}

fn invalid_condition(error: &ConditionError) -> ApiError {
    let mut answer = ApiError::new(ErrorCode::InvalidCondition)
        .message(format!("The condition is not usable: {error}."))
        .with("field", "rule.condition");
    if let serde_json::Value::Object(facts) = json!(error) {
        for (name, fact) in facts {
            answer = answer.with(&name, fact);
        }
    }
    answer
}
