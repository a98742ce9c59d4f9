//! Makes the rule that an override asked for, under the id that the override's answer already named.

use classifier::Condition;
use common::LabelId;
use common::event::{Cause, RuleRequested};
use common::rule::RuleOrigin;
use db::Connection;

use crate::app::App;
use crate::domain::rule::{NewRule, free_name};
use crate::store::{labels, rule_sets, rule_versions, rules, value_lists};
use crate::usecases::create_rule::{CreateRuleError, add};

/// A request whose condition and label are good; nobody renames or deletes the label before the transaction ends.
#[derive(Debug)]
pub(crate) struct CheckedRequest {
    cause: Cause,
    request: RuleRequested,
    label: LabelId,
}

/// Makes the rules. All labels are locked before the first rule set is: a rename goes that way, too.
pub(crate) async fn fulfil_rule_requests(
    connection: &mut Connection,
    app: &App,
    requests: Vec<(Cause, RuleRequested)>,
) -> Result<(), CreateRuleError> {
    let mut checked = Vec::with_capacity(requests.len());
    for (cause, request) in requests {
        checked.extend(check(connection, cause, request).await?);
    }
    for request in checked {
        fulfil(connection, app, request).await?;
    }
    Ok(())
}

/// `None` for a request that came before, even if its rule or its label was changed or deleted since.
async fn check(
    connection: &mut Connection,
    cause: Cause,
    mut request: RuleRequested,
) -> Result<Option<CheckedRequest>, CreateRuleError> {
    if rule_versions::exists(connection, cause.tenant_id, request.rule_id).await? {
        return Ok(None);
    }
    let (label, name) = label_of(connection, &cause, &request).await?;
    let lists = value_lists::of_condition(connection, cause.tenant_id, &request.condition).await?;
    Condition::compile_with(&request.condition, &lists)?;
    request.label = name;
    Ok(Some(CheckedRequest { cause, request, label }))
}

/// The label by its id, which outlives a rename. The name is for requests without an id.
async fn label_of(
    connection: &mut Connection,
    cause: &Cause,
    request: &RuleRequested,
) -> Result<(LabelId, String), CreateRuleError> {
    if let Some(id) = request.label_id
        && let Some(name) = labels::find_name(connection, cause.tenant_id, id).await?
    {
        return Ok((id, name));
    }
    let of_name = labels::find_by_name(connection, cause.tenant_id, &request.label).await?;
    let id = of_name.ok_or_else(|| CreateRuleError::UnknownLabel(request.label.clone()))?;
    Ok((id, request.label.clone()))
}

async fn fulfil(connection: &mut Connection, app: &App, checked: CheckedRequest) -> Result<(), CreateRuleError> {
    let CheckedRequest { cause, request, label } = checked;
    // One batch may hold a request twice.
    if rule_versions::exists(connection, cause.tenant_id, request.rule_id).await? {
        return Ok(());
    }
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    // Names are given and changed under the rule set's lock only, so this one stays free.
    let name = free_name(&request.name, &rules::names(connection, cause.tenant_id).await?);
    let new = NewRule {
        id: request.rule_id,
        name,
        condition: request.condition,
        label: request.label,
        priority: request.priority,
        status: request.status,
        requires_review: false,
        description: String::new(),
        origin: RuleOrigin::Override,
    };
    add(connection, app, &cause, new, label, next).await?;
    Ok(())
}
