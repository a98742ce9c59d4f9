//! The gateway's settings: the shared sections, where the services are, and how people sign in.

mod auth;
mod cors;
mod mail;
mod rate_limits;
mod sign_in;
mod upstreams;

use outbound::OutboundSettings;
use serde::Deserialize;
use settings::{
    BrokerSettings, DatabaseSettings, InternalSettings, PublicSettings, SealingSettings, ServerSettings, SettingsError,
    TelemetrySettings, Validate,
};

pub use auth::{AuthSettings, HashingSettings};
pub use cors::CorsSettings;
pub use mail::MailSettings;
pub use rate_limits::{QuotaSettings, RateLimitSettings};
pub use sign_in::SignInSettings;
pub use upstreams::{ProxySettings, UpstreamUrls};

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
pub struct GatewaySettings {
    /// Where and how the gateway listens.
    #[serde(default = "public_server")]
    pub server: ServerSettings,
    /// The gateway's own database.
    pub database: DatabaseSettings,
    /// RabbitMQ.
    pub broker: BrokerSettings,
    /// The key pair of the identity inside the house.
    pub internal: InternalSettings,
    /// The keys that seal signing keys and refresh tokens.
    pub sealing: SealingSettings,
    /// How the outside reaches the gateway; the issuer of access tokens.
    #[serde(default)]
    pub public: PublicSettings,
    /// Where the services are.
    #[serde(default)]
    pub upstreams: UpstreamUrls,
    /// How long the gateway waits for them.
    #[serde(default)]
    pub proxy: ProxySettings,
    /// Passwords, tokens and sessions.
    #[serde(default)]
    pub auth: AuthSettings,
    /// How often calls may be made.
    #[serde(default)]
    pub rate_limits: RateLimitSettings,
    /// Which web clients may call.
    #[serde(default)]
    pub cors: CorsSettings,
    /// Letters: invites and password resets.
    #[serde(default)]
    pub mail: MailSettings,
    /// Tenants' own identity providers.
    #[serde(default)]
    pub sign_in: SignInSettings,
    /// Where calls that leave the house may go.
    #[serde(default)]
    pub outbound: OutboundSettings,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
}

fn public_server() -> ServerSettings {
    ServerSettings { port: 8080, ..ServerSettings::default() }
}

impl Validate for GatewaySettings {
    fn validate(&self) -> Result<(), SettingsError> {
        self.server.validate()?;
        self.database.validate()?;
        self.telemetry.validate()?;
        self.upstreams.validate()?;
        self.auth.validate()?;
        self.rate_limits.validate()?;
        self.cors.validate()?;
        self.mail.validate()?;
        self.sign_in.validate()?;
        self.outbound.validate()?;
        settings::Sealer::new(&self.sealing)?;
        web::InternalSigner::new(&self.internal)
            .map_err(|error| SettingsError::invalid("internal.private_key", error.to_string()))?;
        Ok(())
    }
}
