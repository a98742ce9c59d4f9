//! Reporting on a real database and broker.

mod consumers {
    mod on_event;
}
mod deletions;
mod feed {
    mod interrupted;
    mod order;
}
mod http {
    mod events;
    mod refusals;
    mod summary;
}
mod isolation;
mod schema;
mod support;
