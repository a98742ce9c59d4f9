//! Plans, money and periods. Pure: no database, no HTTP, no clock.

mod money;
mod period;
mod plan;
mod subscription;

pub(crate) use money::Money;
pub(crate) use period::Period;
pub(crate) use plan::{Entitlements, FREE_PLAN, Interval, Plan, Plans};
pub(crate) use subscription::{HoldingKind, Subscription};
