//! What each use case's error is to the caller.

use classifier::ConditionError;
use common::ErrorCode;
use serde_json::Value;
use web::ApiError;

use crate::usecases::create_label::CreateLabelError;
use crate::usecases::create_rule::CreateRuleError;
use crate::usecases::delete_label::DeleteLabelError;
use crate::usecases::delete_rule::DeleteRuleError;
use crate::usecases::list_outcomes::ListOutcomesError;
use crate::usecases::update_label::UpdateLabelError;
use crate::usecases::update_rule::UpdateRuleError;
use crate::usecases::update_settings::UpdateSettingsError;

impl From<CreateLabelError> for ApiError {
    fn from(error: CreateLabelError) -> Self {
        match error {
            CreateLabelError::NameTaken(name) => label_exists(name),
            CreateLabelError::Db(error) => error.into(),
        }
    }
}

impl From<UpdateLabelError> for ApiError {
    fn from(error: UpdateLabelError) -> Self {
        match error {
            UpdateLabelError::NotFound => Self::not_found("label"),
            UpdateLabelError::VersionConflict(current) => Self::version_conflict(current),
            UpdateLabelError::NameTaken(name) => label_exists(name),
            UpdateLabelError::Db(error) => error.into(),
        }
    }
}

impl From<DeleteLabelError> for ApiError {
    fn from(error: DeleteLabelError) -> Self {
        match error {
            DeleteLabelError::NotFound => Self::not_found("label"),
            DeleteLabelError::VersionConflict(current) => Self::version_conflict(current),
            DeleteLabelError::InUse(used) => {
                Self::new(ErrorCode::LabelInUse).with("rules", used.rules).with("decisions", used.decisions)
            }
            DeleteLabelError::Db(error) => error.into(),
        }
    }
}

impl From<CreateRuleError> for ApiError {
    fn from(error: CreateRuleError) -> Self {
        match error {
            CreateRuleError::NameTaken(name) => rule_exists(name),
            CreateRuleError::UnknownLabel(label) => unknown_label(label),
            CreateRuleError::InvalidCondition(error) => invalid_condition(&error),
            CreateRuleError::Db(error) => error.into(),
        }
    }
}

impl From<UpdateRuleError> for ApiError {
    fn from(error: UpdateRuleError) -> Self {
        match error {
            UpdateRuleError::NotFound => Self::not_found("rule"),
            UpdateRuleError::VersionConflict(current) => Self::version_conflict(current),
            UpdateRuleError::NameTaken(name) => rule_exists(name),
            UpdateRuleError::UnknownLabel(label) => unknown_label(label),
            UpdateRuleError::InvalidCondition(error) => invalid_condition(&error),
            UpdateRuleError::Db(error) => error.into(),
        }
    }
}

impl From<DeleteRuleError> for ApiError {
    fn from(error: DeleteRuleError) -> Self {
        match error {
            DeleteRuleError::NotFound => Self::not_found("rule"),
            DeleteRuleError::VersionConflict(current) => Self::version_conflict(current),
            DeleteRuleError::Db(error) => error.into(),
        }
    }
}

impl From<ListOutcomesError> for ApiError {
    fn from(error: ListOutcomesError) -> Self {
        match error {
            ListOutcomesError::NotFound => Self::not_found("record"),
            ListOutcomesError::Db(error) => error.into(),
        }
    }
}

impl From<UpdateSettingsError> for ApiError {
    fn from(error: UpdateSettingsError) -> Self {
        match error {
            UpdateSettingsError::VersionConflict(current) => Self::version_conflict(current),
            UpdateSettingsError::Db(error) => error.into(),
        }
    }
}

/// 422 with the mistake's place, and what was expected there.
pub(crate) fn invalid_condition(error: &ConditionError) -> ApiError {
    let refused = ApiError::new(ErrorCode::InvalidCondition).message(format!("The condition cannot be used: {error}."));
    match serde_json::to_value(error) {
        Ok(Value::Object(facts)) => facts.into_iter().fold(refused, |refused, (key, fact)| refused.with(&key, fact)),
        Ok(_) | Err(_) => refused,
    }
}

fn label_exists(name: String) -> ApiError {
    ApiError::new(ErrorCode::LabelExists).with("name", name)
}

fn rule_exists(name: String) -> ApiError {
    ApiError::new(ErrorCode::RuleExists).with("name", name)
}

fn unknown_label(label: String) -> ApiError {
    let message = format!("There is no label {label:?} in this tenant. Create it first, or use one that there is.");
    ApiError::new(ErrorCode::UnknownLabel).message(message).with("label", label)
}
