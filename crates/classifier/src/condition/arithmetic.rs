//! `+ - * / %` and the unary minus; every number is a double.

use std::sync::Arc;

use cel::common::ast::{IdedExpr, operators};

use super::code::{Code, DynamicCode, NumberCode, TextCode, finite};
use super::compiler::{Compiled, Compiler, into_number, into_text};
use super::error::ConditionErrorKind;
use super::source::Span;

impl Compiler<'_> {
    pub(crate) fn arithmetic(
        &mut self,
        node: &IdedExpr,
        name: &str,
        left: &IdedExpr,
        right: &IdedExpr,
    ) -> Compiled<Code> {
        if name == operators::ADD {
            return self.add(node, left, right);
        }
        let (left, right) = (self.number(left)?, self.number(right)?);
        let span = self.span(node);
        Ok(Code::Number(match name {
            operators::SUBSTRACT => computed(left, right, span, |a, b| a - b),
            operators::MULTIPLY => computed(left, right, span, |a, b| a * b),
            operators::DIVIDE => computed(left, right, span, |a, b| a / b),
            _ => computed(left, right, span, |a, b| a % b),
        }))
    }

    /// A sum of numbers or a concatenation of texts; of two attributes, whatever they are.
    fn add(&mut self, node: &IdedExpr, left: &IdedExpr, right: &IdedExpr) -> Compiled<Code> {
        let codes = (self.expr(left)?, self.expr(right)?);
        let (first, second) = (codes.0.type_name(), codes.1.type_name());
        let (left, right, span) = (self.span(left), self.span(right), self.span(node));
        let sum = match codes {
            (Code::Dynamic(a), Code::Dynamic(b)) => Some(Code::Dynamic(DynamicCode::Add(Arc::new((a, b)), span))),
            (a @ Code::Number(_), b) | (a, b @ Code::Number(_)) => into_number(a, left)
                .zip(into_number(b, right))
                .map(|(a, b)| Code::Number(computed(a, b, span, |a, b| a + b))),
            (a @ Code::Text(_), b) | (a, b @ Code::Text(_)) => {
                into_text(a, left).zip(into_text(b, right)).map(|parts| Code::Text(TextCode::Concat(Arc::new(parts))))
            }
            _ => None,
        };
        sum.ok_or_else(|| {
            let message = format!("cannot add {first} and {second}");
            self.error_in(self.own_span(node), ConditionErrorKind::Type, message, "add two numbers or two texts")
        })
    }

    pub(crate) fn negate(&mut self, inner: &IdedExpr) -> Compiled<Code> {
        let inner = self.number(inner)?;
        Ok(Code::Number(NumberCode::Computed(Arc::new(move |view| inner.eval(view).map(|number| -number)))))
    }
}

fn computed(
    left: NumberCode,
    right: NumberCode,
    span: Span,
    operation: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
) -> NumberCode {
    NumberCode::Computed(Arc::new(move |view| finite(operation(left.eval(view)?, right.eval(view)?), span)))
}
