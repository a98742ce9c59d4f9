//! What a record must show for a condition to come to anything but a miss, as far as that can be looked up quickly.
//!
//! A need is *necessary*, never sufficient: where it is not met, [`super::Condition::matches`] is `Ok(false)`. It
//! speaks of "true or no value", because a condition without a value is told in the receipt and so is no miss.

use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::code::{Eval, TextField};
use super::compiler::Compiler;
use super::fields::is_attributes;
use super::literals;
use super::parse::Parsed;
pub(crate) use super::shape::Plain;
use super::shape::{Operand, attribute, is_amount, literal, may_fail, operand};
use super::source::text_of;
use super::spans::span_of;
use crate::lists::ValueLists;

/// What must be so: one clue of each of these. With none, nothing is known; with one that has no clues, the condition
/// never comes to anything but a miss.
#[derive(Clone, Debug, Default)]
pub(crate) struct Need(Vec<Vec<Clue>>);

/// Something that a record shows or does not.
#[derive(Clone)]
pub(crate) enum Clue {
    /// The field is this text.
    Equals(TextField, Arc<str>),
    /// The text occurs in the field, ASCII case aside.
    Part(TextField, Place, Arc<str>),
    /// The amount is within these bounds, both included; or there is none, if `or_absent`.
    Amount { from: f64, to: f64, or_absent: bool },
    /// The record has the attribute.
    Attribute(Arc<str>),
    /// The record does not have it.
    NoAttribute(Arc<str>),
    /// The attribute is this value.
    AttributeIs(Arc<str>, Plain),
    /// A part of the condition that other rules share, known by its source, is true or has no value.
    Shared(Arc<str>, Eval<bool>),
}

/// Where in a field a text occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Anywhere,
    Start,
    End,
    Whole,
}

/// Most alternatives of one condition; beyond it the condition is tried on every record.
const MAX_CLUES: usize = 256;

impl Need {
    /// Nothing is known: the condition must be tried.
    const UNKNOWN: Self = Self(Vec::new());

    fn never() -> Self {
        Self(vec![Vec::new()])
    }

    fn one(clue: Clue) -> Self {
        Self(vec![vec![clue]])
    }

    /// Each of which must be met by itself, so that an index can choose.
    pub(crate) fn options(&self) -> &[Vec<Clue>] {
        &self.0
    }

    fn or(self, other: Self) -> Self {
        match (self.best(), other.best()) {
            (Some(mut one), Some(other)) if one.len() + other.len() <= MAX_CLUES => {
                one.extend(other);
                Self(vec![one])
            }
            _ => Self::UNKNOWN,
        }
    }

    fn best(self) -> Option<Vec<Clue>> {
        let share = |clues: &Vec<Clue>| clues.iter().map(Clue::share).sum::<f64>();
        self.0.into_iter().min_by(|one, other| share(one).total_cmp(&share(other)))
    }
}

impl Clue {
    /// About the share of records that show it; only the order matters.
    pub(crate) fn share(&self) -> f64 {
        match self {
            Self::Equals(TextField::Currency | TextField::Source, _) => 0.3,
            Self::Equals(_, text) if text.is_empty() => 0.5,
            Self::Equals(..) => 0.002,
            Self::Part(TextField::Currency | TextField::Source, ..) => 0.4,
            Self::Part(_, place, text) => {
                let share = [1.0, 0.9, 0.4, 0.1, 0.03, 0.01, 0.004][text.chars().count().min(6)];
                if *place == Place::Anywhere { share } else { share / 2.0 }
            }
            Self::Amount { from, to, .. } if from.is_finite() && to.is_finite() => {
                0.01 + 0.2 * ((to - from) / (1.0 + from.abs() + to.abs())).clamp(0.0, 1.0)
            }
            Self::Amount { .. } => 0.5,
            Self::Attribute(_) => 0.4,
            Self::NoAttribute(_) => 0.35,
            Self::AttributeIs(_, Plain::Bool(_)) => 0.3,
            Self::AttributeIs(..) => 0.05,
            Self::Shared(..) => 0.15,
        }
    }
}

/// The need of a condition that was compiled without an error.
pub(crate) fn of(parsed: &Parsed, lists: &ValueLists) -> Need {
    let walk = Walk { parsed, lists, may_fail: may_fail(&parsed.tree) };
    walk.need(&parsed.tree, true)
}

