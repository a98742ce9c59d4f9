//! What a source's `config` may change about its provider's scheme.

use common::Violation;
use serde_json::{Map, Value};

use super::{Encoding, Hash, Scheme};
use crate::domain::mapping::Place;

const MAX_TOLERANCE_SECONDS: u32 = 86_400;
const MAX_HEADER: usize = 64;
/// Headers that the gateway keeps or sets anew: a signature in one of them would never arrive.
const KEPT_BACK: [&str; 17] = [
    "authorization",
    "cookie",
    "host",
    "expect",
    "accept-encoding",
    "traceparent",
    "x-forwarded-for",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

impl Scheme {
    /// The scheme with a source's settings.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn configured(&self, config: &Value) -> Result<Self, Vec<Violation>> {
        let mut scheme = self.clone();
        let mut violations = Vec::new();
        match config {
            Value::Object(object) => scheme.apply(object, &mut violations),
            _ => violations.push(Violation::new("config", "type", "must be an object")),
        }
        if violations.is_empty() { Ok(scheme) } else { Err(violations) }
    }

    fn apply(&mut self, config: &Map<String, Value>, violations: &mut Vec<Violation>) {
        for (name, value) in config {
            let path = format!("config.{name}");
            if !self.configurable.contains(name) {
                let message = format!("cannot be set for this provider; it takes {:?}", self.configurable);
                violations.push(Violation::new(path, "unknown_field", message));
                continue;
            }
            if let Err(message) = self.set(name, value) {
                violations.push(Violation::new(path, "config", message));
            }
        }
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match name {
            "header" => self.header = header(value)?,
            "timestampHeader" => self.timestamp_header = nullable(value)?,
            "deliveryIdHeader" => self.delivery_id_header = nullable(value)?,
            "deliveryIdPath" => self.delivery_id_path = path(value)?,
            "hash" => {
                self.hash = match value.as_str() {
                    Some("sha256") => Hash::Sha256,
                    Some("sha512") => Hash::Sha512,
                    _ => return Err("must be \"sha256\" or \"sha512\"".into()),
                };
                self.prefix = format!("{}=", value.as_str().unwrap_or_default());
            }
            "encoding" => {
                self.encoding = match value.as_str() {
                    Some("hex") => Encoding::Hex,
                    Some("base64") => Encoding::Base64,
                    _ => return Err("must be \"hex\" or \"base64\"".into()),
                }
            }
            _ => self.tolerance_seconds = tolerance(value)?,
        }
        Ok(())
    }
}

fn tolerance(value: &Value) -> Result<u32, String> {
    let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
    seconds
        .filter(|seconds| (1..=MAX_TOLERANCE_SECONDS).contains(seconds))
        .ok_or_else(|| format!("must be a whole number from 1 to {MAX_TOLERANCE_SECONDS}"))
}

fn path(value: &Value) -> Result<Option<String>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let text = value.as_str().ok_or("must be a path such as $.id")?;
    Place::parse(text).map(|_| Some(text.to_owned()))
}

fn nullable(value: &Value) -> Result<Option<String>, String> {
    if value.is_null() { Ok(None) } else { header(value).map(Some) }
}

fn header(value: &Value) -> Result<String, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let name = value
        .as_str()
        .filter(|name| !name.is_empty() && name.len() <= MAX_HEADER && name.bytes().all(is_token))
        .map(str::to_ascii_lowercase)
        .ok_or_else(|| format!("must be the name of a header, at most {MAX_HEADER} characters"))?;
    if KEPT_BACK.contains(&name.as_str()) || name.starts_with("x-verdict-") {
        return Err(format!("must not be {name}, which is not passed on to a webhook's source; choose another header"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use crate::domain::provider::built_in;
    use serde_json::json;

    #[test]
    fn every_fault_is_named() {
        let generic = &built_in().find("generic").expect("there").signature;
        let config = json!({"header": "a b", "hash": "md5", "encoding": 1, "toleranceSeconds": 86_401,
            "content": "x", "timestampHeader": ""});
        let found: Vec<_> =
            generic.configured(&config).expect_err("faulty").into_iter().map(|violation| violation.path).collect();
        assert_eq!(
            found,
            [
                "config.content",
                "config.encoding",
                "config.hash",
                "config.header",
                "config.timestampHeader",
                "config.toleranceSeconds"
            ]
        );
        for kept_back in ["Authorization", "x-verdict-identity", "Content-Length"] {
            assert!(generic.configured(&json!({"header": kept_back})).is_err(), "{kept_back}");
        }
        let github = &built_in().find("github").expect("there").signature;
        assert!(github.configured(&json!({"toleranceSeconds": 5})).is_err());
        assert!(github.configured(&json!([])).is_err());
        assert_eq!(github.configured(&json!({})).as_ref(), Ok(github));
    }
}
