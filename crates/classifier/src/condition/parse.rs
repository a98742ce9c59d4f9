//! From source to syntax tree, with `cel`'s parser, and its errors put into words for authors.

use cel::ParseError;
use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::Parser;
use common::rule::MAX_CONDITION;

use super::brackets::Brackets;
use super::error::{ConditionError, ConditionErrorKind};
use super::source::{Span, error_at, offset_of};

/// Stack of the parser's thread. A debug build takes some 200 KiB for each nested bracket (measured), more than an
/// async worker's 2 MiB hold, and a stack overflow would end the process. The memory is touched only as needed.
const PARSER_STACK: usize = 16 << 20;

/// A parsed source.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) tree: IdedExpr,
    pub(crate) offsets: SourceInfo,
    pub(crate) brackets: Brackets,
}

/// Parses the source within the limits on its length and nesting.
pub(crate) fn parse(source: &str) -> Result<Parsed, ConditionError> {
    parse_each(&[source]).pop().unwrap_or_else(|| Err(refused(source, "the condition cannot be parsed")))
}

/// Parses each source, one after the other, on one thread of the parser's.
pub(crate) fn parse_each(sources: &[&str]) -> Vec<Result<Parsed, ConditionError>> {
    let scanned: Vec<Result<Brackets, ConditionError>> = sources.iter().map(|source| scan(source)).collect();
    let trees = std::thread::scope(|scope| {
        let work = || {
            let good = sources.iter().zip(&scanned).filter(|(_, scanned)| scanned.is_ok());
            good.map(|(source, _)| tree_of(source)).collect::<Vec<_>>()
        };
        let parser = std::thread::Builder::new().name("cel-parser".into()).stack_size(PARSER_STACK);
        parser.spawn_scoped(scope, work).map(std::thread::ScopedJoinHandle::join)
    });
    let mut trees = match trees {
        Ok(Ok(trees)) => trees.into_iter(),
        Ok(Err(_)) | Err(_) => Vec::new().into_iter(),
    };
    let mut next = |source: &str, brackets| match trees.next() {
        Some(Ok((tree, offsets))) => Ok(Parsed { tree, offsets, brackets }),
        Some(Err((line, column, message))) => Err(explain(source, offset_of(source, line, column), &message)),
        None => Err(refused(source, "the condition cannot be parsed")),
    };
    sources.iter().zip(scanned).map(|(source, scanned)| scanned.and_then(|brackets| next(source, brackets))).collect()
}

fn scan(source: &str) -> Result<Brackets, ConditionError> {
    if source.len() > MAX_CONDITION {
        return Err(too_long(source));
    }
    Brackets::scan(source)
}

/// A tree with its offsets, or line, column and message of what is wrong.
type Tree = Result<(IdedExpr, SourceInfo), (usize, usize, String)>;

fn tree_of(source: &str) -> Tree {
    // A panic of the parser's is that one condition's.
    let parse = || Parser::new().parse_with_source_info(source).map_err(|failed| first_error(&failed.errors));
    std::panic::catch_unwind(parse).unwrap_or_else(|_| Err((1, 1, "the parser failed".into())))
}

/// Position and message of the first error; syntax errors come first, they cause the others.
fn first_error(errors: &[ParseError]) -> (usize, usize, String) {
    let syntax = errors.iter().find(|error| error.msg.starts_with("Syntax error"));
    let Some(error) = syntax.or(errors.first()) else { return (1, 1, String::new()) };
    let narrow = |number: isize| usize::try_from(number).unwrap_or(1);
    (narrow(error.pos.0), narrow(error.pos.1), error.msg.clone())
}

fn too_long(source: &str) -> ConditionError {
    error_at(
        source,
        Span::new(0, 0),
        ConditionErrorKind::Limit,
        format!("the condition has {} bytes", source.len()),
        format!("at most {MAX_CONDITION} are allowed; split it into several rules"),
    )
}

fn refused(source: &str, message: &str) -> ConditionError {
    error_at(source, Span::new(0, source.len()), ConditionErrorKind::Syntax, message, "simplify it")
}

/// Puts a parser's message into words.
fn explain(source: &str, offset: usize, message: &str) -> ConditionError {
    let rest = &source[offset..];
    let word = leading_token(rest);
    let span = Span::new(offset, offset + word.len());
    let error = |kind, text: String, hint: &str| error_at(source, span, kind, text, hint);
    let syntax = ConditionErrorKind::Syntax;
    if source.trim().is_empty() {
        return error(syntax, "the condition is empty".into(), "write one such as `record.amount > 100.0`");
    }
    if message.contains("has() macro") {
        let hint =
            "ask for a field: `has(record.amount)`, `has(record.attributes.plan)`; or `\"plan\" in record.attributes`";
        return error(ConditionErrorKind::Unsupported, "has() does not take this".into(), hint);
    }
    if message.contains("Recursion limit") {
        let hint = "split the condition into several rules";
        return error(ConditionErrorKind::Limit, "the condition is nested too deeply".into(), hint);
    }
    if let Some(name) = message.strip_prefix("reserved identifier: ") {
        return error(syntax, format!("`{name}` is a reserved word"), "use another name");
    }
    if message.contains("literal") {
        return error(ConditionErrorKind::Literal, message_of_literal(message), "correct the literal");
    }
    if message.contains("argument must be a simple name") {
        return error(
            ConditionErrorKind::Unsupported,
            "macros over lists are not supported".into(),
            "compare single fields",
        );
    }
    if rest.is_empty() {
        return error(syntax, "the condition ends too early".into(), "complete it: a value is missing at the end");
    }
    error(syntax, format!("unexpected `{word}`"), hint_for(word))
}

fn message_of_literal(message: &str) -> String {
    let name = message.split(':').next().unwrap_or_default();
    format!("this is an {name}")
}

/// What an author who wrote this token probably meant.
fn hint_for(word: &str) -> &'static str {
    match word {
        "=" | "===" => "use `==` to compare",
        "&" | "and" | "AND" => "use `&&` for and",
        "|" | "or" | "OR" => "use `||` for or",
        "<>" => "use `!=` for not equal",
        "not" | "NOT" => "use `!` for not",
        "is" | "like" | "LIKE" => "use `==`, `contains(…)` or `matches(…)`",
        _ => "an operator such as `&&`, `||`, `==`, `<`, `in`, or the end of the condition, was expected before it",
    }
}

/// The token at the start of the text, near enough for a message.
fn leading_token(rest: &str) -> &str {
    let class = |character: char| match character {
        '_' => 0,
        _ if character.is_alphanumeric() => 0,
        '=' | '&' | '|' | '<' | '>' | '!' => 1,
        _ => 2,
    };
    let Some(first) = rest.chars().next() else { return rest };
    let end = match class(first) {
        2 => first.len_utf8(),
        own => rest.find(|character| class(character) != own).unwrap_or(rest.len()),
    };
    &rest[..end]
}
