//! Everything that the double knows, and the events that its changes make.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use crate::clock;
use crate::error::ApiError;
use crate::knobs::Knobs;

/// The version in whose shapes it answers.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// A webhook to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) url: String,
    pub(crate) secrets: Vec<String>,
    pub(crate) body: String,
}

/// How a customer's means of payment behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Card {
    /// Every payment succeeds.
    Good,
    /// The first payment succeeds, later ones fail.
    FailsLater,
    /// Every payment fails.
    Bad,
}

/// The answer to an idempotent call.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// The double's state.
#[derive(Debug)]
pub(crate) struct World {
    /// Where it is reached, for the links to its pages.
    pub(crate) base: String,
    /// How far its time is ahead, in seconds.
    pub(crate) ahead: i64,
    serial: u64,
    /// By kind, in the order in which they were made.
    objects: BTreeMap<&'static str, Vec<Value>>,
    places: HashMap<String, (&'static str, usize)>,
    pub(crate) cards: HashMap<String, Card>,
    pub(crate) kept: HashMap<String, Kept>,
    pub(crate) knobs: Knobs,
    /// Meter events by their identifier.
    pub(crate) meter_events: BTreeMap<String, Value>,
    outgoing: mpsc::Sender<Outgoing>,
}

impl World {
    pub(crate) fn new(base: String, outgoing: mpsc::Sender<Outgoing>) -> Self {
        Self {
            base,
            ahead: 0,
            serial: 0,
            objects: BTreeMap::new(),
            places: HashMap::new(),
            cards: HashMap::new(),
            kept: HashMap::new(),
            knobs: Knobs::default(),
            meter_events: BTreeMap::new(),
            outgoing,
        }
    }

    /// The double's time.
    pub(crate) fn now(&self) -> i64 {
        clock::machine() + self.ahead
    }

    /// A new id.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}_{:016x}{:06}", rand::random::<u64>(), self.serial)
    }

    /// Keeps a new object.
    pub(crate) fn add(&mut self, kind: &'static str, object: Value) -> Value {
        let of_kind = self.objects.entry(kind).or_default();
        self.places.insert(text(&object["id"]).to_owned(), (kind, of_kind.len()));
        of_kind.push(object.clone());
        object
    }

    /// The objects of a kind, the oldest first.
    pub(crate) fn all(&self, kind: &str) -> &[Value] {
        self.objects.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The object of that id, of whatever kind.
    pub(crate) fn find(&self, id: &str) -> Option<&Value> {
        let (kind, place) = self.places.get(id)?;
        self.objects.get(kind)?.get(*place)
    }

    /// The object of that kind and id.
    pub(crate) fn get(&self, kind: &'static str, id: &str) -> Result<&Value, ApiError> {
        let found = self.places.get(id).filter(|(known, _)| *known == kind).and_then(|_| self.find(id));
        found.ok_or_else(|| ApiError::no_such(kind, id))
    }

    /// Changes an object, and returns it with what was changed, as it was.
    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> (Value, Value) {
        let Some((kind, place)) = self.places.get(id) else { return (Value::Null, json!({})) };
        let Some(object) = self.objects.get_mut(kind).and_then(|of_kind| of_kind.get_mut(*place)) else {
            return (Value::Null, json!({}));
        };
        let before = object.clone();
        change(object);
        (object.clone(), previous(&before, object))
    }

    /// Makes an event of an object and sends it to every endpoint that wants it.
    pub(crate) fn emit(&mut self, kind: &str, object: &Value, previous: Option<Value>) {
        let mut data = json!({"object": shown(object.clone())});
        if let Some(previous) = previous {
            data["previous_attributes"] = shown(previous);
        }
        let id = self.id("evt");
        let endpoints: Vec<Value> = self.all("webhook_endpoint").to_vec();
        let wanting = endpoints.iter().filter(|endpoint| wants(endpoint, kind));
        let event = json!({
            "id": id, "object": "event", "account": null, "api_version": API_VERSION, "context": null,
            "created": self.now(), "data": data, "livemode": false, "pending_webhooks": wanting.clone().count(),
            "request": {"id": null, "idempotency_key": null}, "type": kind,
        });
        let body = serde_json::to_string_pretty(&event).unwrap_or_default();
        for endpoint in wanting {
            let secrets = [&endpoint["secret"], &endpoint["previous_secret"]];
            let outgoing = Outgoing {
                url: text(&endpoint["url"]).to_owned(),
                secrets: secrets.into_iter().filter_map(|secret| secret.as_str().map(str::to_owned)).collect(),
                body: body.clone(),
            };
            if self.outgoing.try_send(outgoing).is_err() {
                // Too many wait already: as when Stripe gives up, the event can only be listed.
                break;
            }
        }
        self.add("event", event);
    }
}

fn wants(endpoint: &Value, kind: &str) -> bool {
    let enabled = endpoint["enabled_events"].as_array().map_or(&[][..], Vec::as_slice);
    endpoint["status"] == "enabled" && enabled.iter().any(|one| one == "*" || one == kind)
}

/// The fields that differ, as they were.
fn previous(before: &Value, after: &Value) -> Value {
    let empty = Map::new();
    let (old, new) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let changed = old.iter().filter(|(key, value)| new.get(*key) != Some(value));
    Value::Object(changed.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// An object, or a list of them, without what only the double needs to know.
pub(crate) fn shown(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with("double"));
            if map.get("object").is_some_and(|kind| kind == "list")
                && let Some(data) = map.get_mut("data")
            {
                *data = shown(data.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = shown(item.take())),
        _ => {}
    }
    value
}

/// A string field; empty when it is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A whole number, as JSON or as a form's text.
pub(crate) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether a form's text or JSON says yes.
pub(crate) fn is_true(value: &Value) -> bool {
    value == &Value::Bool(true) || value == "true"
}
