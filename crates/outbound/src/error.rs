//! What can go wrong with an outgoing call, and what to do about it.

use std::fmt;
use std::time::Duration;

/// Why an address or a URL was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedReason {
    /// Of a private or unique-local network.
    Private,
    /// This machine.
    Loopback,
    /// Of the same link only.
    LinkLocal,
    /// The cloud's metadata service.
    Metadata,
    /// Shared between carriers and their customers (CGNAT).
    Shared,
    /// 0.0.0.0/8 or `::`.
    Unspecified,
    /// A group of receivers.
    Multicast,
    /// For examples in documents.
    Documentation,
    /// Reserved, or for protocols.
    Reserved,
    /// An IPv6 form that carries an IPv4 address: mapped, translated, 6to4.
    EmbedsIpv4,
    /// Plain HTTP to a host that is not allowed by name or address.
    NotHttps,
    /// The URL carries a user name or password.
    Credentials,
    /// The URL has no host.
    NoHost,
}

impl RefusedReason {
    /// The reason in words, to follow "is".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "an address of a private network",
            Self::Loopback => "a loopback address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "the address of a cloud's metadata service",
            Self::Shared => "an address of the shared (carrier) network",
            Self::Unspecified => "an unspecified address",
            Self::Multicast => "a multicast address",
            Self::Documentation => "an address for documentation",
            Self::Reserved => "a reserved address",
            Self::EmbedsIpv4 => "an IPv6 form of an IPv4 address",
            Self::NotHttps => "not reached by https",
            Self::Credentials => "given with a user name or password in the URL",
            Self::NoHost => "not an http(s) host",
        }
    }
}

impl fmt::Display for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call that did not bring an answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The call may not go there. It never will without a change of the settings or of the URL.
    #[error(
        "a call to {host} was refused: it is {reason}. Use a public https address, or list the host or its network in \
         VERDICT__OUTBOUND__ALLOW"
    )]
    Refused {
        /// The host as the URL names it.
        host: String,
        /// Why.
        reason: RefusedReason,
    },
    /// The URL cannot be read.
    #[error("{url:?} is not a URL: {source}. Give an absolute https URL")]
    InvalidUrl {
        /// The text.
        url: String,
        /// What is wrong.
        source: url::ParseError,
    },
    /// A header or a body cannot be sent.
    #[error("the request cannot be built: {0}")]
    InvalidRequest(String),
    /// The name has no address.
    #[error("{host} has no address. Check the host's spelling and the name service")]
    Unresolved {
        /// The host.
        host: String,
    },
    /// No connection, or it broke; a later try may do.
    #[error("{host} did not answer")]
    Unreachable {
        /// The host.
        host: String,
        /// What the connection said.
        source: reqwest::Error,
    },
    /// No whole answer in time; a later try may do.
    #[error("{host} did not answer within {} ms. Try later, or raise VERDICT__OUTBOUND__TOTAL_TIMEOUT_MILLIS", .limit.as_millis())]
    TimedOut {
        /// The host.
        host: String,
        /// The time it had.
        limit: Duration,
    },
    /// The answer is longer than is read.
    #[error(
        "{host} answered more than {limit} bytes. Ask for smaller pages, or raise VERDICT__OUTBOUND__MAX_RESPONSE_BYTES"
    )]
    TooLarge {
        /// The host.
        host: String,
        /// Most bytes.
        limit: usize,
    },
    /// Redirected too often, to nowhere, or with a body to another origin.
    #[error("{host} redirects in a way that is not followed: {reason}")]
    Redirect {
        /// The host that redirects.
        host: String,
        /// What it does.
        reason: &'static str,
    },
    /// The answer is not the JSON that was expected.
    #[error("{host} answered something other than expected: {source}")]
    Malformed {
        /// The host.
        host: String,
        /// Where and what.
        source: serde_json::Error,
    },
}

impl OutboundError {
    /// Whether the same call may succeed later without anybody's doing.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unresolved { .. } | Self::Unreachable { .. } | Self::TimedOut { .. })
    }
}
