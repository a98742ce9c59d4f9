//! Kinds of sources: data, one file each, compiled when the process starts.

mod catalogue;

pub(crate) use catalogue::{Catalogue, built_in};

use common::Violation;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::oauth::OauthConfig;
use super::pull::{PullConfig, PullPlan};
use super::secret::SecretForm;
use super::signature::Scheme;

/// Challenges are small; no delivery is parsed for the sake of one.
const MAX_CHALLENGE: usize = 4 << 10;

/// The parts of a config that say how a source is asked.
const PULL_CONFIG: [&str; 2] = ["oauth2", "pull"];

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
    /// How it asks whether an address is the source's own, before it delivers there.
    #[serde(default)]
    pub(crate) challenge: Option<Challenge>,
    /// What `config.oauth2` begins with.
    #[serde(default)]
    pub(crate) oauth2: Option<Value>,
    /// What `config.pull` begins with.
    #[serde(default)]
    pub(crate) pull: Option<Value>,
    /// What to do at the provider, for people.
    pub(crate) setup: String,
    /// The default mapping.
    pub(crate) mapping: Value,
}

/// A signed request that wants a part of its body back and is no delivery.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Challenge {
    /// What the body's `type` says.
    #[serde(rename = "type")]
    kind: String,
    /// The field to send back.
    echo: String,
}

impl Challenge {
    /// The answer, when the body is a challenge.
    pub(crate) fn answer(&self, body: &[u8]) -> Option<Value> {
        if body.len() > MAX_CHALLENGE {
            return None;
        }
        let body: Value = serde_json::from_slice(body).ok()?;
        let is_challenge = body.get("type")?.as_str()? == self.kind;
        let echo = is_challenge.then(|| body.get(&self.echo)?.as_str())??;
        Some(serde_json::json!({ self.echo.as_str(): echo }))
    }
}

/// How a source proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Auth {
    /// It signs what it sends.
    Webhook,
    /// It is asked, with tokens that a person granted.
    Oauth2,
}

impl Provider {
    /// How a source of this provider signs.
    ///
    /// # Errors
    /// Everything that is wrong with the config.
    pub(crate) fn scheme(&self, config: &Value) -> Result<Scheme, Vec<Violation>> {
        match config {
            Value::Object(object) if self.auth == Auth::Oauth2 => {
                let mut own = object.clone();
                own.retain(|name, _| !PULL_CONFIG.contains(&name.as_str()));
                self.signature.configured(&Value::Object(own))
            }
            _ => self.signature.configured(config),
        }
    }

    /// How a source of this provider is asked; `None` when it only delivers.
    ///
    /// # Errors
    /// Everything that is wrong with `config.oauth2` and `config.pull`.
    pub(crate) fn pull_source(&self, config: &Value) -> Option<Result<(OauthConfig, PullPlan), Vec<Violation>>> {
        if self.auth != Auth::Oauth2 {
            return None;
        }
        let oauth: Result<OauthConfig, Violation> = merged(config, "oauth2", self.oauth2.as_ref());
        let plan = merged::<PullConfig>(config, "pull", self.pull.as_ref()).and_then(|pull| {
            let named = |(field, message)| Violation::new(format!("config.pull.{field}"), "config", message);
            PullPlan::compile(&pull).map_err(named)
        });
        Some(match (oauth, plan) {
            (Ok(oauth), Ok(plan)) => Ok((oauth, plan)),
            (oauth, plan) => Err(oauth.err().into_iter().chain(plan.err()).collect()),
        })
    }
}

/// The part of a config of that name, laid over what the provider's file gives.
fn merged<T: DeserializeOwned>(config: &Value, part: &str, defaults: Option<&Value>) -> Result<T, Violation> {
    let mut whole = defaults.and_then(Value::as_object).cloned().unwrap_or_default();
    match config.get(part) {
        None => {}
        Some(Value::Object(own)) => whole.extend(own.clone()),
        Some(_) => return Err(Violation::new(format!("config.{part}"), "type", "must be an object")),
    }
    if whole.contains_key("clientSecret") {
        let message = "is no place for a secret, since config is shown; give it to POST …/oauth/authorize";
        return Err(Violation::new(format!("config.{part}.clientSecret"), "unknown_field", message));
    }
    serde_path_to_error::deserialize(Value::Object(whole)).map_err(|error| {
        let at = match error.path().to_string() {
            path if path == "." => String::new(),
            path => format!(".{path}"),
        };
        Violation::new(format!("config.{part}{at}"), "config", error.into_inner().to_string())
    })
}
