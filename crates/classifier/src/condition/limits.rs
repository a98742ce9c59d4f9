//! What is refused before anything is compiled: too many nodes, and loops.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};

use super::error::{ConditionError, ConditionErrorKind};
use super::parse::Parsed;
use super::source::error_at;
use super::spans::call_span;

/// Most nodes in a condition's syntax tree.
pub(crate) const MAX_NODES: usize = 200;

/// Checks the tree; the recursion ends with the node limit, so it is at most that deep.
pub(crate) fn check(parsed: &Parsed) -> Result<(), ConditionError> {
    let mut count = 0;
    walk(parsed, &parsed.tree, &mut count)
}

fn walk(parsed: &Parsed, node: &IdedExpr, count: &mut usize) -> Result<(), ConditionError> {
    *count += 1;
    if *count > MAX_NODES {
        return Err(error_at(
            &parsed.offsets.source,
            call_span(parsed, node),
            ConditionErrorKind::Limit,
            format!("the condition has more than {MAX_NODES} parts"),
            "split it into several rules",
        ));
    }
    match &node.expr {
        Expr::Comprehension(_) => Err(error_at(
            &parsed.offsets.source,
            call_span(parsed, node),
            ConditionErrorKind::Unsupported,
            "the macros all, exists, exists_one, filter and map are not supported",
            "compare single fields, or use `in` with a list",
        )),
        Expr::Call(call) => {
            call.target.iter().map(AsRef::as_ref).chain(&call.args).try_for_each(|child| walk(parsed, child, count))
        }
        Expr::Select(select) => walk(parsed, &select.operand, count),
        Expr::List(list) => list.elements.iter().try_for_each(|child| walk(parsed, child, count)),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| walk_entry(parsed, &entry.expr, count)),
        Expr::Struct(message) => message.entries.iter().try_for_each(|entry| walk_entry(parsed, &entry.expr, count)),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
    }
}

fn walk_entry(parsed: &Parsed, entry: &EntryExpr, count: &mut usize) -> Result<(), ConditionError> {
    match entry {
        EntryExpr::MapEntry(entry) => {
            walk(parsed, &entry.key, count)?;
            walk(parsed, &entry.value, count)
        }
        EntryExpr::StructField(field) => walk(parsed, &field.value, count),
    }
}
