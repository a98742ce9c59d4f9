//! `mail`: how letters leave.

use std::path::PathBuf;

use serde::Deserialize;
use settings::{SecretString, SettingsError, Validate};

use crate::mail::Courier;

/// `mail`. Without `smtp_url` and `folder` letters wait in the database.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The SMTP server: `smtps://user:password@host`, or `smtp://host:587?tls=required`
    /// (`VERDICT__MAIL__SMTP_URL`).
    pub smtp_url: Option<SecretString>,
    /// PEM file with further certificate authorities that may vouch for the server, such as a company's own
    /// (`VERDICT__MAIL__CA_FILE`).
    pub ca_file: Option<PathBuf>,
    /// Who writes (`VERDICT__MAIL__FROM`).
    pub from: String,
    /// For development: a folder that gets a file for each letter, when there is no `smtp_url`
    /// (`VERDICT__MAIL__FOLDER`).
    pub folder: Option<PathBuf>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self { smtp_url: None, ca_file: None, from: "Verdict <no-reply@localhost.localdomain>".into(), folder: None }
    }
}

impl MailSettings {
    /// What letters lack to leave, if anything.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
        use settings::ExposeSecret as _;
        let has_server = self.smtp_url.as_ref().is_some_and(|url| !url.expose_secret().is_empty());
        (!has_server && self.folder.is_none()).then_some(
            "Letters (invites, password resets) wait in the database: set VERDICT__MAIL__SMTP_URL and \
             VERDICT__MAIL__FROM, or VERDICT__MAIL__FOLDER in development.",
        )
    }
}

impl Validate for MailSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        Courier::new(self).map(drop)
    }
}
