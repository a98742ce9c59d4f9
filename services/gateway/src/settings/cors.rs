//! `cors`: which web clients browsers let call the gateway.

use serde::Deserialize;
use settings::{SettingsError, Validate};

/// `cors`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsSettings {
    /// Origins such as `https://app.example.com`, comma-separated; none by default
    /// (`VERDICT__CORS__ALLOWED_ORIGINS`). There is no wildcard: it is a list of one's own clients.
    pub allowed_origins: String,
}

impl CorsSettings {
    pub(crate) fn origins(&self) -> impl Iterator<Item = &str> {
        self.allowed_origins.split(',').map(str::trim).filter(|origin| !origin.is_empty())
    }
}

impl Validate for CorsSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        for origin in self.origins() {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let is_origin = host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?', '#', '@', ' ']));
            if !is_origin || origin.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii_graphic()) {
                let reason = format!("{origin:?} is no origin such as https://app.example.com");
                return Err(SettingsError::invalid("cors.allowed_origins", reason));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_are_taken() {
        let check = |text: &str| CorsSettings { allowed_origins: text.into() }.validate().is_ok();
        for good in ["", "https://app.example.com", "http://localhost:5173, https://b.example.com"] {
            assert!(check(good), "{good}");
        }
        for bad in
            ["*", "app.example.com", "https://a.example.com/", "https://*.example.com", "https://A.example.com", "null"]
        {
            assert!(!check(bad), "{bad}");
        }
    }
}
