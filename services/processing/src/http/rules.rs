//! `/rules`: conditions and the labels they give.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod disable;
pub(crate) mod enable;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod update;
pub(crate) mod versions;

use actix_web::web::{ServiceConfig, delete as on_delete, get, patch, post};
use common::rule::{RuleOrigin, RuleStatus};
use common::{DateTime, RuleId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::rule::Rule;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/api/v1/rules", "GET, POST")
                .route(get().to(list::list_rules))
                .route(post().to(create::create_rule)),
        )
        // Before `{id}`, which would take "test" for one.
        .service(web::resource("/api/v1/rules/test", "POST").route(post().to(test::test_rule)))
        .service(
            web::resource("/api/v1/rules/{id}", "GET, PATCH, DELETE")
                .route(get().to(show::show_rule))
                .route(patch().to(update::update_rule))
                .route(on_delete().to(delete::delete_rule)),
        )
        .service(web::resource("/api/v1/rules/{id}/enable", "POST").route(post().to(enable::enable_rule)))
        .service(web::resource("/api/v1/rules/{id}/disable", "POST").route(post().to(disable::disable_rule)))
        .service(web::resource("/api/v1/rules/{id}/versions", "GET").route(get().to(versions::list_rule_versions)));
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
        }
    }
}
