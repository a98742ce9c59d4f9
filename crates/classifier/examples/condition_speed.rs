//! Nanoseconds per evaluation of compiled conditions, beside the same written by hand in Rust, in one run.
//!
//! `cargo run --release -p classifier --example condition_speed`

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use classifier::{Condition, RecordView};
use common::record::{AttributeValue, NormalizedRecord};
use regex::Regex;

const RECORDS: usize = 1_000;
const ROUNDS: usize = 200;
const BEST_OF: usize = 7;

type Native = Box<dyn Fn(&RecordView<'_>) -> bool>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let records: Vec<_> = (0..RECORDS).map(record).collect();
    let views: Vec<_> = records.iter().map(|record| RecordView::new(record, "bank")).collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:>8} {:>8} {:>6} {:>5}  condition", "ns", "native", "ratio", "hits")?;
    for (source, native) in cases()? {
        let condition = Condition::compile(source)?;
        let hits = views.iter().filter(|view| native(view)).count();
        let compiled = nanoseconds(&views, |view| condition.matches(view).unwrap_or(false));
        let native = nanoseconds(&views, native);
        writeln!(out, "{compiled:>8.1} {native:>8.1} {:>6.2} {hits:>5}  {source}", compiled / native)?;
    }
    let source = cases()?[0].0;
    let started = Instant::now();
    for _ in 0..ROUNDS {
        black_box(Condition::compile(black_box(source))?);
    }
    writeln!(out, "compile: {:.0} µs", started.elapsed().as_secs_f64() * 1e6 / ROUNDS as f64)?;
    Ok(())
}

fn cases() -> Result<Vec<(&'static str, Native)>, regex::Error> {
    let refund = Regex::new("(?i)refund")?;
    Ok(vec![
        (
            r#"record.amount > 100.0 && record.counterparty.startsWith("ACME") || record.text.matches("(?i)refund")"#,
            Box::new(move |view| {
                view.amount.is_some_and(|amount| amount > 100.0)
                    && view.counterparty.unwrap_or_default().starts_with("ACME")
                    || refund.is_match(view.text)
            }),
        ),
        (r#"record.text.contains("never")"#, Box::new(|view| view.text.contains("never"))),
        (
            r#"record.text.lowerAscii().contains("refund")"#,
            Box::new(|view| view.text.to_ascii_lowercase().contains("refund")),
        ),
        (
            r#"record.currency in ["EUR", "USD"] && record.amount >= 50.0"#,
            Box::new(|view| {
                matches!(view.currency.unwrap_or_default(), "EUR" | "USD") && view.amount.is_some_and(|a| a >= 50.0)
            }),
        ),
        (
            r#"record.attributes["plan"] == "pro""#,
            Box::new(|view| matches!(view.attributes.get("plan"), Some(AttributeValue::Text(plan)) if plan == "pro")),
        ),
    ])
}

fn nanoseconds(views: &[RecordView<'_>], test: impl Fn(&RecordView<'_>) -> bool) -> f64 {
    let round = || {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            for view in views {
                black_box(test(black_box(view)));
            }
        }
        started.elapsed().as_secs_f64() * 1e9 / (ROUNDS * views.len()) as f64
    };
    (0..BEST_OF).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// A record of some 80 characters; about one in five is hit by the first condition.
fn record(index: usize) -> NormalizedRecord {
    let text = if index % 10 == 3 {
        "Please, I would like to ask for a Refund of my last order, it never came to me."
    } else {
        "Card payment at the usual shop on the corner, monthly groceries, thank you all."
    };
    NormalizedRecord {
        text: text.into(),
        amount: format!("{}.50", index % 400).parse().ok(),
        currency: Some(["EUR", "USD", "CHF"][index % 3].into()),
        counterparty: Some(if index.is_multiple_of(6) { "ACME Ltd" } else { "Corner Shop" }.into()),
        attributes: [("plan".to_owned(), AttributeValue::Text(["pro", "free"][index % 2].into()))].into(),
        ..NormalizedRecord::default()
    }
}
