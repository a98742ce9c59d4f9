//! Comparisons and `in`.

use std::cmp::Ordering;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, operators};

use super::code::{Code, Eval, NumberCode, Scalar, TextCode, TimeCode, fault};
use super::compiler::{Compiled, Compiler, into_dynamic, into_number, into_text};
use super::error::{ConditionErrorKind, EvalErrorReason};
use super::fields::{has_attribute, is_attributes};
use super::source::Span;

/// Most names of value lists that an error tells.
const MAX_NAMES_SHOWN: usize = 20;

impl Compiler<'_> {
    pub(crate) fn compare(&mut self, node: &IdedExpr, name: &str, left: &IdedExpr, right: &IdedExpr) -> Compiled<Code> {
        let codes = (self.expr(left)?, self.expr(right)?);
        let (first, second) = (codes.0.type_name(), codes.1.type_name());
        let spans = (self.span(left), self.span(right), self.span(node));
        let compared = match name {
            operators::EQUALS => equal(codes, true),
            operators::NOT_EQUALS => equal(codes, false),
            operators::LESS => order(codes, spans, |found| found == Ordering::Less),
            operators::LESS_EQUALS => order(codes, spans, |found| found != Ordering::Greater),
            operators::GREATER => order(codes, spans, |found| found == Ordering::Greater),
            _ => order(codes, spans, |found| found != Ordering::Less),
        };
        compared.map(Code::Bool).ok_or_else(|| {
            let (message, expected) = if first == second {
                (format!("{first} has no order"), "use == or != with it".to_owned())
            } else {
                (format!("cannot compare {first} with {second}"), format!("write {first} on both sides"))
            };
            self.error_in(self.own_span(node), ConditionErrorKind::Type, message, expected)
        })
    }

    /// `item in [..]` and `"name" in record.attributes`.
    pub(crate) fn contained(&mut self, node: &IdedExpr, item: &IdedExpr, list: &IdedExpr) -> Compiled<Code> {
        if is_attributes(list) {
            return Ok(Code::Bool(has_attribute(self.text(item)?)));
        }
        if let Expr::Select(select) = &list.expr
            && !select.test
            && matches!(&select.operand.expr, Expr::Ident(name) if name == "lists")
        {
            return self.listed(item, list, &select.field);
        }
        let Expr::List(list) = &list.expr else {
            let expected = "write a list such as `[\"EUR\", \"USD\"]`, `lists.name`, or `record.attributes`";
            return Err(self.unsupported(node, "`in` needs a list on its right", expected));
        };
        let item = self.expr(item)?;
        let mut elements = Vec::with_capacity(list.elements.len());
        for element in &list.elements {
            let code = self.expr(element)?;
            let (first, second) = (item.type_name(), code.type_name());
            if equal((item.clone(), code.clone()), true).is_none() {
                let message = format!("{first} is never equal to {second}");
                let expected = format!("the list must hold {first}");
                return Err(self.error_in(self.span(element), ConditionErrorKind::Type, message, expected));
            }
            elements.push(code);
        }
        Ok(Code::Bool(member(item, elements)))
    }

    /// `item in lists.name`.
    fn listed(&mut self, item: &IdedExpr, node: &IdedExpr, name: &str) -> Compiled<Code> {
        let item = self.text(item)?;
        let Some(list) = self.lists.get(name) else {
            let message = format!("there is no value list `{name}`");
            let names: Vec<_> = self.lists.names().take(MAX_NAMES_SHOWN).collect();
            let expected = match names.is_empty() {
                true => "create it first; there are no lists yet".to_owned(),
                false => format!("create it first, or use one of: {}", names.join(", ")),
            };
            return Err(self.error_in(self.span(node), ConditionErrorKind::Unknown, message, expected));
        };
        let list = Arc::clone(list);
        self.used_lists.insert(name, Arc::clone(&list));
        Ok(Code::Bool(match item {
            TextCode::Field(field) => Arc::new(move |view| Ok(list.contains(field.of(view)))),
            item => Arc::new(move |view| Ok(list.contains(&item.eval(view)?))),
        }))
    }
}

