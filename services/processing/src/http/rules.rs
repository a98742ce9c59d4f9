//! `/rules`: conditions and the labels they give.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod disable;
pub(crate) mod enable;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod preview;
pub(crate) mod promote;
pub(crate) mod proposals;
pub(crate) mod restore;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod test;
pub(crate) mod update;
pub(crate) mod versions;

use actix_web::web::{ServiceConfig, delete as on_delete, get, patch, post};
use common::rule::{RuleOrigin, RuleStatus};
use common::{DateTime, RuleId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Idempotency, Reply, idempotent};

use crate::app::App;
use crate::domain::rule::{Rule, RuleChange, RuleWarning, Saved, WarningKind};
use crate::usecases;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/api/v1/rules", "GET, POST")
                .route(get().to(list::list_rules))
                .route(post().to(create::create_rule)),
        )
        // Before `{id}`, which would take "test" for one.
        .service(web::resource("/api/v1/rules/test", "POST").route(post().to(test::test_rule)))
        .service(web::resource("/api/v1/rules/export", "GET").route(get().to(export::export_rules)))
        .service(web::resource("/api/v1/rules/import/plan", "POST").route(post().to(import::plan::plan_rule_import)))
        .service(web::resource("/api/v1/rules/import/apply", "POST").route(post().to(import::apply::apply_rule_import)))
        .service(web::resource("/api/v1/rules/proposals", "GET").route(get().to(proposals::list::list_rule_proposals)))
        .service(
            web::resource("/api/v1/rules/proposals/{id}/accept", "POST")
                .route(post().to(proposals::accept::accept_rule_proposal)),
        )
        .service(
            web::resource("/api/v1/rules/proposals/{id}/dismiss", "POST")
                .route(post().to(proposals::dismiss::dismiss_rule_proposal)),
        )
        .service(web::resource("/api/v1/rules/preview", "POST").route(post().to(preview::preview)))
        .service(
            web::resource("/api/v1/rules/{id}", "GET, PATCH, DELETE")
                .route(get().to(show::show_rule))
                .route(patch().to(update::update_rule))
                .route(on_delete().to(delete::delete_rule)),
        )
        .service(web::resource("/api/v1/rules/{id}/enable", "POST").route(post().to(enable::enable_rule)))
        .service(web::resource("/api/v1/rules/{id}/disable", "POST").route(post().to(disable::disable_rule)))
        .service(web::resource("/api/v1/rules/{id}/promote", "POST").route(post().to(promote::promote_rule)))
        .service(web::resource("/api/v1/rules/{id}/restore", "POST").route(post().to(restore::restore_rule)))
        .service(web::resource("/api/v1/rules/{id}/stats", "GET").route(get().to(stats::show_rule_stats)))
        .service(web::resource("/api/v1/rules/{id}/versions", "GET").route(get().to(versions::list_rule_versions)));
}

/// Changes a rule, once for the caller's key, and answers with what it came to: how every act on one rule ends.
async fn change(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    (id, expected): (RuleId, Option<i32>),
    change: RuleChange,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, caller, idempotency, async |connection| {
                let cause = &caller.cause;
                let saved = usecases::update_rule::update_rule(connection, app, cause, id, expected, change).await?;
                let version = saved.rule.version;
                Ok(Reply::ok(&RuleResponse::from(saved)).version(version))
            })
            .await
        })
        .await
}

/// A rule as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Rule)]
pub(crate) struct RuleResponse {
    id: RuleId,
    /// Unique in the tenant.
    name: String,
    /// CEL over `record`.
    condition: String,
    /// The name of the label that it gives.
    label: String,
    /// The lowest number wins.
    priority: i32,
    status: RuleStatus,
    /// Whether a person confirms what it matches.
    requires_review: bool,
    description: String,
    origin: RuleOrigin,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
    /// What its author should know, told when it is saved only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningResponse>,
}

/// Something about a rule that its author may not have meant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleWarning)]
pub(crate) struct WarningResponse {
    kind: WarningKind,
    message: String,
    /// The other rule, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_id: Option<RuleId>,
}

impl From<Saved> for RuleResponse {
    fn from(saved: Saved) -> Self {
        let warning = |warning: RuleWarning| WarningResponse {
            kind: warning.kind,
            message: warning.message,
            rule_id: warning.rule_id,
        };
        Self { warnings: saved.warnings.into_iter().map(warning).collect(), ..Self::from(saved.rule) }
    }
}

impl From<Rule> for RuleResponse {
    fn from(rule: Rule) -> Self {
        Self {
            id: rule.id,
            name: rule.name,
            condition: rule.condition,
            label: rule.label,
            priority: rule.priority,
            status: rule.status,
            requires_review: rule.requires_review,
            description: rule.description,
            origin: rule.origin,
            version: rule.version,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
            warnings: Vec::new(),
        }
    }
}
