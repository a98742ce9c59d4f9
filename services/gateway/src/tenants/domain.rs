//! What a tenant may be called and where it may be, without a database or a framework.

use common::Violation;
use common::violation::check_text;

/// Time zone of a tenant that names none.
pub(crate) const DEFAULT_TIMEZONE: &str = "UTC";
/// Longest name of a tenant or person, in characters.
pub(crate) const MAX_NAME: usize = 200;
/// Largest settings, in bytes of JSON.
const MAX_SETTINGS: usize = 16 << 10;

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
}
