//! Random well-typed conditions, in our spelling and in `cel`'s.

use proptest::prelude::*;
use proptest::strategy::Union;

/// One condition, as an author writes it and as `cel` is asked.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) ours: String,
    pub(crate) cel: String,
}

type Gen = BoxedStrategy<Pair>;

const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

fn same(source: impl Into<String>) -> Pair {
    let ours = source.into();
    Pair { cel: ours.clone(), ours }
}

fn pick(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(choices)
}

fn one_of(choices: &'static [&'static str]) -> Gen {
    pick(choices).prop_map(same).boxed()
}

/// Both spellings from one template.
fn join(parts: &[&Pair], template: impl Fn(&[&str]) -> String) -> Pair {
    let ours: Vec<_> = parts.iter().map(|part| part.ours.as_str()).collect();
    let cel: Vec<_> = parts.iter().map(|part| part.cel.as_str()).collect();
    Pair { ours: template(&ours), cel: template(&cel) }
}

fn binary(left: Gen, operators: &'static [&'static str], right: Gen) -> Gen {
    (left, pick(operators), right)
        .prop_map(|(a, operator, b)| join(&[&a, &b], |p| format!("({} {operator} {})", p[0], p[1])))
        .boxed()
}

fn ternary(test: Gen, branch: &Gen) -> Gen {
    (test, branch.clone(), branch.clone())
        .prop_map(|(t, a, b)| join(&[&t, &a, &b], |p| format!("({} ? {} : {})", p[0], p[1], p[2])))
        .boxed()
}

fn attribute() -> Gen {
    one_of(&["record.attributes['n']", "record.attributes[\"t\"]", "record.attributes.b", "record.attributes['no']"])
}

/// Tests that need no operands of their own, as conditions of ternaries below booleans.
fn simple_bool() -> Gen {
    prop_oneof![
        one_of(&["true", "false", "('n' in record.attributes)", "has(record.attributes.t)", "record.attributes.b"]),
        pick(&["title", "currency", "counterparty", "amount", "occurredAt"])
            .prop_map(|field| Pair { ours: format!("has(record.{field})"), cel: format!("present.{field}") }),
    ]
    .boxed()
}

fn number_literal() -> Gen {
    pick(&["0", "1", "5", "2.5", "-1", "-7.25"])
        .prop_map(|number| {
            let double = if number.contains('.') { number.to_owned() } else { format!("{number}.0") };
            Pair { ours: format!("({number})"), cel: format!("({double})") }
        })
        .boxed()
}

fn number() -> Gen {
    let leaf = prop_oneof![
        3 => number_literal(),
        3 => Just(same("record.amount")),
        2 => attribute(),
        1 => text_leaf().prop_map(|t| Pair { ours: format!("size({})", t.ours), cel: format!("double(size({}))", t.cel) }),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let inner = inner.boxed();
        let division = (inner.clone(), prop::sample::select(vec![("/", "quo"), ("%", "rem")]), inner.clone());
        // One operand is a number for certain: two attributes that are texts would be a text to `+`.
        prop_oneof![
            binary(number_literal(), &["+", "-", "*"], inner.clone()),
            binary(Just(same("record.amount")).boxed(), &["+", "-", "*"], inner.clone()),
            binary(attribute(), &["+"], attribute()),
            division.prop_map(|(a, (ours, cel), b)| Pair {
                ours: format!("({} {ours} {})", a.ours, b.ours),
                cel: format!("{cel}({}, {})", a.cel, b.cel),
            }),
            inner.clone().prop_map(|n| join(&[&n], |p| format!("(-{})", p[0]))),
            ternary(simple_bool(), &inner),
        ]
    })
    .boxed()
}

fn text_literal() -> Gen {
    one_of(&["''", "'EUR'", "\"refund\"", "'e'", "r'ä'", "' '", "'ACME'"])
}