/// Equality; `None` when the types can never be equal. Attributes of another type are unequal, as in CEL.
fn equal(codes: (Code, Code), wanted: bool) -> Option<Eval<bool>> {
    Some(match codes {
        (Code::Number(left), Code::Number(right)) => numbers(left, right, move |a, b| (a == b) == wanted),
        (Code::Text(TextCode::Field(field)), Code::Text(TextCode::Literal(text)))
        | (Code::Text(TextCode::Literal(text)), Code::Text(TextCode::Field(field))) => {
            Arc::new(move |view| Ok((field.of(view) == &*text) == wanted))
        }
        (Code::Text(left), Code::Text(right)) => {
            Arc::new(move |view| Ok((left.eval(view)? == right.eval(view)?) == wanted))
        }
        (Code::Bool(left), Code::Bool(right)) => Arc::new(move |view| Ok((left(view)? == right(view)?) == wanted)),
        (Code::Time(left), Code::Time(right)) => {
            Arc::new(move |view| Ok((left.eval(view)? == right.eval(view)?) == wanted))
        }
        (Code::Dynamic(_), Code::Time(_)) | (Code::Time(_), Code::Dynamic(_)) => return None,
        (left @ Code::Dynamic(_), right) | (left, right @ Code::Dynamic(_)) => {
            Arc::new(move |view| Ok((left.eval(view)? == right.eval(view)?) == wanted))
        }
        _ => return None,
    })
}

/// Ordering; `None` when the types have no common order.
fn order(
    codes: (Code, Code),
    (left_span, right_span, span): (Span, Span, Span),
    wanted: impl Fn(Ordering) -> bool + Copy + Send + Sync + 'static,
) -> Option<Eval<bool>> {
    Some(match codes {
        (Code::Bool(_), Code::Bool(_)) => return None,
        (Code::Dynamic(left), Code::Dynamic(right)) => Arc::new(move |view| {
            let found = compare_scalars(&left.eval(view)?, &right.eval(view)?);
            found.map(wanted).ok_or_else(|| fault(EvalErrorReason::Incompatible, span))
        }),
        (left @ Code::Number(_), right) | (left, right @ Code::Number(_)) => {
            let (left, right) = (into_number(left, left_span)?, into_number(right, right_span)?);
            numbers(left, right, move |a, b| a.partial_cmp(&b).is_some_and(wanted))
        }
        (left @ Code::Text(_), right) | (left, right @ Code::Text(_)) => {
            let (left, right) = (into_text(left, left_span)?, into_text(right, right_span)?);
            Arc::new(move |view| Ok(wanted(left.eval(view)?.cmp(&right.eval(view)?))))
        }
        (Code::Time(left), Code::Time(right)) => times(left, right, wanted),
        _ => return None,
    })
}

/// A predicate on two numbers, specialised for the amount against a literal.
fn numbers(left: NumberCode, right: NumberCode, test: impl Fn(f64, f64) -> bool + Send + Sync + 'static) -> Eval<bool> {
    match (left, right) {
        (NumberCode::Amount(span), NumberCode::Literal(limit)) => Arc::new(move |view| match view.amount {
            Some(amount) => Ok(test(amount, limit)),
            None => Err(fault(EvalErrorReason::Absent, span)),
        }),
        (left, right) => Arc::new(move |view| Ok(test(left.eval(view)?, right.eval(view)?))),
    }
}

fn times(left: TimeCode, right: TimeCode, wanted: impl Fn(Ordering) -> bool + Send + Sync + 'static) -> Eval<bool> {
    Arc::new(move |view| Ok(wanted(left.eval(view)?.cmp(&right.eval(view)?))))
}

fn compare_scalars(left: &Scalar<'_>, right: &Scalar<'_>) -> Option<Ordering> {
    match (left, right) {
        (Scalar::Number(left), Scalar::Number(right)) => left.partial_cmp(right),
        (Scalar::Text(left), Scalar::Text(right)) => Some(left.cmp(right)),
        (Scalar::Bool(left), Scalar::Bool(right)) => Some(left.cmp(right)),
        (Scalar::Time(left), Scalar::Time(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Membership, specialised for a text among literals.
fn member(item: Code, elements: Vec<Code>) -> Eval<bool> {
    let texts: Option<Vec<Arc<str>>> = elements
        .iter()
        .map(|element| match element {
            Code::Text(TextCode::Literal(text)) => Some(Arc::clone(text)),
            _ => None,
        })
        .collect();
    match (into_item(item), texts) {
        (Ok(text), Some(texts)) => Arc::new(move |view| {
            let text = text.eval(view)?;
            Ok(texts.iter().any(|candidate| **candidate == *text))
        }),
        (Ok(text), None) => any_element(Code::Text(text), elements),
        (Err(other), _) => any_element(other, elements),
    }
}

fn into_item(item: Code) -> Result<TextCode, Code> {
    match item {
        Code::Text(text) => Ok(text),
        other => Err(other),
    }
}

/// Every element is evaluated, as CEL does in building the list: an error in one is the result.
fn any_element(item: Code, elements: Vec<Code>) -> Eval<bool> {
    let item = into_dynamic(item);
    Arc::new(move |view| {
        let item = item.eval(view)?;
        elements.iter().try_fold(false, |found, element| Ok(found | (element.eval(view)? == item)))
    })
}
