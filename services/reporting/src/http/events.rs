//! `/events`: the feed.

pub(crate) mod list;