fn text_leaf() -> Gen {
    prop_oneof![
        text_literal(),
        one_of(&["record.text", "record.title", "record.currency", "record.counterparty", "record.source"]),
        attribute(),
    ]
    .boxed()
}

fn text() -> Gen {
    text_leaf()
        .prop_recursive(2, 6, 2, |inner| {
            let inner = inner.boxed();
            prop_oneof![
                binary(text_literal(), &["+"], inner.clone()),
                binary(inner.clone(), &["+"], one_of(&["record.text", "record.title"])),
                (inner.clone(), pick(&["lowerAscii", "upperAscii", "trim"]))
                    .prop_map(|(t, function)| join(&[&t], |p| format!("{}.{function}()", p[0]))),
                ternary(simple_bool(), &inner),
            ]
        })
        .boxed()
}

fn time() -> Gen {
    one_of(&["record.occurredAt", "timestamp('2026-01-01T00:00:00Z')", "timestamp('2026-01-01T02:00:00+01:00')"])
}

fn list(element: Gen) -> Gen {
    prop::collection::vec(element, 0..4)
        .prop_map(|elements| join(&elements.iter().collect::<Vec<_>>(), |p| format!("[{}]", p.join(", "))))
        .boxed()
}

fn member(item: Gen, elements: Gen) -> Gen {
    (item, list(elements)).prop_map(|(item, list)| join(&[&item, &list], |p| format!("({} in {})", p[0], p[1]))).boxed()
}

/// A field, changed, and tested: what is compiled specially.
fn changed_text_test() -> Gen {
    (
        pick(&["title", "text", "currency", "counterparty"]),
        pick(&["lowerAscii", "upperAscii", "trim"]),
        prop::sample::select(vec![".contains", ".startsWith", ".endsWith", " =="]),
        pick(&["ACME", "acme", "eur", "ä", "refund", " "]),
    )
        .prop_map(|(field, change, test, part)| same(format!("(record.{field}.{change}(){test}('{part}'))")))
        .boxed()
}

fn text_test() -> Gen {
    let tests = (text(), pick(&["contains", "startsWith", "endsWith"]), text_leaf())
        .prop_map(|(a, test, b)| join(&[&a, &b], |p| format!("{}.{test}({})", p[0], p[1])));
    let patterns = (text(), pick(&["'(?i)REFUND'", "'^ ?[A-Z]+$'", "r'\\d'", "'ä|Ö'"]))
        .prop_map(|(a, pattern)| join(&[&a], |p| format!("{}.matches({pattern})", p[0])));
    Union::new_weighted(vec![(2, tests.boxed()), (1, patterns.boxed()), (3, changed_text_test())]).boxed()
}

/// A condition.
pub(crate) fn bool_pair() -> Gen {
    let scalar = || prop_oneof![number_literal(), text_literal(), one_of(&["true", "false"])].boxed();
    let leaf = prop_oneof![
        1 => simple_bool(),
        3 => binary(number(), COMPARISONS, number_literal()),
        1 => binary(number_literal(), COMPARISONS, number()),
        2 => binary(text(), COMPARISONS, text_literal()),
        1 => binary(one_of(&["record.text", "record.title"]), COMPARISONS, text()),
        1 => binary(time(), COMPARISONS, time()),
        1 => binary(attribute(), COMPARISONS, attribute()),
        2 => binary(attribute(), &["==", "!="], scalar()),
        1 => member(one_of(&["record.currency", "'e'"]), text_leaf()),
        1 => member(Just(same("record.amount")).boxed(), number_literal()),
        1 => member(attribute(), scalar()),
        6 => text_test(),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let inner = inner.boxed();
        prop_oneof![
            4 => binary(inner.clone(), &["&&", "||"], inner.clone()),
            1 => binary(inner.clone(), &["==", "!="], inner.clone()),
            1 => inner.clone().prop_map(|b| join(&[&b], |p| format!("!({})", p[0]))),
            1 => ternary(inner.clone(), &inner),
        ]
    })
    .boxed()
}
