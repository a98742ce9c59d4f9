//! Nanoseconds a record of whole rule sets, on the rules and records of a JSON file.
//!
//! `cargo run --release -p classifier --example rule_speed -- data.json`, where `scripts/bench/rules_data.py` makes the
//! file. Prints a line of JSON for each size; `scripts/bench/rules.sh` gives the same file to other engines.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use classifier::{RecordView, RuleSet, RuleSource};
use common::RuleId;
use common::record::NormalizedRecord;
use common::rule::RuleStatus;
use serde::Deserialize;

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const BEST_OF: usize = 5;
const SOURCE: &str = "bank";

#[derive(Deserialize)]
struct Given {
    conditions: Vec<String>,
    records: Vec<NormalizedRecord>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name the file of conditions and records")?;
    let given: Given = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let views: Vec<_> = given.records.iter().map(|record| RecordView::new(record, SOURCE)).collect();
    let mut out = std::io::stdout().lock();
    for size in SIZES {
        let rules = sources(&given.conditions, size);
        let before = resident();
        let started = Instant::now();
        let set = RuleSet::compile(1, rules);
        let compiled = started.elapsed();
        let decided: Vec<Option<u128>> =
            views.iter().map(|view| set.decide(view).matched.map(|rule| rule.source().id.0.as_u128())).collect();
        let nanoseconds = nanoseconds(&set, &views);
        let resident = resident().saturating_sub(before);
        let report = serde_json::json!({
            "engine": "verdict",
            "rules": size,
            "nanoseconds": nanoseconds,
            "matched": decided.iter().flatten().count(),
            "records": views.len(),
            "broken": set.broken().count(),
            "alwaysTried": set.always_tried(),
            "compileMilliseconds": compiled.as_secs_f64() * 1e3,
            "residentBytes": resident,
            "estimatedBytes": set.bytes(),
            "decided": decided,
        });
        writeln!(out, "{report}")?;
    }
    Ok(())
}

/// The first `size` rules, each with a place of its own.
fn sources(conditions: &[String], size: usize) -> Vec<RuleSource> {
    let rule = |(number, condition): (u128, &String)| RuleSource {
        id: RuleId(uuid::Uuid::from_u128(number)),
        version: 1,
        name: format!("rule {number}"),
        condition: condition.clone(),
        label: format!("label {}", number % 50),
        priority: 100,
        status: RuleStatus::Active,
        requires_review: false,
    };
    (0..).zip(conditions).take(size).map(rule).collect()
}

fn nanoseconds(set: &RuleSet, views: &[RecordView<'_>]) -> f64 {
    let round = || {
        let started = Instant::now();
        for view in views {
            black_box(set.decide(black_box(view)));
        }
        started.elapsed().as_secs_f64() * 1e9 / views.len() as f64
    };
    (0..BEST_OF).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// What the process holds in memory, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split_whitespace().nth(1)?.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
