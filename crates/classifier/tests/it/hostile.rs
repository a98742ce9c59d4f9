//! Input meant to hurt: nothing here may take long, use much memory, or end the process.

use std::time::{Duration, Instant};

use classifier::{Condition, ConditionErrorKind, RecordView};
use proptest::prelude::*;

use crate::sample::{SOURCE, full};

fn refused(condition: &str) -> ConditionErrorKind {
    let started = Instant::now();
    let error = Condition::compile(condition).expect_err("hostile");
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?} for {}", error.fragment);
    error.kind
}

#[test]
fn too_much_of_anything_is_refused() {
    use ConditionErrorKind::{Limit, Syntax, Unsupported};
    let table = [
        ("deep brackets", format!("{}true{}", "(".repeat(1_000), ")".repeat(1_000)), Limit),
        ("open brackets", "(".repeat(2_000), Limit),
        ("deep lists", format!("1 in {}1{}", "[".repeat(40), "]".repeat(40)), Limit),
        ("20,000 terms", vec!["true"; 20_000].join("&&"), Limit),
        ("400 terms", vec!["true"; 300].join("&&"), Limit),
        ("long sum", format!("{} == 1", vec!["1"; 900].join("+")), Limit),
        ("long path", format!("record{} == 1", ".a".repeat(900)), Limit),
        ("long else", format!("{}true", "true?true:".repeat(150)), Limit),
        ("minus signs", "-".repeat(2_000), Syntax),
        ("nested maps", "{1:".repeat(400), Limit),
        ("nested map macros", "[1].map(a,[1].map(b,[1].map(c,a+b+c)))==1".into(), Unsupported),
        ("too long", format!("record.text == '{}'", "a".repeat(4_000)), Limit),
        ("many patterns", ["record.text.matches('a')"; 11].join("||"), Limit),
        ("giant pattern", "record.text.matches('(a{1000}){1000}')".into(), Limit),
        ("slow pattern", "record.text.matches('[a-z]{5000}z')".into(), Limit),
        ("nested pattern", format!("record.text.matches('{}')", "(".repeat(1_000)), ConditionErrorKind::Literal),
    ];
    for (name, condition, kind) in table {
        assert_eq!(refused(&condition), kind, "{name}");
    }
}

#[test]
fn the_allowed_limits_work_on_a_small_stack() {
    let deepest = format!("{}record.amount > 1{}", "(".repeat(32), ")".repeat(32));
    let widest = vec!["record.amount>1"; 40].join("&&");
    let sum = format!("{} > 1", vec!["1"; 99].join("+"));
    let nots = format!("{}true", "!".repeat(2_000));
    let work = move || {
        for condition in [&deepest, &widest, &sum, &nots] {
            let compiled = Condition::compile(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
            let record = full();
            let view = RecordView::new(&record, SOURCE);
            assert_eq!(compiled.matches(&view), Ok(true), "{condition}");
            assert!(!compiled.trace(&view).is_empty() || condition.ends_with("true"));
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).expect("a thread");
    thread.join().expect("no panic");
}

/// Searches that would be quadratic when done letter by letter.
#[test]
fn searches_are_linear() {
    let mut record = full();
    record.text = "a".repeat(65_000);
    let part = format!("{}b", "a".repeat(1_500));
    for condition in [
        format!("record.text.contains('{part}')"),
        format!("record.text.lowerAscii().contains('{part}')"),
        "record.text.matches('(a|aa)*b$')".to_owned(),
        "record.text.matches('[ab]{499}z')".to_owned(),
    ] {
        let compiled = Condition::compile(&condition).expect("within the limits");
        let started = Instant::now();
        assert_eq!(compiled.matches(&RecordView::new(&record, SOURCE)), Ok(false));
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}: {condition}", started.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever the text, compiling answers, and a position it gives lies within the text.
    #[test]
    fn any_text_gets_an_answer(text in token_soup()) {
        match Condition::compile(&text) {
            Ok(condition) => {
                let record = full();
                let view = RecordView::new(&record, SOURCE);
                let _ = condition.matches(&view);
                let _ = condition.trace(&view);
            }
            Err(error) => {
                let lines: Vec<_> = text.split('\n').collect();
                let line = lines.get(error.line as usize - 1).map_or(0, |line| line.chars().count());
                prop_assert!(error.column as usize <= line + 1, "{text:?}: {error}");
                prop_assert!(!error.expected.is_empty());
            }
        }
    }
}

fn token_soup() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        6 => prop::sample::select(vec![
            "record", ".text", ".amount", ".attributes", "[", "]", "(", ")", "{", "}", "\"a\"", "'ä'", "1", "2.5",
            "&&", "||", "!", "==", "<", " in ", "+", "-", "%", "?", ":", ",", "has(", ".contains(", ".map(x,",
            ".size()", "r'", "\"\"\"", "//", "\n", " ", "timestamp(", "null", "b''", "`", ".?", "[?", "if", "\\",
            "has(record.amount)", "record.attributes['k']", "x", "1u", "0x", "1e999", "\r",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}
