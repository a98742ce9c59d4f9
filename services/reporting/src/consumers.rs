//! What the service hears: everything.

mod on_event;

pub(crate) use on_event::OnEvent;
