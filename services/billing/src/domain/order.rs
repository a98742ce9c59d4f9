//! In which order a provider's words were true, whatever the order in which they came.

use chrono::TimeDelta;
use common::DateTime;

/// How far the provider's own clocks may be apart: between the one that dates its answers and the one that dates its
/// events.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// From where, and from when, the known state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// An event told it, and dates it exactly.
    Event(DateTime),
    /// A call fetched it at about that time.
    Fetch(DateTime),
}

/// How an event stands to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It tells a newer state.
    Newer,
    /// What is known is newer.
    Late,
    /// The times cannot tell: only the provider knows what is true now.
    Unclear,
}

impl Knowledge {
    /// The provider's time of it.
    pub(crate) const fn at(self) -> DateTime {
        match self {
            Self::Event(at) | Self::Fetch(at) => at,
        }
    }

    /// How an event of that time stands to it. Providers date events to the second, so that two of the same second
    /// may have come in either order.
    pub(crate) fn order(self, event: DateTime) -> Order {
        match self {
            Self::Event(known) if event > known => Order::Newer,
            Self::Event(known) if event < known => Order::Late,
            Self::Event(_) => Order::Unclear,
            Self::Fetch(known) if event > known + SKEW => Order::Newer,
            Self::Fetch(known) if event < known - SKEW => Order::Late,
            Self::Fetch(_) => Order::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_word_stands_and_where_times_cannot_tell_it_is_said() {
        let at = |second: i64| DateTime::from_timestamp(1_760_000_000 + second, 0).expect("a time");
        let cases = [
            (Knowledge::Event(at(10)), 11, Order::Newer),
            (Knowledge::Event(at(10)), 10, Order::Unclear),
            (Knowledge::Event(at(10)), 9, Order::Late),
            (Knowledge::Fetch(at(10)), 16, Order::Newer),
            (Knowledge::Fetch(at(10)), 15, Order::Unclear),
            (Knowledge::Fetch(at(10)), 5, Order::Unclear),
            (Knowledge::Fetch(at(10)), 4, Order::Late),
        ];
        for (known, event, expected) in cases {
            assert_eq!(known.order(at(event)), expected, "{known:?} and {event}");
        }
    }
}
