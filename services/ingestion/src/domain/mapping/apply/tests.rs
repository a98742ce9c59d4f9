//! Bodies in, records out.

use common::record::AttributeValue;
use serde_json::json;

use super::*;
use crate::domain::provider::built_in;

fn map_with(definition: &Value, body: &str, headers: &[(&'static str, &'static str)]) -> Mapped {
    let mapping = Mapping::compile(definition).expect("a mapping");
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    mapping.apply(&header, body).expect("JSON")
}

fn map_as(provider: &str, body: &Value, headers: &[(&'static str, &'static str)]) -> Mapped {
    map_with(&built_in().find(provider).expect("in the catalogue").mapping, &body.to_string(), headers)
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::Text(value.into())
}

#[test]
fn a_generic_body_fills_every_field() {
    let body = json!({"id": "m-1", "title": "T", "text": "hello", "amount": 12.5, "currency": "eur",
        "counterparty": "Ann", "occurredAt": "2026-01-02T03:04:05+01:00",
        "attributes": {"vip": true, "score": 3, "channel": "form", "none": null, "nested": {"a": 1}}});
    let Mapped { external_id, normalized, .. } = map_as("generic", &body, &[]);
    assert_eq!(external_id.as_deref(), Some("m-1"));
    assert_eq!((normalized.title.as_deref(), normalized.text.as_str()), (Some("T"), "hello"));
    assert_eq!(normalized.amount.map(|amount| amount.to_string()).as_deref(), Some("12.5"));
    assert_eq!((normalized.currency.as_deref(), normalized.counterparty.as_deref()), (Some("EUR"), Some("Ann")));
    assert_eq!(normalized.occurred_at.map(|time| time.to_rfc3339()).as_deref(), Some("2026-01-02T02:04:05+00:00"));
    let attributes: Vec<_> = normalized.attributes.into_iter().collect();
    let expected = [
        ("channel", text("form")),
        ("nested", text("{\"a\":1}")),
        ("score", AttributeValue::Number(3.0)),
        ("vip", AttributeValue::Bool(true)),
    ];
    assert_eq!(attributes, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn a_body_without_text_becomes_the_text() {
    for body in ["{ \"a\" : 1.50 }", "[1, 2]", "7", "null", "{\"text\":\"  \"}", "{\"text\":null}"] {
        let mapped = map_with(&built_in().find("generic").expect("there").mapping, body, &[]);
        assert_eq!(mapped.normalized.text, compact(body));
    }
}

#[test]
fn standard_webhooks_may_wrap_in_data() {
    let wrapped = json!({"type": "ticket.created", "timestamp": "2026-01-02T03:04:05Z",
        "data": {"id": 7, "text": "inside", "attributes": {"a": "b"}}});
    let Mapped { external_id, normalized, .. } = map_as("standard-webhooks", &wrapped, &[]);
    assert_eq!((external_id.as_deref(), normalized.text.as_str()), (Some("7"), "inside"));
    assert_eq!(normalized.attributes["type"], text("ticket.created"));
    assert_eq!(normalized.attributes["a"], text("b"));
    assert!(normalized.occurred_at.is_some());
    let bare = map_as("standard-webhooks", &json!({"id": "x", "text": "bare"}), &[]);
    assert_eq!((bare.external_id.as_deref(), bare.normalized.text.as_str()), (Some("x"), "bare"));
}

#[test]
fn github_events_give_sensible_records() {
    let repository = json!({"full_name": "lanterns/tide-table", "html_url": "https://git.example/r"});
    let base = [("x-github-event", "issue_comment"), ("x-github-delivery", "d-1")];
    let comment = json!({"action": "created", "repository": repository, "sender": {"login": "mara"},
        "issue": {"title": "Low water", "body": "The issue", "number": 41, "state": "open", "user": {"login": "ole"},
            "updated_at": "2026-01-02T00:00:00Z"},
        "comment": {"body": "A comment", "html_url": "https://git.example/c", "user": {"login": "mara"},
            "updated_at": "2026-01-03T00:00:00Z"}});
    let Mapped { external_id, normalized, .. } = map_as("github", &comment, &base);
    assert_eq!(external_id.as_deref(), Some("d-1"));
    assert_eq!((normalized.title.as_deref(), normalized.text.as_str()), (Some("Low water"), "A comment"));
    assert_eq!(normalized.attributes["event"], text("issue_comment"));
    assert_eq!(normalized.attributes["author"], text("mara"));
    assert_eq!(normalized.attributes["number"], AttributeValue::Number(41.0));
    assert_eq!(normalized.occurred_at.map(|time| time.to_rfc3339()).as_deref(), Some("2026-01-03T00:00:00+00:00"));

    let empty = json!({"action": "opened", "repository": repository, "sender": {"login": "mara"},
        "issue": {"title": "No body", "body": null, "number": 1, "user": {"login": "mara"}}});
    assert_eq!(map_as("github", &empty, &[("x-github-event", "issues")]).normalized.text, "No body");

    let member = json!({"action": "added", "member": {"login": "nils"}, "repository": repository,
        "sender": {"login": "mara"}});
    let normalized = map_as("github", &member, &[("x-github-event", "member")]).normalized;
    assert_eq!(normalized.text, "member added nils in lanterns/tide-table by mara");
    assert_eq!(normalized.title.as_deref(), Some("nils"));

    let star = json!({"action": "created", "repository": repository, "sender": {"login": "mara"}});
    let normalized = map_as("github", &star, &[("x-github-event", "star")]).normalized;
    assert_eq!(normalized.title.as_deref(), Some("star in lanterns/tide-table"));
    assert_eq!(normalized.text, "star created in lanterns/tide-table by mara");
}

#[test]
fn what_does_not_fit_is_kept_as_an_attribute() {
    let body = json!({"text": "t", "amount": "about ten", "currency": "Euros", "occurredAt": "yesterday",
        "attributes": {"big": 9_007_199_254_740_993_u64}});
    let normalized = map_as("generic", &body, &[]).normalized;
    assert_eq!((normalized.amount, normalized.currency, normalized.occurred_at), (None, None, None));
    assert_eq!(normalized.attributes["amount"], text("about ten"));
    assert_eq!(normalized.attributes["currency"], text("Euros"));
    assert_eq!(normalized.attributes["occurredAt"], text("yesterday"));
    assert_eq!(normalized.attributes["big"], text("9007199254740993"));
}

#[test]
fn too_long_and_too_many_are_cut_and_marked() {
    let many: serde_json::Map<_, _> = (0..100).map(|n| (format!("k{n:03}"), json!(n))).collect();
    let body = json!({"id": "i".repeat(300), "title": "t".repeat(MAX_LINE + 1), "text": "é\u{0}".repeat(MAX_TEXT),
        "attributes": many});
    let Mapped { external_id, normalized, .. } = map_as("generic", &body, &[]);
    assert_eq!(external_id.expect("there").len(), MAX_EXTERNAL_ID);
    assert_eq!(normalized.text.chars().count(), MAX_TEXT);
    assert!(normalized.text.starts_with("é\u{FFFD}"));
    assert_eq!(normalized.attributes.len(), MAX_ATTRIBUTES);
    assert_eq!(normalized.attributes["truncated"], AttributeValue::Bool(true));
    assert!(normalized.violations("").is_empty(), "{:?}", normalized.violations(""));
}

#[test]
fn times_are_read_in_seconds_and_milliseconds() {
    for (value, expected) in [
        (json!(1_700_000_000), Some("2023-11-14T22:13:20+00:00")),
        (json!(1_700_000_000_000_i64), Some("2023-11-14T22:13:20+00:00")),
        (json!(i64::MAX), None),
        (json!(i64::MIN), None),
        (json!(-1e94), None),
        (json!("0000-01-01T00:00:00Z"), None),
        (json!(true), None),
    ] {
        assert_eq!(time(&value).map(|time| time.to_rfc3339()).as_deref(), expected, "{value}");
    }
}

#[test]
fn constants_headers_and_templates() {
    let definition = json!({"text": {"template": "{$.a} from {header:X-Who} {$.none}!"}, "title": {"const": "fixed"},
        "counterparty": [{"header": "x-none"}, {"template": "{$.none}"}, {"header": "x-who"}]});
    let normalized = map_with(&definition, "{\"a\":5}", &[("x-who", "me")]).normalized;
    assert_eq!((normalized.title.as_deref(), normalized.text.as_str()), (Some("fixed"), "5 from me !"));
    assert_eq!(normalized.counterparty.as_deref(), Some("me"));
}

#[test]
fn blank_names_are_no_attributes() {
    let body = json!({"text": "t", "attributes": {"": "a", "\t": "b", " ": "c", "\u{0}": "d", "kept": "e"}});
    let normalized = map_as("generic", &body, &[]).normalized;
    assert_eq!(normalized.attributes.keys().filter(|name| name.trim().is_empty()).count(), 0);
    assert_eq!(normalized.attributes["kept"], AttributeValue::Text("e".into()));
    assert!(normalized.violations("").is_empty(), "{:?}", normalized.violations(""));
}

proptest::proptest! {
    /// Whatever a source sends, a storable record comes of it.
    #[test]
    fn any_json_gives_a_storable_record(
        id in ".{0,300}", title in ".{0,20}", amount in "\\PC{0,12}", number: f64, key in ".{0,140}", value in ".*"
    ) {
        let mut body = json!({"id": id, "title": title, "amount": amount, "occurredAt": number, "attributes": {}});
        body["attributes"][key] = json!(value);
        let normalized = map_as("generic", &body, &[]).normalized;
        proptest::prop_assert!(normalized.violations("").is_empty(), "{:?}", normalized.violations(""));
    }
}
