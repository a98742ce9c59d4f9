//! Composing the document: paths of all services, responses put into the envelope, access taken from the table.
//!
//! A document that is not as expected loses what cannot be understood and never keeps the gateway from starting.

use serde_json::{Map, Value, json};

use super::{answers, schemas};
use crate::routes::{self, Access, Route, Verb};

/// The committed documents, bodies as they are inside the envelope.
const PARTS: [(&str, &str); 6] = [
    ("gateway", include_str!("../../../../proto-docs/openapi/gateway.json")),
    ("ingestion", include_str!("../../../../proto-docs/openapi/ingestion.json")),
    ("processing", include_str!("../../../../proto-docs/openapi/processing.json")),
    ("approvals", include_str!("../../../../proto-docs/openapi/approvals.json")),
    ("billing", include_str!("../../../../proto-docs/openapi/billing.json")),
    ("reporting", include_str!("../../../../proto-docs/openapi/reporting.json")),
];
const JSON: &str = "application/json";

/// The whole contract, as `GET /api/v1/openapi.json` answers it.
#[must_use]
pub fn document(public_url: &str) -> Value {
    let mut paths = Map::new();
    let mut components = envelope_schemas();
    for (service, text) in PARTS {
        let mut part: Value = serde_json::from_str(text).unwrap_or_default();
        schemas::adopt(&mut components, service, &mut part);
        let Some(Value::Object(own)) = part.get_mut("paths").map(Value::take) else { continue };
        for (path, item) in own {
            let Value::Object(operations) = item else { continue };
            let slot = paths.entry(path.clone()).or_insert_with(|| json!({}));
            for (method, mut operation) in operations {
                finish(&path, &method, &mut operation);
                slot[method] = operation;
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Verdict",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every JSON answer is an envelope: `data`, `error` and `meta`. Error codes are permanent; \
                `message` says what happened and what to do next. Lists are paged by `limit` and `cursor`. Every POST \
                that creates or acts takes an `Idempotency-Key`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": answers::headers(),
            "parameters": answers::parameters(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key"},
            },
        },
    })
}

/// Puts an operation's responses into the envelope and says who may call it.
fn finish(path: &str, method: &str, operation: &mut Value) {
    let route = route_of(path, method);
    if let Some(route) = route {
        describe_access(route, operation);
    }
    if let Some(route) = route {
        answers::complete(route, operation);
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    if let Some(empty) = responses.remove("204") {
        responses.entry("200").or_insert(empty);
    }
    for (status, response) in responses.iter_mut() {
        if status.starts_with('4') || status.starts_with('5') || status == "default" {
            answers::frame_error(status, response);
        } else if !status.starts_with('3') {
            frame_data(response);
        }
        if let Some(route) = route {
            answers::describe_headers(route, status, response);
        }
    }
}

fn route_of(path: &str, method: &str) -> Option<&'static Route> {
    let verb = Verb::parse(&method.to_ascii_uppercase())?;
    routes::all().find(|route| route.verb == verb && same_path(route.path, path))
}

/// Whether two paths are the same but for the names of their variables.
fn same_path(one: &str, other: &str) -> bool {
    let is_variable = |segment: &str| segment.starts_with('{');
    one.split('/').count() == other.split('/').count()
        && one.split('/').zip(other.split('/')).all(|(a, b)| a == b || (is_variable(a) && is_variable(b)))
}

fn describe_access(route: &Route, operation: &mut Value) {
    let text = match route.access {
        Access::Public => {
            operation["security"] = json!([]);
            return;
        }
        Access::Member => "Needs any role.".to_owned(),
        Access::Person => "Needs a signed-in person.".to_owned(),
        Access::Permission(permission) => {
            operation["x-permission"] = permission.as_str().into();
            format!("Needs `{permission}`.")
        }
    };
    let described = operation.get("description").and_then(Value::as_str).filter(|text| !text.is_empty());
    operation["description"] =
        described.map_or_else(|| text.clone(), |described| format!("{described}\n\n{text}")).into();
}

fn frame_data(response: &mut Value) {
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else {
        response["content"] = json!({JSON: {"schema": data_envelope(&json!({"type": "null"}))}});
        return;
    };
    // Files, streams and documents with a form of their own stay as they are.
    if let Some(media) = content.get_mut(JSON) {
        let data = media.get("schema").cloned().unwrap_or_else(|| json!({}));
        media["schema"] = data_envelope(&data);
        if let Some(example) = media.get_mut("example").map(Value::take) {
            media["example"] = json!({"data": example, "error": null, "meta": {"traceId": "0".repeat(32)}});
        }
    }
}

fn data_envelope(data: &Value) -> Value {
    let meta = if data["type"] == "array" { "PageMeta" } else { "Meta" };
    json!({
        "type": "object",
        "required": ["data", "error", "meta"],
        "properties": {
            "data": data,
            "error": {"type": "null"},
            "meta": {"$ref": format!("#/components/schemas/{meta}")},
        },
    })
}

fn envelope_schemas() -> Map<String, Value> {
    let trace_id = json!({"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "W3C trace id of the request"});
    let cursor = json!({"type": ["string", "null"], "description": "Cursor of the next page; null at the end"});
    let schemas = json!({
        "Meta": {"type": "object", "required": ["traceId"], "properties": {"traceId": trace_id}},
        "PageMeta": {
            "type": "object",
            "required": ["traceId", "nextCursor"],
            "properties": {"traceId": trace_id, "nextCursor": cursor},
        },
        "Error": {
            "type": "object",
            "required": ["code", "message", "context"],
            "properties": {
                "code": {"type": "string", "enum": codes(), "description": "Permanent; see proto-docs/errors.md"},
                "message": {"type": "string", "description": "What happened and what to do next"},
                "context": {"type": "object", "description": "Machine-readable facts"},
            },
        },
        "ErrorEnvelope": {
            "type": "object",
            "required": ["data", "error", "meta"],
            "properties": {
                "data": {"type": "null"},
                "error": {"$ref": "#/components/schemas/Error"},
                "meta": {"$ref": "#/components/schemas/Meta"},
            },
        },
    });
    let Value::Object(schemas) = schemas else { return Map::new() };
    schemas
}

fn codes() -> Vec<&'static str> {
    common::ErrorCode::ALL.iter().map(|code| code.as_str()).collect()
}
