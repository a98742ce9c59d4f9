//! What each use case's error is to the caller.

use classifier::ConditionError;
use common::{ErrorCode, RuleId, Violation};
use serde_json::Value;
use web::ApiError;

use crate::domain::rule_document::DocumentError;
use crate::domain::run::MAX_TOTAL;
use crate::domain::value_list::MAX_VALUES;
use crate::usecases::accept_proposal::AcceptProposalError;
use crate::usecases::apply_rule_document::ApplyRuleDocumentError;
use crate::usecases::ask_model::AskModelError;
use crate::usecases::cancel_run::CancelRunError;
use crate::usecases::create_label::CreateLabelError;
use crate::usecases::create_rule::CreateRuleError;
use crate::usecases::create_value_list::CreateValueListError;
use crate::usecases::delete_label::DeleteLabelError;
use crate::usecases::delete_rule::DeleteRuleError;
use crate::usecases::delete_value_list::DeleteValueListError;
use crate::usecases::dismiss_proposal::DismissProposalError;
use crate::usecases::explain_decision::ExplainDecisionError;
use crate::usecases::find_similar::FindSimilarError;
use crate::usecases::list_outcomes::ListOutcomesError;
use crate::usecases::preview_rule::PreviewRuleError;
use crate::usecases::promote_rule::PromoteRuleError;
use crate::usecases::restore_rule::RestoreRuleError;
use crate::usecases::start_run::StartRunError;
use crate::usecases::update_label::UpdateLabelError;
use crate::usecases::update_rule::UpdateRuleError;
use crate::usecases::update_settings::UpdateSettingsError;
use crate::usecases::update_value_list::UpdateValueListError;

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

impl From<PreviewRuleError> for ApiError {
    fn from(error: PreviewRuleError) -> Self {
        match error {
            PreviewRuleError::UnknownLabel(label) => unknown_label(label),
            PreviewRuleError::Abandoned => Self::internal(error),
            PreviewRuleError::Db(error) => error.into(),
        }
    }
}

impl From<PromoteRuleError> for ApiError {
    fn from(error: PromoteRuleError) -> Self {
        match error {
            PromoteRuleError::NotInShadow(status) => {
                Self::new(ErrorCode::RuleNotInShadow).with("status", status.as_str())
            }
            PromoteRuleError::Update(error) => error.into(),
        }
    }
}

impl From<RestoreRuleError> for ApiError {
    fn from(error: RestoreRuleError) -> Self {
        match error {
            RestoreRuleError::NotFound => Self::not_found("rule"),
            RestoreRuleError::VersionNotFound => Self::not_found("version of the rule"),
            RestoreRuleError::Update(error) => error.into(),
        }
    }
}

impl From<ApplyRuleDocumentError> for ApiError {
    fn from(error: ApplyRuleDocumentError) -> Self {
        match error {
            ApplyRuleDocumentError::Invalid(violations) => Self::validation(&violations),
            ApplyRuleDocumentError::Changed(current) => Self::new(ErrorCode::Conflict)
                .message("The rules have changed since the plan was made. Plan again, and look at what is different.")
                .with("ruleSetVersion", current),
            ApplyRuleDocumentError::NameTaken => Self::new(ErrorCode::Conflict)
                .message("A rule or list of the document was made in the meantime. Plan again."),
            ApplyRuleDocumentError::Db(error) => error.into(),
        }
    }
}

impl From<DocumentError> for ApiError {
    fn from(error: DocumentError) -> Self {
        Self::new(ErrorCode::InvalidRuleDocument)
            .message(format!("The document cannot be read: {error}."))
            .with("line", error.line)
            .with("column", error.column)
    }
}

impl From<AcceptProposalError> for ApiError {
    fn from(error: AcceptProposalError) -> Self {
        match error {
            AcceptProposalError::NotFound => Self::not_found("proposal"),
            AcceptProposalError::Create(error) => error.into(),
        }
    }
}

