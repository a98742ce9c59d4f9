//! Where a call may go, by name, by address and by scheme.

use std::net::IpAddr;

use ipnet::IpNet;
use settings::SettingsError;
use url::{Host, Url};

use crate::address::not_public;
use crate::{OutboundError, RefusedReason};

/// What the settings allow beside the public internet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    networks: Vec<IpNet>,
    hosts: Vec<String>,
}

impl Policy {
    pub(crate) fn new(allow: &[String]) -> Result<Self, SettingsError> {
        let mut policy = Self::default();
        for entry in allow {
            if let Ok(network) = entry.parse::<IpNet>() {
                policy.networks.push(network);
            } else if let Ok(address) = entry.trim_matches(['[', ']']).parse::<IpAddr>() {
                policy.networks.push(address.into());
            } else if is_host(entry) {
                policy.hosts.push(entry.to_ascii_lowercase());
            } else {
                let reason =
                    format!("{entry:?} is no network, address or host name; write 10.1.0.0/16 or idp.internal");
                return Err(SettingsError::invalid("outbound.allow", reason));
            }
        }
        Ok(policy)
    }

    /// Checks what a URL says of itself. The addresses of a name are checked where it is resolved.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), OutboundError> {
        let refuse = |reason| Err(OutboundError::Refused { host: host_of(url), reason });
        let Some(host) = url.host() else { return refuse(RefusedReason::NoHost) };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(RefusedReason::Credentials);
        }
        let (address, listed) = match host {
            Host::Domain(name) => (None, self.names(name)),
            Host::Ipv4(address) => (Some(IpAddr::V4(address)), self.holds(IpAddr::V4(address))),
            Host::Ipv6(address) => (Some(IpAddr::V6(address)), self.holds(IpAddr::V6(address))),
        };
        match url.scheme() {
            "https" => {}
            "http" if listed => {}
            "http" => return refuse(address.and_then(not_public).unwrap_or(RefusedReason::NotHttps)),
            _ => return refuse(RefusedReason::NoHost),
        }
        match address.and_then(|address| self.refuses(address)) {
            Some(reason) => refuse(reason),
            None => Ok(()),
        }
    }

    /// Why a connection to the address is not made.
    pub(crate) fn refuses(&self, address: IpAddr) -> Option<RefusedReason> {
        if self.holds(address) { None } else { not_public(address) }
    }

    /// Whether the settings list the name.
    pub(crate) fn names(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// The host as messages show it.
pub(crate) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("an address without a host").to_owned()
}

fn is_host(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
    !text.is_empty() && text.len() <= 253 && text.chars().all(letters) && text.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::Policy;
    use crate::{OutboundError, RefusedReason, Url};

    fn reason(allow: &[&str], url: &str) -> Option<RefusedReason> {
        let allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
        match Policy::new(&allow).unwrap().check_url(&Url::parse(url).unwrap()) {
            Ok(()) => None,
            Err(OutboundError::Refused { reason, .. }) => Some(reason),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn urls_are_judged_by_scheme_host_and_literal_address() {
        use RefusedReason::{Credentials, EmbedsIpv4, Loopback, Metadata, NoHost, NotHttps, Private};
        let cases: [(&[&str], &str, Option<RefusedReason>); 18] = [
            (&[], "https://api.example.com/a", None),
            (&[], "http://api.example.com/a", Some(NotHttps)),
            (&["api.example.com"], "http://API.example.com/a", None),
            (&[], "https://8.8.8.8/", None),
            (&[], "https://127.0.0.1/", Some(Loopback)),
            (&[], "https://127.1/", Some(Loopback)),
            (&[], "https://0x7f000001/", Some(Loopback)),
            (&[], "https://2130706433/", Some(Loopback)),
            (&[], "https://0177.0.0.1/", Some(Loopback)),
            (&[], "https://[::1]/", Some(Loopback)),
            (&[], "https://[::ffff:10.0.0.1]/", Some(EmbedsIpv4)),
            (&[], "http://169.254.169.254/latest", Some(Metadata)),
            (&[], "https://10.1.2.3/", Some(Private)),
            (&["10.1.0.0/16"], "http://10.1.2.3/", None),
            (&["10.1.0.0/16"], "https://10.2.2.3/", Some(Private)),
            (&["::1"], "http://[::1]/", None),
            (&[], "https://me:secret@api.example.com/", Some(Credentials)),
            (&[], "ftp://api.example.com/", Some(NoHost)),
        ];
        for (allow, url, expected) in cases {
            assert_eq!(reason(allow, url), expected, "{url}");
        }
    }
}
