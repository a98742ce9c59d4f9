//! The catalogue of providers: data, one file each, compiled when the process starts.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::mapping::Mapping;
use super::secret::SecretForm;
use super::signature::Scheme;

const FILES: [&str; 7] = [
    include_str!("../providers/generic.json"),
    include_str!("../providers/standard-webhooks.json"),
    include_str!("../providers/github.json"),
    include_str!("../providers/stripe.json"),
    include_str!("../providers/shopify.json"),
    include_str!("../providers/slack.json"),
    include_str!("../providers/gitlab.json"),
];

/// A kind of source.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Provider {
    /// The name in paths and records.
    pub(crate) provider: String,
    /// The name for people.
    pub(crate) display_name: String,
    /// How the source proves itself.
    pub(crate) auth: Auth,
    /// The shape of its secrets.
    pub(crate) secret: SecretForm,
    /// How it signs.
    pub(crate) signature: Scheme,
    /// What to do at the provider, for people.
    pub(crate) setup: String,
    /// The default mapping.
    pub(crate) mapping: Value,
}

/// How a source proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Auth {
    /// It signs what it sends.
    Webhook,
}

/// All providers.
#[derive(Debug)]
pub(crate) struct Catalogue(Vec<Provider>);

impl Catalogue {
    fn load() -> Self {
        Self(FILES.iter().map(|file| read(file)).collect())
    }

    /// The provider of that name.
    pub(crate) fn find(&self, provider: &str) -> Option<&Provider> {
        self.0.iter().find(|known| known.provider == provider)
    }

    /// Every provider, in the order of the documentation.
    pub(crate) fn all(&self) -> &[Provider] {
        &self.0
    }
}

/// The catalogue of this build.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::load);
    &CATALOGUE
}

/// The files are part of the program: a fault in one is a defect that its first start and every test show.
fn read(file: &str) -> Provider {
    let provider: Provider = serde_json::from_str(file).expect("a provider's file has the catalogue's form");
    Mapping::compile(&provider.mapping).expect("a provider's mapping compiles");
    provider
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_scheme_compiles() {
        let mut names: Vec<_> = catalogue().all().iter().map(|provider| provider.provider.as_str()).collect();
        assert_eq!(names, ["generic", "standard-webhooks", "github", "stripe", "shopify", "slack", "gitlab"]);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FILES.len());
        for provider in catalogue().all() {
            let secret = provider.secret.generate();
            let key = provider.secret.key(&secret).expect("a secret of its own form");
            assert!(provider.signature.verifier(&[key]).is_some(), "{}", provider.provider);
        }
    }
}
