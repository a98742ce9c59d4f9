//! The end of a play: the summary as a table, the last events, and in words what happened.

use serde_json::{Map, Value};

use super::outcome::Outcomes;
use super::review::Review;
use super::tally::Tally;
use crate::api::Api;
use crate::feed::Feed;
use crate::model::Event;
use crate::ui;

pub(super) async fn print(
    api: &Api,
    feed: &mut Feed,
    tally: &Tally,
    outcomes: &Outcomes,
    review: &Review,
) -> anyhow::Result<()> {
    let summary: Map<String, Value> = api.get("/reports/summary", &[]).await?;
    ui::heading("Summary (GET /reports/summary)");
    summary_lines(&summary).iter().for_each(ui::say);

    feed.drain(api, |_| {}).await?;
    ui::heading("Last events (GET /events)");
    feed.latest().map(event_line).for_each(ui::say);

    ui::heading("What happened");
    in_words(tally, outcomes, review).iter().for_each(ui::say);
    Ok(())
}

/// The summary, whatever fields it has grown: single values first, then each breakdown as a table.
fn summary_lines(summary: &Map<String, Value>) -> Vec<String> {
    // The series is for charts: too long to be read.
    let shown = || summary.iter().filter(|(name, _)| *name != "series");
    let singles: Map<String, Value> = shown()
        .filter(|(_, value)| !value.is_object() && !value.is_array())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut tables = vec![table_of_fields("overall", &singles)];
    for (name, value) in shown() {
        match value {
            Value::Object(fields) => tables.push(table_of_fields(name, fields)),
            Value::Array(rows) => tables.extend(table_of_rows(name, rows)),
            _ => {}
        }
    }
    tables.join("\n\n").lines().map(str::to_owned).collect()
}

fn table_of_fields(name: &str, fields: &Map<String, Value>) -> String {
    let rows: Vec<Vec<String>> = fields.iter().map(|(name, value)| vec![name.clone(), scalar(value)]).collect();
    ui::table(&[name, ""], &rows)
}

/// One row for each object: what it is about (its first text), then its numbers under their names.
fn table_of_rows(name: &str, rows: &[Value]) -> Option<String> {
    let first = rows.first()?.as_object()?;
    let numbers: Vec<&str> =
        first.iter().filter(|(_, value)| value.is_number()).map(|(name, _)| name.as_str()).collect();
    let headings: Vec<&str> = [name].into_iter().chain(numbers.iter().copied()).collect();
    let cells = |row: &Value| {
        let about = row.as_object().and_then(|fields| fields.values().find_map(Value::as_str)).unwrap_or("–");
        let values = numbers.iter().map(|number| scalar(&row[*number]));
        [about.to_owned()].into_iter().chain(values).collect::<Vec<_>>()
    };
    Some(ui::table(&headings, &rows.iter().map(cells).collect::<Vec<_>>()))
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{:.3}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// One event as a sentence: `#812 08:14:46 processing: record …3f9a was decided: groceries, by rule “Food shops”`.
fn event_line(event: &Event) -> String {
    let time = event.occurred_at.get(11..19).unwrap_or(&event.occurred_at);
    let subject = format!("{} …{}", event.subject.kind, tail(&event.subject.id));
    let label = event.label().unwrap_or("no label");
    let what = match event.kind.as_str() {
        "INGESTED" => format!("{subject} was stored"),
        "CLASSIFIED" => match event.reasoning().rule {
            Some(rule) => format!("{subject} was decided: {label}, by rule “{}”", rule.name),
            None => format!("{subject} was decided: {label}"),
        },
        "REVIEW_REQUESTED" => format!("a person is asked about {subject}"),
        "APPROVED" if event.data["outcome"] == "override" => format!("a person overruled {subject}: {label}"),
        "APPROVED" => format!("a person agreed about {subject}: {label}"),
        "RULE_CREATED" => format!("a rule was made: “{}”", event.data["name"].as_str().unwrap_or_default()),
        other => format!("{other} about {subject}"),
    };
    format!("  #{:<6} {time}  {:<10}  {what}", event.position, event.source_agent)
}

/// The end of an id: the beginning of a UUIDv7 is the time, which many share.
fn tail(id: &str) -> &str {
    id.get(id.len().saturating_sub(4)..).unwrap_or(id)
}

fn in_words(tally: &Tally, outcomes: &Outcomes, review: &Review) -> Vec<String> {
    let total = tally.total();
    let sums = outcomes.sums(tally.record_ids());
    let share = sums.rule * 100 / total.stored.max(1);
    let why = sums
        .why
        .iter()
        .map(|(why, count)| format!("{count} because {}", why.replace('_', " ")))
        .collect::<Vec<_>>()
        .join(", ");
    vec![
        format!("{} deliveries came in and {} became records.", total.sent, total.stored),
        format!("{} were repeats: recognised, answered with the first record, stored once.", total.duplicate),
        format!("{} were refused, forged or too old; none of them left a record.", total.rejected),
        format!("Rules decided {} records ({share} %); {} went to a person ({why}).", sums.rule, sums.person),
        format!(
            "A person agreed with {} proposals and overruled one; from that came the rule “{}”, which decided the \
             next message about {} alone.",
            review.approved, review.rule, review.code
        ),
        "Every step is an event with an actor and a trace id; read them with GET /api/v1/events.".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_of_any_shape_is_readable() {
        let summary = json!({
            "automationRate": 0.70123, "totals": {"records": 3}, "series": [{"at": "x"}],
            "byLabel": [{"label": "travel", "count": 2}], "byStage": {"rule": 2}, "bySource": [], "llmCost": null,
        });
        let lines = summary_lines(summary.as_object().expect("an object")).join("\n");
        for expected in ["automationRate  0.701", "records", "byLabel  count", "travel       2", "rule"] {
            assert!(lines.contains(expected), "{expected} is missing:\n{lines}");
        }
        assert!(!lines.contains("series"));
    }

    #[test]
    fn an_event_is_a_sentence() {
        let event: Event = serde_json::from_value(json!({
            "id": "e", "position": 812, "type": "APPROVED", "subject": {"type": "record", "id": "0199-3f9a"},
            "sourceAgent": "approvals", "occurredAt": "2025-10-13T07:14:46Z",
            "data": {"outcome": "override", "label": "travel"},
        }))
        .expect("the shape of the feed");
        assert_eq!(event_line(&event), "  #812    07:14:46  approvals   a person overruled record …3f9a: travel");
    }
}
