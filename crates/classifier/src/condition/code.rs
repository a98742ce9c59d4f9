//! What a condition is compiled to: one closure for each boolean, number and time, small enums for what borrows.
//!
//! Texts and attribute values are borrowed from the record or from the condition, which a closure's signature
//! cannot say; they are enums with an `eval` instead. Literals and fields stay visible so that operators can
//! specialise on them.

use std::borrow::Cow;
use std::sync::Arc;

use common::DateTime;
use common::record::AttributeValue;

use super::error::EvalErrorReason;
use super::source::{Fault, Span};
use crate::view::RecordView;

/// A value, or why there is none.
pub(crate) type Outcome<T> = Result<T, Fault>;
/// A compiled expression of a copyable type.
pub(crate) type Eval<T> = Arc<dyn Fn(&RecordView<'_>) -> Outcome<T> + Send + Sync>;

/// A compiled expression.
#[derive(Clone)]
pub(crate) enum Code {
    Bool(Eval<bool>),
    Number(NumberCode),
    Text(TextCode),
    Time(TimeCode),
    Dynamic(DynamicCode),
}

/// A number.
#[derive(Clone)]
pub(crate) enum NumberCode {
    Literal(f64),
    Amount(Span),
    Computed(Eval<f64>),
}

/// A time.
#[derive(Clone)]
pub(crate) enum TimeCode {
    Literal(DateTime),
    OccurredAt(Span),
    Computed(Eval<DateTime>),
}

/// A text.
#[derive(Clone)]
pub(crate) enum TextCode {
    Literal(Arc<str>),
    Field(TextField),
    Lower(Arc<TextCode>),
    Upper(Arc<TextCode>),
    Trim(Arc<TextCode>),
    Concat(Arc<(TextCode, TextCode)>),
    Choose(Eval<bool>, Arc<(TextCode, TextCode)>),
    FromDynamic(Arc<DynamicCode>, Span),
}

/// A text field of the record; a missing one reads as the empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TextField {
    Title,
    Text,
    Currency,
    Counterparty,
    Source,
}

/// A value whose type is known only when the record is.
#[derive(Clone)]
pub(crate) enum DynamicCode {
    Attribute(Arc<TextCode>, Span),
    Fixed(Arc<Code>),
    Add(Arc<(DynamicCode, DynamicCode)>, Span),
    Choose(Eval<bool>, Arc<(DynamicCode, DynamicCode)>),
}

/// A value read from an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Time(DateTime),
}

impl NumberCode {
    #[inline]
    pub(crate) fn eval(&self, view: &RecordView<'_>) -> Outcome<f64> {
        match self {
            Self::Literal(number) => Ok(*number),
            Self::Amount(span) => view.amount.ok_or_else(|| fault(EvalErrorReason::Absent, *span)),
            Self::Computed(eval) => eval(view),
        }
    }
}

impl TimeCode {
    #[inline]
    pub(crate) fn eval(&self, view: &RecordView<'_>) -> Outcome<DateTime> {
        match self {
            Self::Literal(time) => Ok(*time),
            Self::OccurredAt(span) => view.occurred_at.ok_or_else(|| fault(EvalErrorReason::Absent, *span)),
            Self::Computed(eval) => eval(view),
        }
    }
}

impl TextField {
    #[inline]
    pub(crate) fn of<'r>(self, view: &RecordView<'r>) -> &'r str {
        match self {
            Self::Text => view.text,
            Self::Title => view.title.unwrap_or_default(),
            Self::Currency => view.currency.unwrap_or_default(),
            Self::Counterparty => view.counterparty.unwrap_or_default(),
            Self::Source => view.source,
        }
    }
}

impl TextCode {
    pub(crate) fn eval<'a>(&'a self, view: &'a RecordView<'_>) -> Outcome<Cow<'a, str>> {
        Ok(match self {
            Self::Literal(text) => Cow::Borrowed(text),
            Self::Field(field) => Cow::Borrowed(field.of(view)),
            Self::Lower(inner) => map_text(inner.eval(view)?, u8::is_ascii_uppercase, str::to_ascii_lowercase),
            Self::Upper(inner) => map_text(inner.eval(view)?, u8::is_ascii_lowercase, str::to_ascii_uppercase),
            Self::Trim(inner) => match inner.eval(view)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            },
            Self::Concat(parts) => parts.0.eval(view)? + parts.1.eval(view)?,
            Self::Choose(test, branches) => return if test(view)? { &branches.0 } else { &branches.1 }.eval(view),
            Self::FromDynamic(inner, span) => match inner.eval(view)? {
                Scalar::Text(text) => text,
                _ => return Err(fault(EvalErrorReason::NotText, *span)),
            },
        })
    }
}

/// Maps the text unless it is already as wanted, so that the common case copies nothing.
fn map_text<'a>(text: Cow<'a, str>, changes: fn(&u8) -> bool, map: fn(&str) -> String) -> Cow<'a, str> {
    if text.bytes().any(|byte| changes(&byte)) { Cow::Owned(map(&text)) } else { text }
}

impl DynamicCode {
    pub(crate) fn eval<'a>(&'a self, view: &'a RecordView<'_>) -> Outcome<Scalar<'a>> {
        match self {
            Self::Attribute(name, span) => match view.attributes.get(name.eval(view)?.as_ref()) {
                Some(AttributeValue::Bool(value)) => Ok(Scalar::Bool(*value)),
                Some(AttributeValue::Number(number)) => Ok(Scalar::Number(*number)),
                Some(AttributeValue::Text(text)) => Ok(Scalar::Text(Cow::Borrowed(text))),
                None => Err(fault(EvalErrorReason::MissingAttribute, *span)),
            },
            Self::Fixed(code) => code.eval(view),
            Self::Add(parts, span) => match (parts.0.eval(view)?, parts.1.eval(view)?) {
                (Scalar::Number(left), Scalar::Number(right)) => finite(left + right, *span).map(Scalar::Number),
                (Scalar::Text(left), Scalar::Text(right)) => Ok(Scalar::Text(left + right)),
                _ => Err(fault(EvalErrorReason::Incompatible, *span)),
            },
            Self::Choose(test, branches) => if test(view)? { &branches.0 } else { &branches.1 }.eval(view),
        }
    }
}

impl Code {
    pub(crate) fn eval<'a>(&'a self, view: &'a RecordView<'_>) -> Outcome<Scalar<'a>> {
        match self {
            Self::Bool(eval) => eval(view).map(Scalar::Bool),
            Self::Number(code) => code.eval(view).map(Scalar::Number),
            Self::Text(code) => code.eval(view).map(Scalar::Text),
            Self::Time(code) => code.eval(view).map(Scalar::Time),
            Self::Dynamic(code) => code.eval(view),
        }
    }

    /// The type's name in messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Time(_) => "a time",
            Self::Dynamic(_) => "an attribute",
        }
    }
}

pub(crate) const fn fault(reason: EvalErrorReason, span: Span) -> Fault {
    Fault { reason, span }
}

/// The number, unless arithmetic left the range: then there is no value rather than a NaN that compares oddly.
pub(crate) fn finite(number: f64, span: Span) -> Outcome<f64> {
    if number.is_finite() { Ok(number) } else { Err(fault(EvalErrorReason::NotFinite, span)) }
}
