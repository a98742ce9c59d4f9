//! The walk over the syntax tree: each node becomes [`Code`], checked for its type on the way.

use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::code::{Code, DynamicCode, Eval, NumberCode, Scalar, TextCode, fault};
use super::error::{ConditionError, ConditionErrorKind, EvalErrorReason};
use super::parse::Parsed;
use super::source::{Span, error_at};
use super::spans::{call_span, name_span, span_of};
use crate::lists::ValueLists;

/// A sub-expression worth showing in a trace.
pub(crate) struct TracedCode {
    pub(crate) span: Span,
    pub(crate) code: Code,
}

/// Compiles one condition.
pub(crate) struct Compiler<'p> {
    parsed: &'p Parsed,
    /// Every value list that there is.
    pub(crate) lists: &'p ValueLists,
    /// Those that the condition refers to.
    pub(crate) used_lists: ValueLists,
    /// Every compiled sub-expression but literals, inner ones first.
    pub(crate) traced: Vec<TracedCode>,
    /// How many patterns were compiled.
    pub(crate) patterns: usize,
    /// The atoms of all patterns with counted repetitions.
    pub(crate) repeated_atoms: usize,
}

/// The outcome of compiling a part.
pub(crate) type Compiled<T> = Result<T, ConditionError>;

impl<'p> Compiler<'p> {
    pub(crate) fn new(parsed: &'p Parsed, lists: &'p ValueLists) -> Self {
        let used_lists = ValueLists::default();
        Self { parsed, lists, used_lists, traced: Vec::new(), patterns: 0, repeated_atoms: 0 }
    }

    /// Compiles the whole condition, which must be a boolean.
    pub(crate) fn condition(&mut self) -> Compiled<Eval<bool>> {
        let parsed = self.parsed;
        let code = self.expr(&parsed.tree)?;
        let found = code.type_name();
        let span = span_of(parsed, &parsed.tree);
        into_bool(code, span).ok_or_else(|| {
            self.error_in(
                span,
                ConditionErrorKind::Type,
                format!("a condition must be a boolean, this is {found}"),
                "compare it with something, for example `record.amount > 100.0`",
            )
        })
    }

