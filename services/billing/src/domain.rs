//! Plans, money, periods and how a tenant stands. Pure: no database, no HTTP, no clock.

mod explain;
mod money;
mod order;
mod period;
mod plan;
mod standing;
mod step;
mod subscription;

pub(crate) use explain::{Counted, Explained, explain};
pub(crate) use money::Money;
pub(crate) use order::{Knowledge, Order};
pub(crate) use period::{Period, zone_of};
pub(crate) use plan::{Entitlements, FREE_PLAN, Interval, Metered, Plan, Plans};
pub(crate) use standing::{Held, MANUAL, Terms, stand};
pub(crate) use step::{Step, decide};
pub(crate) use subscription::{HoldingKind, Subscription};
