//! What a tenant may be called and where it may be, without a database or a framework.

pub(crate) mod invite;

use common::Violation;
use common::violation::check_text;

/// Time zone of a tenant that names none.
pub(crate) const DEFAULT_TIMEZONE: &str = "UTC";
/// Longest name of a tenant or person, in characters.
pub(crate) const MAX_NAME: usize = 200;
/// Largest settings, in bytes of JSON.
const MAX_SETTINGS: usize = 16 << 10;
/// Deepest settings, in objects and arrays within each other.
const MAX_DEPTH: usize = 32;

/// Settings that mean something to the gateway itself.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    /// Whether members need a second factor.
    #[serde(default)]
    require_second_factor: Option<serde_json::Value>,
    /// How many days raw forms of records are kept; ingestion heeds it.
    #[serde(default)]
    retention_days: Option<serde_json::Value>,
}

/// Most days that raw forms can be kept for; without the setting they are kept for good.
const MAX_RETENTION_DAYS: i64 = 3_650;

/// Checks a name.
pub(crate) fn check_name(found: &mut Vec<Violation>, path: &str, name: &str) {
    check_text(found, path, name, 1, MAX_NAME);
}

/// Checks an IANA time zone.
pub(crate) fn check_timezone(found: &mut Vec<Violation>, timezone: &str) {
    if timezone.parse::<chrono_tz::Tz>().is_err() {
        let message = "must be a time zone of the IANA database, such as \"Europe/Berlin\"";
        found.push(Violation::new("timezone", "timezone", message));
    }
}

/// Checks settings: any JSON object of a bearable size.
pub(crate) fn check_settings(found: &mut Vec<Violation>, settings: &str) {
    if !settings.starts_with('{') {
        found.push(Violation::new("settings", "type", "must be an object"));
    }
    if settings.len() > MAX_SETTINGS {
        found.push(Violation::new("settings", "max_length", format!("must be at most {MAX_SETTINGS} bytes of JSON")));
    }
    if let Ok(Known { require_second_factor, retention_days }) = serde_json::from_str(settings) {
        if require_second_factor.is_some_and(|value| !value.is_boolean()) {
            found.push(Violation::new("settings.requireSecondFactor", "type", "must be true or false"));
        }
        let is_kept_for = |days: i64| (1..=MAX_RETENTION_DAYS).contains(&days);
        if retention_days.is_some_and(|value| !value.as_i64().is_some_and(is_kept_for)) {
            let message =
                format!("must be a whole number of days, 1 to {MAX_RETENTION_DAYS}; leave it out to keep all");
            found.push(Violation::new("settings.retentionDays", "range", message));
        }
    }
    if depth(settings) > MAX_DEPTH {
        found.push(Violation::new("settings", "max_depth", format!("must be at most {MAX_DEPTH} levels deep")));
    }
}

/// How deep the objects and arrays of a JSON text are within each other.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_text) = (0_usize, 0, false);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                bytes.next();
            }
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_only_so_deep() {
        assert_eq!(depth(r#"{"a":[{}],"b":{}}"#), 3);
        assert_eq!(depth(r#"{"[[[":"\\\"{{{\\"}"#), 1, "brackets in texts do not count");
        let rules = |levels: usize| {
            let mut found = Vec::new();
            check_settings(&mut found, &format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels)));
            found.into_iter().map(|violation| violation.rule).collect::<Vec<_>>()
        };
        assert!(rules(MAX_DEPTH).is_empty());
        assert_eq!(rules(MAX_DEPTH + 1), ["max_depth"]);
    }
}
