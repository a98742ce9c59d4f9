//! The shapes in a syntax tree that an index can use: literals, fields, attributes.

use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};

use super::code::TextField;
use super::fields::is_attributes;

/// A literal that an attribute is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    Text(Arc<str>),
    Number(f64),
    Bool(bool),
}

/// A text operand: a field, perhaps changed in a way that keeps its letters but for their case, or cut.
pub(crate) struct Operand {
    pub(crate) field: TextField,
    pub(crate) changed: bool,
    pub(crate) trimmed: bool,
}

pub(crate) fn literal(node: &IdedExpr) -> Option<Plain> {
    let Expr::Literal(literal) = &node.expr else { return None };
    Some(match literal {
        LiteralValue::Boolean(value) => Plain::Bool(*value.inner()),
        LiteralValue::Double(number) => Plain::Number(*number.inner()),
        LiteralValue::Int(number) => Plain::Number(*number.inner() as f64),
        LiteralValue::UInt(number) => Plain::Number(*number.inner() as f64),
        LiteralValue::String(text) => Plain::Text(text.inner().into()),
        LiteralValue::Null | LiteralValue::Bytes(_) => return None,
    })
}

fn field_name(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Select(select) if !select.test => match &select.operand.expr {
            Expr::Ident(name) if name == "record" => Some(&select.field),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn is_amount(node: &IdedExpr) -> bool {
    field_name(node) == Some("amount")
}

pub(crate) fn operand(node: &IdedExpr) -> Option<Operand> {
    if let Expr::Call(call) = &node.expr {
        let inner = operand(call.target.as_deref()?)?;
        return match call.func_name.as_str() {
            "lowerAscii" | "upperAscii" => Some(Operand { changed: true, ..inner }),
            "trim" => Some(Operand { changed: true, trimmed: true, ..inner }),
            _ => None,
        };
    }
    let field = match field_name(node)? {
        "text" => TextField::Text,
        "title" => TextField::Title,
        "currency" => TextField::Currency,
        "counterparty" => TextField::Counterparty,
        "source" => TextField::Source,
        _ => return None,
    };
    Some(Operand { field, changed: false, trimmed: false })
}

/// The name of the attribute that the node reads.
pub(crate) fn attribute(node: &IdedExpr) -> Option<Arc<str>> {
    match &node.expr {
        Expr::Select(select) if !select.test && is_attributes(&select.operand) => Some(select.field.as_str().into()),
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [map, key] if is_attributes(map) => match literal(key) {
                Some(Plain::Text(name)) => Some(name),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Whether an evaluation can fail in another way than by asking for an amount or a time that is missing.
pub(crate) fn may_fail(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::Select(select) => !select.test && is_attributes(&select.operand),
        Expr::Call(call) => {
            let fails = matches!(
                call.func_name.as_str(),
                operators::INDEX
                    | operators::ADD
                    | operators::SUBSTRACT
                    | operators::MULTIPLY
                    | operators::DIVIDE
                    | operators::MODULO
            );
            fails || call.target.iter().map(AsRef::as_ref).chain(&call.args).any(may_fail)
        }
        Expr::List(list) => list.elements.iter().any(may_fail),
        _ => false,
    }
}
