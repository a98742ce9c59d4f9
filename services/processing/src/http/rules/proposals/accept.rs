//! `POST /rules/proposals/{id}/accept`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::rule::{DEFAULT_PRIORITY, MAX_NAME, MAX_PRIORITY, RuleStatus};
use common::violation::check_text;
use common::{Permission, RuleProposalId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::http::rules::RuleResponse;
use crate::usecases::accept_proposal::{Acceptance, accept_proposal};

/// How the rule is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AcceptProposal {
    /// `shadow` if not given; `active` needs the permission `rules:write`.
    #[serde(default = "default_status")]
    status: RuleStatus,
    /// In place of the proposal's name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The lowest number wins; 100 if not given.
    #[serde(default = "default_priority")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    priority: i32,
}

const fn default_status() -> RuleStatus {
    RuleStatus::Shadow
}

const fn default_priority() -> i32 {
    DEFAULT_PRIORITY
}

impl Check for AcceptProposal {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if let Some(name) = &self.name {
            check_text(&mut found, "name", name, 1, MAX_NAME);
        }
        if !(0..=MAX_PRIORITY).contains(&self.priority) {
            found.push(Violation::new("priority", "range", format!("must be from 0 to {MAX_PRIORITY}")));
        }
        if self.status == RuleStatus::Disabled {
            found.push(Violation::new("status", "one_of", "must be shadow or active"));
        }
        found
    }
}

/// Makes the rule that a proposal suggests, in shadow unless told otherwise.
#[utoipa::path(
    post, path = "/api/v1/rules/proposals/{id}/accept", tag = "rules", operation_id = "accept_rule_proposal",
    params(("id" = RuleProposalId, Path, description = "The proposal.")),
    request_body = AcceptProposal,
    responses(
        (status = 201, description = "The rule.", body = RuleResponse),
        (status = 403, description = "`forbidden`: to let it decide at once needs `rules:write`.", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`rule_exists`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn accept_rule_proposal(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleProposalId>,
    body: Lenient<AcceptProposal>,
) -> Result<Reply, ApiError> {
    let AcceptProposal { status, name, priority } = body.content;
    if status == RuleStatus::Active {
        caller.require(Permission::RulesWrite)?;
    }
    let acceptance = Acceptance { name, priority, status };
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let saved = accept_proposal(connection, &app, &caller.cause, id, acceptance).await?;
                let version = saved.rule.version;
                Ok(Reply::created(&RuleResponse::from(saved)).version(version))
            })
            .await
        })
        .await
}
