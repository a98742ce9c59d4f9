//! Makes the rule that an override asked for, under the id that the override's answer already named.

use common::event::{Cause, RuleRequested};
use common::rule::RuleOrigin;
use db::Connection;

use crate::app::App;
use crate::domain::rule::{NewRule, free_name};
use crate::store::{rule_sets, rule_versions, rules};
use crate::usecases::create_rule::{CreateRuleError, add, check};

/// A request that comes again changes nothing, even after its rule was changed or deleted.
pub(crate) async fn fulfil_rule_request(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    request: RuleRequested,
) -> Result<(), CreateRuleError> {
    if rule_versions::exists(connection, cause.tenant_id, request.rule_id).await? {
        return Ok(());
    }
    let mut new = NewRule {
        id: request.rule_id,
        name: request.name,
        condition: request.condition,
        label: request.label,
        priority: request.priority,
        status: request.status,
        requires_review: false,
        description: String::new(),
        origin: RuleOrigin::Override,
    };
    let label = check(connection, cause, &new).await?;
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    // Names are given and changed under the rule set's lock only, so this one stays free.
    new.name = free_name(&new.name, &rules::names(connection, cause.tenant_id).await?);
    add(connection, app, cause, new, label, next).await?;
    Ok(())
}