impl From<DismissProposalError> for ApiError {
    fn from(error: DismissProposalError) -> Self {
        match error {
            DismissProposalError::NotFound => Self::not_found("proposal"),
            DismissProposalError::Db(error) => error.into(),
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

impl From<FindSimilarError> for ApiError {
    fn from(error: FindSimilarError) -> Self {
        match error {
            FindSimilarError::NotFound => Self::not_found("record"),
            FindSimilarError::NoModel(reason) => {
                Self::new(ErrorCode::EmbeddingsUnavailable).with("reason", "no_model").with("detail", reason)
            }
            FindSimilarError::StageOff => Self::new(ErrorCode::EmbeddingsUnavailable).with("reason", "stage_off"),
            FindSimilarError::NoVectors(error) => Self::new(ErrorCode::UpstreamUnavailable)
                .message("The embedding model did not answer. Try again shortly.")
                .because(error),
            FindSimilarError::Db(error) => error.into(),
        }
    }
}

impl From<ExplainDecisionError> for ApiError {
    fn from(error: ExplainDecisionError) -> Self {
        match error {
            ExplainDecisionError::NoRecord => Self::not_found("record"),
            ExplainDecisionError::NoDecision => Self::not_found("decision"),
            ExplainDecisionError::Db(error) => error.into(),
        }
    }
}

impl From<StartRunError> for ApiError {
    fn from(error: StartRunError) -> Self {
        match error {
            StartRunError::NoDryRun => Self::not_found("run"),
            StartRunError::NotACompletedDryRun => Self::new(ErrorCode::Conflict).message(
                "The run of dryRunId is no dry run, or has not come to its end. Wait for it, or name another.",
            ),
            StartRunError::TooMany => {
                let message = format!("more than {MAX_TOTAL} records match; narrow it by from and to");
                Self::validation(&[Violation::new("scope", "too_many", message)])
            }
            StartRunError::UnknownLabel(label) => unknown_label(label),
            StartRunError::UnknownRuleSet(version) => {
                let message = format!("there was never a rule set of version {version} in this tenant");
                Self::validation(&[Violation::new("ruleSetVersion", "unknown", message)])
            }
            StartRunError::Db(error) => error.into(),
        }
    }
}

impl From<CancelRunError> for ApiError {
    fn from(error: CancelRunError) -> Self {
        match error {
            CancelRunError::NotFound => Self::not_found("run"),
            CancelRunError::Completed => {
                Self::new(ErrorCode::Conflict).message("The run came to its end, so there is nothing to cancel.")
            }
            CancelRunError::Db(error) => error.into(),
        }
    }
}

impl From<AskModelError> for ApiError {
    fn from(error: AskModelError) -> Self {
        match error {
            AskModelError::StageOff => Self::new(ErrorCode::Conflict)
                .message("The llm stage is off. Switch it on with PATCH /processing/settings, or leave askModel out."),
            AskModelError::Db(error) => error.into(),
        }
    }
}

impl From<UpdateSettingsError> for ApiError {
    fn from(error: UpdateSettingsError) -> Self {
        match error {
            UpdateSettingsError::VersionConflict(current) => Self::version_conflict(current),
            UpdateSettingsError::LlmNotConfigured => {
                let missing = [
                    "VERDICT__LANGUAGE_MODEL__ENABLED",
                    "VERDICT__LANGUAGE_MODEL__BASE_URL",
                    "VERDICT__LANGUAGE_MODEL__API_KEY",
                    "VERDICT__LANGUAGE_MODEL__PRICES",
                ];
                Self::new(ErrorCode::LlmNotConfigured).with("settings", missing.map(str::to_owned).to_vec())
            }
            UpdateSettingsError::Invalid(violations) => Self::validation(&violations),
            UpdateSettingsError::Db(error) => error.into(),
        }
    }
}

impl From<CreateValueListError> for ApiError {
    fn from(error: CreateValueListError) -> Self {
        match error {
            CreateValueListError::NameTaken(name) => list_exists(name),
            CreateValueListError::Db(error) => error.into(),
        }
    }
}

impl From<UpdateValueListError> for ApiError {
    fn from(error: UpdateValueListError) -> Self {
        match error {
            UpdateValueListError::NotFound => Self::not_found("value list"),
            UpdateValueListError::VersionConflict(current) => Self::version_conflict(current),
            UpdateValueListError::NameTaken(name) => list_exists(name),
            UpdateValueListError::InUse(rules) => list_in_use(&rules),
            UpdateValueListError::TooMany(_) => {
                let message = format!("the list would have more than {MAX_VALUES} entries");
                Self::validation(&[Violation::new("add", "max_items", message)])
            }
            UpdateValueListError::Db(error) => error.into(),
        }
    }
}

impl From<DeleteValueListError> for ApiError {
    fn from(error: DeleteValueListError) -> Self {
        match error {
            DeleteValueListError::NotFound => Self::not_found("value list"),
            DeleteValueListError::VersionConflict(current) => Self::version_conflict(current),
            DeleteValueListError::InUse(rules) => list_in_use(&rules),
            DeleteValueListError::Db(error) => error.into(),
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

fn list_exists(name: String) -> ApiError {
    ApiError::new(ErrorCode::ListExists).with("name", name)
}

fn list_in_use(rules: &[RuleId]) -> ApiError {
    let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
    ApiError::new(ErrorCode::ListInUse).with("rules", rules)
}

fn rule_exists(name: String) -> ApiError {
    ApiError::new(ErrorCode::RuleExists).with("name", name)
}

fn unknown_label(label: String) -> ApiError {
    let message = format!("There is no label {label:?} in this tenant. Create it first, or use one that there is.");
    ApiError::new(ErrorCode::UnknownLabel).message(message).with("label", label)
}