    /// Compiles a node of any type.
    pub(crate) fn expr(&mut self, node: &IdedExpr) -> Compiled<Code> {
        let code = match &node.expr {
            Expr::Literal(literal) => return self.literal(node, literal),
            Expr::Ident(name) => return Err(self.bare_name(node, name)),
            Expr::Select(select) if select.test => self.has(node, select)?,
            Expr::Select(select) => self.field(node, select)?,
            Expr::Call(call) => self.call(node, call)?,
            Expr::List(_) => {
                return Err(self.unsupported(node, "a list stands in the wrong place", "a list may only follow `in`"));
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Comprehension(_) | Expr::Unspecified => {
                return Err(self.unsupported(node, "maps and messages are not supported", "compare single fields"));
            }
        };
        self.traced.push(TracedCode { span: self.span(node), code: code.clone() });
        Ok(code)
    }

    fn literal(&self, node: &IdedExpr, literal: &LiteralValue) -> Compiled<Code> {
        Ok(match literal {
            LiteralValue::Boolean(value) => {
                let value = *value.inner();
                Code::Bool(Arc::new(move |_| Ok(value)))
            }
            LiteralValue::Double(number) => Code::Number(NumberCode::Literal(*number.inner())),
            LiteralValue::Int(number) => Code::Number(NumberCode::Literal(*number.inner() as f64)),
            LiteralValue::UInt(number) => Code::Number(NumberCode::Literal(*number.inner() as f64)),
            LiteralValue::String(text) => Code::Text(TextCode::Literal(text.inner().into())),
            LiteralValue::Null => {
                return Err(self.unsupported(node, "null is not supported", "ask with `has(record.amount)`"));
            }
            LiteralValue::Bytes(_) => {
                return Err(self.unsupported(node, "byte literals are not supported", "write a text: \"…\""));
            }
        })
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Compiled<Code> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, [left, right]) => self.and(left, right),
            (operators::LOGICAL_OR, [left, right]) => self.or(left, right),
            (operators::LOGICAL_NOT, [inner]) => self.not(inner),
            (operators::CONDITIONAL, [test, yes, no]) => self.choose(node, test, yes, no),
            (operators::IN, [item, list]) => self.contained(node, item, list),
            (operators::INDEX, [map, key]) => self.indexed(node, map, key),
            (operators::NEGATE, [inner]) => self.negate(inner),
            (name, [left, right]) if is_comparison(name) => self.compare(node, name, left, right),
            (name, [left, right]) if is_arithmetic(name) => self.arithmetic(node, name, left, right),
            _ => self.function(node, call),
        }
    }

    /// Compiles a node that must be a boolean.
    pub(crate) fn bool(&mut self, node: &IdedExpr) -> Compiled<Eval<bool>> {
        let code = self.expr(node)?;
        let found = code.type_name();
        into_bool(code, self.span(node)).ok_or_else(|| self.mismatch(node, "a boolean", found))
    }

    /// Compiles a node that must be a number.
    pub(crate) fn number(&mut self, node: &IdedExpr) -> Compiled<NumberCode> {
        let code = self.expr(node)?;
        let found = code.type_name();
        into_number(code, self.span(node)).ok_or_else(|| self.mismatch(node, "a number", found))
    }

    /// Compiles a node that must be a text.
    pub(crate) fn text(&mut self, node: &IdedExpr) -> Compiled<TextCode> {
        let code = self.expr(node)?;
        let found = code.type_name();
        into_text(code, self.span(node)).ok_or_else(|| self.mismatch(node, "a text", found))
    }

    pub(crate) fn span(&self, node: &IdedExpr) -> Span {
        span_of(self.parsed, node)
    }

    pub(crate) fn name_span(&self, node: &IdedExpr) -> Span {
        name_span(self.parsed, node)
    }

    pub(crate) fn own_span(&self, node: &IdedExpr) -> Span {
        call_span(self.parsed, node)
    }

    pub(crate) fn error_in(
        &self,
        span: Span,
        kind: ConditionErrorKind,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> ConditionError {
        error_at(&self.parsed.offsets.source, span, kind, message, expected)
    }

    pub(crate) fn unsupported(&self, node: &IdedExpr, message: &str, expected: &str) -> ConditionError {
        self.error_in(self.span(node), ConditionErrorKind::Unsupported, message, expected)
    }

    fn mismatch(&self, node: &IdedExpr, wanted: &str, found: &str) -> ConditionError {
        let message = format!("{wanted} is needed here, this is {found}");
        self.error_in(self.span(node), ConditionErrorKind::Type, message, format!("write {wanted}"))
    }
}

fn is_comparison(name: &str) -> bool {
    matches!(
        name,
        operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS
    )
}

fn is_arithmetic(name: &str) -> bool {
    matches!(name, operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO)
}

/// The code as a boolean: attributes are checked for each record, other types are refused.
pub(crate) fn into_bool(code: Code, span: Span) -> Option<Eval<bool>> {
    match code {
        Code::Bool(eval) => Some(eval),
        Code::Dynamic(inner) => Some(Arc::new(move |view| match inner.eval(view)? {
            Scalar::Bool(value) => Ok(value),
            _ => Err(fault(EvalErrorReason::NotBoolean, span)),
        })),
        _ => None,
    }
}

/// The code as a number.
pub(crate) fn into_number(code: Code, span: Span) -> Option<NumberCode> {
    match code {
        Code::Number(number) => Some(number),
        Code::Dynamic(inner) => Some(NumberCode::Computed(Arc::new(move |view| match inner.eval(view)? {
            Scalar::Number(number) => Ok(number),
            _ => Err(fault(EvalErrorReason::NotNumber, span)),
        }))),
        _ => None,
    }
}

/// The code as a text.
pub(crate) fn into_text(code: Code, span: Span) -> Option<TextCode> {
    match code {
        Code::Text(text) => Some(text),
        Code::Dynamic(inner) => Some(TextCode::FromDynamic(Arc::new(inner), span)),
        _ => None,
    }
}

/// The code as a value whose type shows later.
pub(crate) fn into_dynamic(code: Code) -> DynamicCode {
    match code {
        Code::Dynamic(inner) => inner,
        fixed => DynamicCode::Fixed(Arc::new(fixed)),
    }
}
