//! The gate as actix takes it: around all handlers.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};

use super::Gate;

/// Lets requests pass the gate of this worker.
#[derive(Clone, Debug)]
pub(crate) struct GateMiddleware(pub Rc<Gate>);

/// The running form.
#[derive(Debug)]
pub(crate) struct GateService<S> {
    gate: Rc<Gate>,
    handlers: Rc<S>,
}

impl<S> Transform<S, ServiceRequest> for GateMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = GateService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, handlers: S) -> Self::Future {
        ready(Ok(GateService { gate: Rc::clone(&self.0), handlers: Rc::new(handlers) }))
    }
}

impl<S> Service<ServiceRequest> for GateService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    forward_ready!(handlers);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        Box::pin(Rc::clone(&self.gate).pass(request, Rc::clone(&self.handlers)))
    }
}
