//! What a call answers besides what its own document says: the errors of the gate, the extractors and the way to the
//! service, and the headers of every answer. From here each error's status has the codes that it comes with.

use actix_web::http::StatusCode;
use common::ErrorCode;
use serde_json::{Map, Value, json};

use crate::envelope;
use crate::routes::{Access, RateClass, Route, Target, Verb};

/// POSTs that take no `Idempotency-Key`: they change nothing, or a second time nothing more, or have a proof of
/// their own that is good for one time.
const WITHOUT_KEY: [&str; 10] = [
    "/api/v1/auth/logout",
    "/api/v1/auth/password/forgot",
    "/api/v1/tenants/current/leave",
    "/api/v1/integrations/{id}/mapping/test",
    "/api/v1/integrations/webhooks/{provider}/{integrationId}",
    "/api/v1/billing/webhooks/{provider}",
    "/api/v1/rules/test",
    "/api/v1/rules/preview",
    "/api/v1/rules/import/plan",
    "/api/v1/processing/explain",
];
const JSON: &str = "application/json";

/// Whether the call takes an `Idempotency-Key`.
pub(super) fn takes_key(route: &Route) -> bool {
    route.verb == Verb::Post && !WITHOUT_KEY.contains(&route.path)
}

/// Adds to an operation's responses what every call of its kind can answer, and to its parameters the key.
pub(super) fn complete(route: &Route, operation: &mut Value) {
    for code in implied(operation).into_iter().chain(general(route, operation)) {
        name(operation, code);
    }
    if takes_key(route) {
        let parameters = operation.as_object_mut().map(|operation| operation.entry("parameters").or_insert(json!([])));
        if let Some(Value::Array(parameters)) = parameters {
            parameters.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
        }
    }
}

/// What a call's own errors mean that name no code: the plain one of their status.
fn implied(operation: &Value) -> Vec<ErrorCode> {
    let responses = operation["responses"].as_object().into_iter().flatten();
    let of = |(status, response): (&String, &Value)| {
        let status: StatusCode = status.parse().ok().filter(|_| status.starts_with(['4', '5']))?;
        let described = response["description"].as_str().unwrap_or_default();
        codes_in(described, status.as_u16()).is_empty().then(|| envelope::code_for(status))
    };
    responses.filter_map(of).collect()
}

/// Errors that a call's own document need not name.
fn general(route: &Route, operation: &Value) -> Vec<ErrorCode> {
    let mut codes = vec![ErrorCode::InvalidRequest, ErrorCode::ServiceUnavailable];
    if route.access != Access::Public {
        codes.extend([ErrorCode::Unauthenticated, ErrorCode::TokenExpired, ErrorCode::SessionRevoked]);
        if !route.before_second_factor {
            codes.extend([
                ErrorCode::SecondFactorRequired,
                ErrorCode::SecondFactorEnrolmentRequired,
                ErrorCode::SignInProviderRequired,
            ]);
        }
    }
    if matches!(route.access, Access::Person | Access::Permission(_)) {
        codes.push(ErrorCode::Forbidden);
    }
    if route.path.contains('{') {
        codes.push(ErrorCode::NotFound);
    }
    if takes_key(route) {
        codes.extend([ErrorCode::IdempotencyInProgress, ErrorCode::IdempotencyKeyReused]);
    }
    if has_parameter(operation, "If-Match") {
        codes.push(ErrorCode::VersionConflict);
    }
    if route.verb != Verb::Get {
        codes.push(ErrorCode::PayloadTooLarge);
    }
    if operation["requestBody"]["content"].get(JSON).is_some() && route.rate != RateClass::Webhook {
        codes.extend([ErrorCode::UnsupportedMediaType, ErrorCode::ValidationFailed]);
    }
    if route.rate != RateClass::Exempt {
        codes.push(ErrorCode::RateLimited);
    }
    if matches!(route.target, Target::Upstream(_)) {
        codes.extend([ErrorCode::UpstreamUnavailable, ErrorCode::UpstreamTimeout]);
    }
    codes
}

fn has_parameter(operation: &Value, name: &str) -> bool {
    operation["parameters"].as_array().is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
}

/// Notes that a call can answer the code.
fn name(operation: &mut Value, code: ErrorCode) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    let response = responses.entry(code.status().to_string()).or_insert_with(|| json!({"description": ""}));
    let described = response["description"].as_str().unwrap_or_default();
    if codes_in(described, code.status()).contains(&code) {
        return;
    }
    let separator = if described.is_empty() { "" } else { "; " };
    response["description"] = format!("{described}{separator}`{}`", code.as_str()).into();
}

/// The codes of that status that a description names between back ticks.
pub(super) fn codes_in(description: &str, status: u16) -> Vec<ErrorCode> {
    let quoted = description.split('`').skip(1).step_by(2);
    quoted.filter_map(ErrorCode::parse).filter(|code| code.status() == status).collect()
}

/// Puts an error's response into the envelope, with the codes that its description names.
pub(super) fn frame_error(status: &str, response: &mut Value) {
    let described = response["description"].as_str().unwrap_or_default();
    let codes = codes_in(described, status.parse().unwrap_or_default());
    let codes: Vec<&str> = codes.into_iter().map(ErrorCode::as_str).collect();
    let narrowed = json!({"properties": {"error": {"properties": {"code": {"enum": codes}}}}});
    let schema = json!({"allOf": [{"$ref": "#/components/schemas/ErrorEnvelope"}, narrowed]});
    response["content"] = json!({JSON: {"schema": schema}});
}

/// Says which headers an answer has.
pub(super) fn describe_headers(route: &Route, status: &str, response: &mut Value) {
    let mut headers = vec![("x-trace-id", "TraceId")];
    if route.rate != RateClass::Exempt {
        headers.extend([
            ("RateLimit-Limit", "RateLimitLimit"),
            ("RateLimit-Remaining", "RateLimitRemaining"),
            ("RateLimit-Reset", "RateLimitReset"),
        ]);
    }
    match status {
        "401" => headers.push(("WWW-Authenticate", "Challenge")),
        "429" => headers.push(("Retry-After", "RetryAfter")),
        _ if status.starts_with('2') && takes_key(route) => headers.push(("Idempotent-Replayed", "Replayed")),
        _ => {}
    }
    for (header, component) in headers {
        response["headers"][header] = json!({"$ref": format!("#/components/headers/{component}")});
    }
}

/// The headers that responses refer to.
pub(super) fn headers() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    json!({
        "TraceId": {
            "required": true,
            "description": "W3C trace id of the request, as in `meta.traceId`",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        },
        "RateLimitLimit": {"description": "Calls at once of the quota that is nearest to its end", "schema": number},
        "RateLimitRemaining": {"description": "Calls left of it", "schema": number},
        "RateLimitReset": {"description": "Seconds until it is whole again", "schema": number},
        "RetryAfter": {"required": true, "description": "Seconds to wait", "schema": number},
        "Challenge": {"required": true, "schema": {"type": "string"}},
        "Replayed": {
            "description": "`true` when this is the first answer to a request that was repeated",
            "schema": {"type": "string", "enum": ["true"]},
        },
    })
}

/// The parameters that operations refer to.
pub(super) fn parameters() -> Map<String, Value> {
    let key = json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and body give the first answer again, for at least 24 hours",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?$"},
    });
    Map::from_iter([("IdempotencyKey".to_owned(), key)])
}