struct Walk<'p> {
    parsed: &'p Parsed,
    lists: &'p ValueLists,
    /// Whether the condition can be without a value for another reason than a missing amount or time. Then a missing
    /// amount may hide a failure in another part, which is to be told.
    may_fail: bool,
}

impl Walk<'_> {
    /// What must be so for the part to be `wanted` or without a value.
    fn need(&self, node: &IdedExpr, wanted: bool) -> Need {
        match &node.expr {
            Expr::Literal(LiteralValue::Boolean(value)) if *value.inner() != wanted => Need::never(),
            Expr::Select(select) if select.test && wanted && is_attributes(&select.operand) => {
                Need::one(Clue::Attribute(select.field.as_str().into()))
            }
            Expr::Call(call) => self.call(node, call, wanted),
            _ => Need::UNKNOWN,
        }
    }

    fn call(&self, node: &IdedExpr, call: &CallExpr, wanted: bool) -> Need {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, _, [inner]) => self.need(inner, !wanted),
            (operators::LOGICAL_AND | operators::LOGICAL_OR, ..) if (name == operators::LOGICAL_AND) == wanted => {
                let mut parts = Vec::new();
                self.conjuncts(node, wanted, &mut parts);
                all_of(parts)
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR, _, [left, right]) => {
                self.need(left, wanted).or(self.need(right, wanted))
            }
            (operators::EQUALS, _, [left, right]) if wanted => self.equal(left, right),
            (operators::NOT_EQUALS, _, [left, right]) if !wanted => self.equal(left, right),
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                _,
                [left, right],
            ) => self.ordered(name, left, right, wanted),
            (operators::IN, _, [item, list]) if wanted => self.contained(node, item, list),
            ("contains", Some(text), [part]) if wanted => part_of(text, part, Place::Anywhere),
            ("startsWith", Some(text), [part]) if wanted => part_of(text, part, Place::Start),
            ("endsWith", Some(text), [part]) if wanted => part_of(text, part, Place::End),
            ("matches", Some(text), [pattern]) | ("matches", None, [text, pattern]) if wanted => {
                matching(text, pattern)
            }
            _ => Need::UNKNOWN,
        }
    }

    /// The parts that must all be `wanted`, nested ones laid flat.
    fn conjuncts(&self, node: &IdedExpr, wanted: bool, parts: &mut Vec<Vec<Clue>>) {
        let joint = if wanted { operators::LOGICAL_AND } else { operators::LOGICAL_OR };
        match &node.expr {
            Expr::Call(call) if call.func_name == joint => {
                call.args.iter().for_each(|part| self.conjuncts(part, wanted, parts));
            }
            _ => parts.extend(self.need(node, wanted).0),
        }
    }

    fn equal(&self, left: &IdedExpr, right: &IdedExpr) -> Need {
        let (side, literal) = match (literal(left), literal(right)) {
            (None, Some(literal)) => (left, literal),
            (Some(literal), None) => (right, literal),
            _ => return Need::UNKNOWN,
        };
        self.equal_to(side, literal)
    }

    fn equal_to(&self, side: &IdedExpr, literal: Plain) -> Need {
        if let Some(name) = attribute(side) {
            return Need(vec![vec![Clue::AttributeIs(Arc::clone(&name), literal), Clue::NoAttribute(name)]]);
        }
        match literal {
            Plain::Text(text) => match operand(side) {
                Some(Operand { field, changed: false, .. }) => Need::one(Clue::Equals(field, text)),
                Some(operand) => operand.shows(Place::Whole, text),
                None => Need::UNKNOWN,
            },
            Plain::Number(number) if is_amount(side) => self.amount(number, number),
            Plain::Number(_) | Plain::Bool(_) => Need::UNKNOWN,
        }
    }

    fn amount(&self, from: f64, to: f64) -> Need {
        Need::one(Clue::Amount { from, to, or_absent: self.may_fail })
    }

    fn ordered(&self, name: &str, left: &IdedExpr, right: &IdedExpr, wanted: bool) -> Need {
        let (limit, mirrored) = match (is_amount(left), literal(right), literal(left), is_amount(right)) {
            (true, Some(Plain::Number(limit)), ..) => (limit, false),
            (.., Some(Plain::Number(limit)), true) => (limit, true),
            _ => return Need::UNKNOWN,
        };
        // Bounds are included on both sides: a need may be wider than the condition.
        let below = matches!(name, operators::LESS | operators::LESS_EQUALS);
        if below == (mirrored == wanted) {
            self.amount(limit, f64::INFINITY)
        } else {
            self.amount(f64::NEG_INFINITY, limit)
        }
    }

    fn contained(&self, node: &IdedExpr, item: &IdedExpr, list: &IdedExpr) -> Need {
        match &list.expr {
            _ if is_attributes(list) => match literal(item) {
                Some(Plain::Text(name)) => Need::one(Clue::Attribute(name)),
                _ => Need::UNKNOWN,
            },
            Expr::List(list) => {
                let elements: Option<Vec<Plain>> = list.elements.iter().map(literal).collect();
                // Nothing is in an empty list, but the item may be without a value all the same.
                let Some(elements) = elements.filter(|elements| !elements.is_empty()) else { return Need::UNKNOWN };
                elements.into_iter().map(|element| self.equal_to(item, element)).fold(Need::never(), Need::or)
            }
            _ => self.shared(node),
        }
    }

    /// Membership in a value list: every rule with the same one shares the look-up.
    fn shared(&self, node: &IdedExpr) -> Need {
        let source = text_of(&self.parsed.offsets.source, span_of(self.parsed, node));
        match Compiler::new(self.parsed, self.lists).bool(node) {
            Ok(eval) => Need::one(Clue::Shared(source.into(), eval)),
            Err(_) => Need::UNKNOWN,
        }
    }
}

