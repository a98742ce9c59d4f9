//! What this tool remembers between its runs: one tenant's credentials and secrets, in a file for its owner only.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Caller};
use crate::integration::Integration;
use crate::sign::Provider;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) tenant_id: String,
    #[serde(default)]
    pub(crate) api_key: Option<String>,
    #[serde(default)]
    pub(crate) integrations: BTreeMap<Provider, Integration>,
    /// The last position of the feed before measuring began.
    #[serde(default)]
    pub(crate) feed_position: u64,
}

impl State {
    /// The state in the file; none when there is no such file.
    pub(crate) fn load(file: &Path) -> anyhow::Result<Option<Self>> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        let state = serde_json::from_str(&text).with_context(|| format!("{} is not a state file", file.display()))?;
        Ok(Some(state))
    }

    /// The state in the file, which an earlier command has to have written.
    pub(crate) fn require(file: &Path) -> anyhow::Result<Self> {
        Self::load(file)?.with_context(|| {
            format!("{} does not exist; run `verdict-demo setup` (or `bench-prepare`) first", file.display())
        })
    }

    /// Writes the file anew beside the old one and moves it in place, so that no crash leaves half a state.
    pub(crate) fn save(&self, file: &Path) -> anyhow::Result<()> {
        let say = || format!("cannot write {}", file.display());
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).with_context(say)?;
        }
        let draft = file.with_extension("new");
        let _ = std::fs::remove_file(&draft);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&draft).with_context(say)?;
        serde_json::to_writer_pretty(&mut out, self).with_context(say)?;
        out.write_all(b"\n").and_then(|()| out.sync_all()).with_context(say)?;
        std::fs::rename(&draft, file).with_context(say)
    }

    /// A client that acts as the tenant's owner.
    pub(crate) fn owner(&self, gateway: &str) -> anyhow::Result<Api> {
        let Self { email, password, tenant_id, .. } = self.clone();
        Api::new(gateway, Caller::Person { email, password, tenant_id: Some(tenant_id) })
    }

    /// The tenant's integration of that provider.
    pub(crate) fn integration(&self, provider: Provider) -> anyhow::Result<&Integration> {
        let missing = || format!("the tenant has no {} integration; run `verdict-demo setup`", provider.as_str());
        self.integrations.get(&provider).with_context(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_round_trip_and_is_private() {
        let folder = std::env::temp_dir().join(format!("verdict-demo-{}", crate::chance::run_name()));
        let file = folder.join("state.json");
        assert!(State::load(&file).expect("no file is no error").is_none());
        let integration = Integration { id: "i".into(), provider: Provider::Github, secret: "s".into() };
        let state = State {
            email: "demo@verdict.example".into(),
            password: "p".into(),
            tenant_id: "t".into(),
            api_key: None,
            integrations: [(Provider::Github, integration)].into(),
            feed_position: 7,
        };
        state.save(&file).expect("saves");
        state.save(&file).expect("saves again");
        let read = State::require(&file).expect("reads");
        assert_eq!(read.integration(Provider::Github).expect("is there").secret, "s");
        assert!(read.integration(Provider::Generic).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).expect("exists").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir_all(folder).expect("cleans up");
    }
}
