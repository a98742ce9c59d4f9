//! The table of every call: who answers it, who may make it, how large and how long it may be.
//!
//! A call that is not in the table does not exist. Local handlers are registered from it, services are reached
//! only through it, and the tests of roles and of the OpenAPI document are generated from it.

mod approvals;
mod auth;
mod billing;
mod ingestion;
mod operations;
mod processing;
mod reporting;
mod tenants;
mod tree;

use std::time::Duration;

use common::Permission;

pub(crate) use tree::{Found, RouteTree};

/// Largest body of a call that says nothing else, in bytes.
const BODY_LIMIT: usize = 256 << 10;
/// Longest wait for a service's answer to a call that says nothing else.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A method that some call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// Sources, webhooks and records.
    Ingestion,
    /// Labels, rules and decisions.
    Processing,
    /// Questions to people.
    Approvals,
    /// Plans and usage.
    Billing,
    /// The event feed and reports.
    Reporting,
}

/// A handler of the gateway's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the name of its handler")]
pub enum Local {
    Signup,
    Login,
    Refresh,
    SwitchTenant,
    Logout,
    ShowMe,
    ListSessions,
    RevokeSession,
    RevokeSessions,
    ForgotPassword,
    ResetPassword,
    ChangePassword,
    CreateApiKey,
    ListApiKeys,
    RevokeApiKey,
    ShowTotp,
    EnrolTotp,
    ConfirmTotp,
    RemoveTotp,
    RenewRecoveryCodes,
    ProveTotp,
    DiscoverSignIn,
    StartSignIn,
    LinkSignIn,
    FinishSignIn,
    ListTenants,
    CreateTenant,
    ShowTenant,
    UpdateTenant,
    DeleteTenant,
    ShowSignIn,
    SetSignIn,
    RemoveSignIn,
    ProveDomains,
    ListRoles,
    ListMembers,
    ChangeMember,
    RemoveMember,
    LeaveTenant,
    CreateInvite,
    ListInvites,
    RevokeInvite,
    ResendInvite,
    AcceptInvite,
    ShowJwks,
    ShowOpenApi,
    ShowDocs,
    RedirectToDocs,
    ShowLive,
    ShowReady,
}

/// Who answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The gateway itself.
    Local(Local),
    /// A service.
    Upstream(Upstream),
}

/// Who may make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in, machines included.
    Member,
    /// A signed-in person; an API key is refused.
    Person,
    /// Whoever has the permission.
    Permission(Permission),
}

/// Which quotas a call is counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateClass {
    /// None: probes must always be answered.
    Exempt,
    /// The caller's address, and once they are known, themselves and their tenant.
    Usual,
    /// The integration that a webhook is for, whatever address it comes from.
    Webhook,
    /// The usual ones and the address's sign-ins.
    SignIn,
    /// The usual ones and the address's sign-ups.
    SignUp,
    /// The usual ones and the address's mail to others.
    Mail,
    /// The usual ones and the tenant's long bodies: uploads, downloads, imports and exports.
    Transfer,
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The public path; `{name}` stands for one segment, a last `{*name}` for all that follow.
    pub path: &'static str,
    /// Who answers it.
    pub target: Target,
    /// Who may make it.
    pub access: Access,
    /// Largest body, in bytes.
    pub body_limit: usize,
    /// Longest wait for a service to begin its answer; of an upload, from its last progress.
    pub timeout: Duration,
    /// Which quotas it is counted against.
    pub rate: RateClass,
    /// Whether the body may take as long as it keeps coming.
    pub is_upload: bool,
    /// Whether a session may make it that has not shown the second factor that its tenant requires.
    pub before_second_factor: bool,
    /// Whether a session may make it that should have been opened by the tenant's identity provider.
    pub before_provider: bool,
    /// Whether it reaches beyond the tenant, into what is the person's own: not for sessions that the tenant's identity
    /// provider opened.
    pub is_account_wide: bool,
    /// Why a session has ended when the call was made before: a repeated one finds its credential gone, and is done.
    pub done_when: Option<&'static str>,
}

impl Verb {
    /// Every verb, in the order of their discriminants.
    pub const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Patch, Self::Delete];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// The verb of that name, if a call can have it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == name)
    }
}

impl Upstream {
    /// Every service, in the order of their discriminants.
    pub const ALL: [Self; 5] = [Self::Ingestion, Self::Processing, Self::Approvals, Self::Billing, Self::Reporting];

    /// The service's name, as in errors and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingestion => "ingestion",
            Self::Processing => "processing",
            Self::Approvals => "approvals",
            Self::Billing => "billing",
            Self::Reporting => "reporting",
        }
    }
}

impl Route {
    const fn new(verb: Verb, path: &'static str, target: Target, access: Access) -> Self {
        Self {
            verb,
            path,
            target,
            access,
            body_limit: BODY_LIMIT,
            timeout: TIMEOUT,
            rate: RateClass::Usual,
            is_upload: false,
            before_second_factor: false,
            before_provider: false,
            is_account_wide: false,
            done_when: None,
        }
    }

    /// A call of a service's that needs a permission.
    const fn to(upstream: Upstream, verb: Verb, path: &'static str, permission: Permission) -> Self {
        Self::new(verb, path, Target::Upstream(upstream), Access::Permission(permission))
    }

    /// A call that the gateway answers itself.
    const fn local(local: Local, verb: Verb, path: &'static str, access: Access) -> Self {
        Self::new(verb, path, Target::Local(local), access)
    }

    /// The same with another largest body.
    const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The same, counted against other quotas.
    const fn counted(mut self, rate: RateClass) -> Self {
        self.rate = rate;
        self
    }

    /// The same for a body that takes its time.
    const fn upload(mut self, bytes: usize) -> Self {
        self.is_upload = true;
        self.body_limit(bytes)
    }

    /// The same, also for sessions that lack a required second factor: calls to enrol one, or to go elsewhere.
    const fn before_second_factor(mut self) -> Self {
        self.before_second_factor = true;
        self
    }

    /// The same, also for sessions that the tenant wants opened by its identity provider: the call to link the two.
    const fn before_provider(mut self) -> Self {
        self.before_provider = true;
        self
    }

    /// The same, not for sessions that the tenant's identity provider opened.
    const fn account_wide(mut self) -> Self {
        self.is_account_wide = true;
        self
    }

    /// The same for a call that ends the session it is made with, for that reason.
    const fn done_when(mut self, reason: &'static str) -> Self {
        self.done_when = Some(reason);
        self
    }

    /// Whether the call is part of the public contract, and so of the OpenAPI document.
    #[must_use]
    pub fn is_documented(&self) -> bool {
        !matches!(
            self.target,
            Target::Local(
                Local::ShowOpenApi | Local::ShowDocs | Local::RedirectToDocs | Local::ShowLive | Local::ShowReady
            )
        )
    }
}

/// Every call there is.
pub fn all() -> impl Iterator<Item = &'static Route> {
    let sections: [&'static [Route]; 8] = [
        operations::ROUTES,
        auth::ROUTES,
        tenants::ROUTES,
        ingestion::ROUTES,
        processing::ROUTES,
        approvals::ROUTES,
        reporting::ROUTES,
        billing::ROUTES,
    ];
    sections.into_iter().flatten()
}