/// Parts that must all be met.
fn all_of(mut parts: Vec<Vec<Clue>>) -> Need {
    let present: Vec<Arc<str>> = parts
        .iter()
        .filter_map(|clues| match clues.as_slice() {
            [Clue::Attribute(name)] => Some(Arc::clone(name)),
            _ => None,
        })
        .collect();
    // `"k" in record.attributes && record.attributes.k == 1`: with the guard, nobody need look for records without it.
    for clues in &mut parts {
        clues.retain(|clue| !matches!(clue, Clue::NoAttribute(name) if present.contains(name)));
    }
    parts.extend(joint_amount(&parts));
    Need(parts)
}

/// `amount >= 5 && amount < 10` as one interval.
fn joint_amount(parts: &[Vec<Clue>]) -> Option<Vec<Clue>> {
    let amounts = parts.iter().filter_map(|clues| match clues.as_slice() {
        [Clue::Amount { from, to, or_absent }] => Some((*from, *to, *or_absent)),
        _ => None,
    });
    let (from, to, or_absent) = amounts.clone().reduce(|one, other| (one.0.max(other.0), one.1.min(other.1), one.2))?;
    (amounts.count() > 1).then(|| vec![Clue::Amount { from, to, or_absent }])
}

impl Operand {
    fn shows(&self, place: Place, text: Arc<str>) -> Need {
        if text.is_empty() {
            return Need::UNKNOWN;
        }
        let place = if self.trimmed { Place::Anywhere } else { place };
        Need::one(Clue::Part(self.field, place, text))
    }
}

fn part_of(text: &IdedExpr, part: &IdedExpr, place: Place) -> Need {
    match (operand(text), literal(part)) {
        (Some(operand), Some(Plain::Text(part))) => operand.shows(place, part),
        _ => Need::UNKNOWN,
    }
}

fn matching(text: &IdedExpr, pattern: &IdedExpr) -> Need {
    let (Some(operand), Some(Plain::Text(pattern))) = (operand(text), literal(pattern)) else { return Need::UNKNOWN };
    let one_of = |texts: literals::AnyOf| {
        let shown = texts.into_iter().map(|text| Clue::Part(operand.field, Place::Anywhere, text.into()));
        shown.collect::<Vec<_>>()
    };
    Need(literals::required(&pattern).into_iter().map(one_of).collect())
}

impl std::fmt::Debug for Clue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Equals(field, text) => write!(f, "{field:?} == {text:?}"),
            Self::Part(field, place, text) => write!(f, "{text:?} {place:?} in {field:?}"),
            Self::Amount { from, to, or_absent } => write!(f, "amount {from}..{to} or absent: {or_absent}"),
            Self::Attribute(name) => write!(f, "has {name:?}"),
            Self::NoAttribute(name) => write!(f, "has no {name:?}"),
            Self::AttributeIs(name, value) => write!(f, "{name:?} == {value:?}"),
            Self::Shared(source, _) => write!(f, "{source}"),
        }
    }
}

#[cfg(test)]
#[path = "need_tests.rs"]
mod tests;
