//! The stretch of source that a node of the syntax tree stands for.
//!
//! The parser keeps one token for each node, mostly the operator; errors and traces quote the whole expression.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use super::parse::Parsed;
use super::source::Span;

/// The node's own token: the operator, the dot, the bracket or the literal.
pub(crate) fn token_of(parsed: &Parsed, node: &IdedExpr) -> Span {
    parsed.offsets.offset_for(node.id).map_or(Span::new(0, 0), |(start, stop)| {
        let (start, stop) = (start as usize, stop as usize);
        Span::new(start, stop.saturating_add(1).min(parsed.offsets.source.len()))
    })
}

/// The whole expression, without grouping brackets around it.
pub(crate) fn span_of(parsed: &Parsed, node: &IdedExpr) -> Span {
    let mut span = own_span(parsed, node);
    for child in children(node) {
        span = span.union(grouped(parsed, span_of(parsed, child)));
    }
    span
}

/// The field name of a selection, for errors about the field.
pub(crate) fn name_span(parsed: &Parsed, node: &IdedExpr) -> Span {
    let own = own_span(parsed, node);
    let after_dot = skip_space(&parsed.offsets.source, own.start() + 1);
    if matches!(&node.expr, Expr::Select(select) if !select.test) { Span::new(after_dot, own.end()) } else { own }
}

/// A call from its name to its closing bracket, or an operator alone: where errors about it point.
pub(crate) fn call_span(parsed: &Parsed, node: &IdedExpr) -> Span {
    own_span(parsed, node)
}

fn own_span(parsed: &Parsed, node: &IdedExpr) -> Span {
    let source = parsed.offsets.source.as_str();
    let token = token_of(parsed, node);
    let opened = parsed.brackets.closing_of(token.start()).map(|end| end + 1);
    match (&node.expr, source.as_bytes().get(token.start())) {
        (Expr::Select(select), _) if !select.test => {
            let after = skip_space(source, token.end());
            let name = source[after..].find(|c: char| !is_name(c)).unwrap_or(source.len() - after);
            Span::new(token.start(), after + name)
        }
        (Expr::Literal(literal), _) if is_negative(literal) => {
            Span::new(source[..token.start()].rfind('-').unwrap_or(token.start()), token.end())
        }
        (_, Some(b'(')) => Span::new(name_before(source, token.start()), opened.unwrap_or(token.end())),
        _ => Span::new(token.start(), opened.unwrap_or(token.end())),
    }
}

fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.iter().map(AsRef::as_ref).chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .filter_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => Some(&entry.value),
                EntryExpr::StructField(_) => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Widens the span by the brackets that group it: those with no name before the opening one.
fn grouped(parsed: &Parsed, mut span: Span) -> Span {
    let source = parsed.offsets.source.as_str();
    loop {
        let before = source[..span.start()].trim_end();
        let Some(open) = before.len().checked_sub(1).filter(|_| before.ends_with('(')) else { return span };
        let end = skip_space(source, span.end());
        let name = &source[name_before(source, open)..open];
        if parsed.brackets.closing_of(open) != Some(end) || !matches!(name.trim(), "" | "in") {
            return span;
        }
        span = Span::new(open, end + 1);
    }
}

fn is_negative(literal: &LiteralValue) -> bool {
    match literal {
        LiteralValue::Int(number) => *number.inner() < 0,
        LiteralValue::Double(number) => number.inner().is_sign_negative(),
        _ => false,
    }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn skip_space(source: &str, from: usize) -> usize {
    let from = from.min(source.len());
    source.len() - source[from..].trim_start().len()
}

/// The start of the name that stands right before the offset; the offset itself when there is none.
fn name_before(source: &str, offset: usize) -> usize {
    let before = source[..offset].trim_end();
    let start = before.trim_end_matches(is_name).len();
    if start == before.len() { offset } else { start }
}
