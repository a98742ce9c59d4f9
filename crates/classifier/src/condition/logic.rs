//! `&&`, `||`, `!` and `? :`, with CEL's rule that an error beside a deciding operand does not count.

use std::sync::Arc;

use cel::common::ast::IdedExpr;

use super::code::{Code, DynamicCode, Eval, NumberCode, Outcome, TextCode, TimeCode};
use super::compiler::{Compiled, Compiler, into_dynamic};
use super::error::ConditionErrorKind;
use super::source::Fault;
use crate::view::RecordView;

impl Compiler<'_> {
    pub(crate) fn and(&mut self, left: &IdedExpr, right: &IdedExpr) -> Compiled<Code> {
        let (left, right) = (self.bool(left)?, self.bool(right)?);
        Ok(Code::Bool(Arc::new(move |view| match left(view) {
            Ok(true) => right(view),
            Ok(false) => Ok(false),
            Err(fault) => absorb(fault, &right, view, false),
        })))
    }

    pub(crate) fn or(&mut self, left: &IdedExpr, right: &IdedExpr) -> Compiled<Code> {
        let (left, right) = (self.bool(left)?, self.bool(right)?);
        Ok(Code::Bool(Arc::new(move |view| match left(view) {
            Ok(false) => right(view),
            Ok(true) => Ok(true),
            Err(fault) => absorb(fault, &right, view, true),
        })))
    }

    pub(crate) fn not(&mut self, inner: &IdedExpr) -> Compiled<Code> {
        let inner = self.bool(inner)?;
        Ok(Code::Bool(Arc::new(move |view| inner(view).map(|value| !value))))
    }

    /// `test ? yes : no`; an attribute beside a fixed type makes the whole an attribute-like value.
    pub(crate) fn choose(&mut self, node: &IdedExpr, test: &IdedExpr, yes: &IdedExpr, no: &IdedExpr) -> Compiled<Code> {
        let test = self.bool(test)?;
        let branches = (self.expr(yes)?, self.expr(no)?);
        let (first, second) = (branches.0.type_name(), branches.1.type_name());
        Ok(match branches {
            (Code::Bool(yes), Code::Bool(no)) => Code::Bool(either(test, yes, no)),
            (Code::Number(yes), Code::Number(no)) => Code::Number(NumberCode::Computed(Arc::new(move |view| {
                if test(view)? { &yes } else { &no }.eval(view)
            }))),
            (Code::Time(yes), Code::Time(no)) => {
                Code::Time(TimeCode::Computed(Arc::new(move |view| if test(view)? { &yes } else { &no }.eval(view))))
            }
            (Code::Text(yes), Code::Text(no)) => Code::Text(TextCode::Choose(test, Arc::new((yes, no)))),
            (Code::Dynamic(yes), no) if !matches!(no, Code::Time(_)) => {
                Code::Dynamic(DynamicCode::Choose(test, Arc::new((yes, into_dynamic(no)))))
            }
            (yes, Code::Dynamic(no)) if !matches!(yes, Code::Time(_)) => {
                Code::Dynamic(DynamicCode::Choose(test, Arc::new((into_dynamic(yes), no))))
            }
            _ => {
                return Err(self.error_in(
                    self.own_span(node),
                    ConditionErrorKind::Type,
                    format!("the two branches differ: {first} and {second}"),
                    "give both branches the same type",
                ));
            }
        })
    }
}

fn either(test: Eval<bool>, yes: Eval<bool>, no: Eval<bool>) -> Eval<bool> {
    Arc::new(move |view| if test(view)? { yes(view) } else { no(view) })
}

/// The left operand failed: the right one decides if it can.
#[cold]
fn absorb(fault: Fault, right: &Eval<bool>, view: &RecordView<'_>, deciding: bool) -> Outcome<bool> {
    match right(view) {
        Ok(value) if value == deciding => Ok(value),
        Ok(_) => Err(fault),
        Err(other) => Err(fault.or(other)),
    }
}
