//! Where blobs are kept, by settings.

use serde::Deserialize;
use settings::{SecretString, SettingsError, Validate};

/// A folder, or a bucket of S3.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlobSettings {
    /// The folder, unless S3 is set (`VERDICT__FILES__STORE__FOLDER`). Every replica must see the same.
    pub folder: String,
    /// S3, or what speaks like it.
    pub s3: Option<S3Settings>,
}

/// A bucket (`VERDICT__FILES__STORE__S3__…`). Let a lifecycle rule abort multipart uploads after a day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    /// `…__BUCKET`.
    pub bucket: String,
    /// `…__REGION`.
    #[serde(default = "default_region")]
    pub region: String,
    /// Of another maker's store, such as `http://127.0.0.1:9000` (`…__ENDPOINT`).
    #[serde(default)]
    pub endpoint: Option<String>,
    /// `…__ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `…__SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// Whether the bucket is part of the host's name (`…__VIRTUAL_HOSTED`).
    #[serde(default)]
    pub virtual_hosted: bool,
}

fn default_region() -> String {
    "us-east-1".into()
}

impl Default for BlobSettings {
    fn default() -> Self {
        Self { folder: "verdict-files".into(), s3: None }
    }
}

impl Validate for BlobSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        if self.s3.is_none() && self.folder.trim().is_empty() {
            return Err(SettingsError::invalid("files.store.folder", "must name a folder"));
        }
        Ok(())
    }
}
