//! What every request passes: the table finds the call, the credential is checked, the role is asked, and then a
//! handler or a service answers, in the envelope.

mod address;
mod cors;
mod limits;
mod middleware;
mod shown;
mod span;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpMessage as _;
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, None as NoBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use common::event::Cause;
use common::trace::TraceContext;
use common::{ErrorCode, Principal};
use tracing::Instrument as _;
use web::{ApiError, Caller, Limits, RequestContext};

pub(crate) use address::{ClientAddress, Networks};
pub(crate) use cors::Cors;
pub(crate) use limits::{RateLimits, too_many};
pub(crate) use middleware::GateMiddleware;
pub(crate) use shown::{Confined, Shown};

use self::limits::Allowance;
use crate::app::App;
use crate::auth::checker::{Checked, Lacking};
use crate::envelope;
use crate::proxy::{Client, Passage, forward, too_large};
use crate::routes::{Access, Found, Route, RouteTree, Target, Upstream};

/// Longest credential that is looked at, in bytes.
const MAX_BEARER: usize = 4_096;

/// What a worker needs to let requests pass.
#[derive(Debug)]
pub(crate) struct Gate {
    app: App,
    tree: Arc<RouteTree>,
    client: Client,
    is_traced: bool,
}

impl Gate {
    /// The gate of one worker, with connections of its own.
    pub(crate) const fn new(app: App, tree: Arc<RouteTree>, client: Client, is_traced: bool) -> Self {
        Self { app, tree, client, is_traced }
    }

    /// Lets one request pass, or says why not; with what browsers and HEAD need besides.
    pub(crate) async fn pass<S>(
        self: Rc<Self>,
        mut request: ServiceRequest,
        handlers: Rc<S>,
    ) -> Result<ServiceResponse, actix_web::Error>
    where
        S: Service<ServiceRequest, Response = ServiceResponse, Error = actix_web::Error>,
    {
        let (cors, origin) = (&self.app.cors, self.app.cors.origin(&request));
        if let Some(origin) = origin.clone().filter(|_| cors::is_preflight(&request)) {
            return Ok(request.into_response(cors::preflight(origin)));
        }
        let is_head = request.method() == Method::HEAD;
        if is_head {
            // From here on it is a GET; the connection remembers to send no body.
            request.head_mut().method = Method::GET;
        }
        let mut answer = self.answer(request, handlers).await?;
        if cors.varies() {
            cors::share(answer.headers_mut(), origin);
        }
        // A stream that nobody reads must not go on.
        Ok(if is_head { answer.map_body(|_, _| BoxBody::new(NoBody::new())) } else { answer })
    }

    /// Finds the call and has it answered.
    async fn answer<S>(&self, request: ServiceRequest, handlers: Rc<S>) -> Result<ServiceResponse, actix_web::Error>
    where
        S: Service<ServiceRequest, Response = ServiceResponse, Error = actix_web::Error>,
    {
        let incoming = span::incoming(request.headers());
        let route = match self.tree.find(request.method().as_str(), request.path()) {
            Found::Route(route) => route,
            Found::OtherMethods(methods) => {
                let mut answer = envelope::refuse(&ApiError::new(ErrorCode::MethodNotAllowed), incoming.context);
                if let Ok(allow) = HeaderValue::from_str(&methods.allow()) {
                    answer.headers_mut().insert(ALLOW, allow);
                }
                return Ok(request.into_response(answer));
            }
            Found::Nothing => {
                return Ok(
                    request.into_response(envelope::refuse(&ApiError::new(ErrorCode::NotFound), incoming.context))
                );
            }
        };
        let left = Cell::new(None);
        let mut answer = match route.target {
            Target::Upstream(upstream) if !self.is_traced => {
                self.relay(request, route, upstream, span::child(incoming.context), &left).await?
            }
            target => {
                let (span, trace) = span::open(&request, route, incoming);
                let work = async {
                    match target {
                        Target::Upstream(upstream) => self.relay(request, route, upstream, trace, &left).await,
                        Target::Local(_) => self.handle(request, route, trace, handlers, &left).await,
                    }
                };
                let answer = work.instrument(span.clone()).await?;
                span.record("http.response.status_code", answer.status().as_u16());
                answer
            }
        };
        if let Some(left) = left.get() {
            Allowance::write(left, answer.headers_mut());
        }
        // Whoever answers it: RFC 9110 wants a challenge with each.
        if answer.status() == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Ok(answer)
    }

    /// A call that a service answers.
    async fn relay(
        &self,
        mut request: ServiceRequest,
        route: &'static Route,
        upstream: Upstream,
        trace: TraceContext,
        left: &Cell<Option<Allowance>>,
    ) -> Result<ServiceResponse, actix_web::Error> {
        let payload = request.take_payload();
        let checked = match self.admit(&request, route, left).await {
            Ok(checked) => checked,
            Err(error) => return Ok(refused(request, &error, trace)),
        };
        let identity = checked.map(|checked| {
            let now = self.app.clock.now();
            checked.internal_token(self.app.checker.signer(), now)
        });
        let patience = route.timeout.min(self.app.settings.proxy.answer_timeout());
        let answer = {
            let peer = request.peer_addr().map(|address| address.ip().to_string());
            let head = request.head();
            let passage = Passage { head, peer, route, upstream, identity, trace, patience };
            forward(&self.client, passage, payload).await
        };
        Ok(match answer {
            Ok(answer) => request.into_response(answer),
            Err(error) => refused(request, &error, trace),
        })
    }

    /// A call that the gateway answers itself.
    async fn handle<S>(
        &self,
        request: ServiceRequest,
        route: &'static Route,
        trace: TraceContext,
        handlers: Rc<S>,
        left: &Cell<Option<Allowance>>,
    ) -> Result<ServiceResponse, actix_web::Error>
    where
        S: Service<ServiceRequest, Response = ServiceResponse, Error = actix_web::Error>,
    {
        let address = ClientAddress::of(&request, self.app.limits.trusted());
        match self.admit(&request, route, left).await {
            Ok(None) => {}
            Ok(Some(checked)) => {
                let identity = checked.identity.clone();
                let cause =
                    Cause { tenant_id: identity.tenant_id, actor: identity.actor(), trace, at: self.app.clock.now() };
                let mut extensions = request.extensions_mut();
                extensions.insert(Caller { identity, cause });
                extensions.insert(Shown(checked.credential));
                extensions.insert(Confined(checked.confined));
            }
            Err(error) if is_done(route, &error) => return Ok(done(request, trace)),
            Err(error) => return Ok(refused(request, &error, trace)),
        }
        {
            let mut extensions = request.extensions_mut();
            extensions.insert(RequestContext { trace });
            extensions.insert(address);
            extensions.insert(Limits { body_bytes: route.body_limit });
        }
        // The router needs the request to itself, so it is had back from the answer. Handlers and extractors turn
        // their errors into answers before they come here.
        let (request, answer) = handlers.call(request).await?.into_parts();
        Ok(ServiceResponse::new(request, envelope::seal(answer, trace)))
    }

    /// Checks quotas, size, credential and permission; nobody for a public call.
    async fn admit(
        &self,
        request: &ServiceRequest,
        route: &'static Route,
        left: &Cell<Option<Allowance>>,
    ) -> Result<Option<Arc<Checked>>, ApiError> {
        let mut allowance = None;
        let address = ClientAddress::of(request, self.app.limits.trusted());
        let entered = self.app.limits.at_the_door(route.rate, address, request.path(), &mut allowance);
        left.set(allowance);
        entered?;
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > route.body_limit) {
            return Err(too_large(route));
        }
        if route.access == Access::Public {
            return Ok(None);
        }
        let bearer = bearer(request.headers()).ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated))?;
        let checked = self.app.checker.check(bearer, self.app.clock.now()).await?;
        let counted = self.app.limits.inside(route.rate, &checked.identity, &mut allowance);
        left.set(allowance);
        counted?;
        if let Some(lacking) = checked.lacking
            && !route.before_second_factor
            && !(lacking == Lacking::Provider && route.before_provider)
        {
            return Err(lacking.into());
        }
        if checked.confined && route.is_account_wide {
            return Err(confined());
        }
        match route.access {
            Access::Permission(permission) if !checked.identity.may(permission) => Err(ApiError::forbidden(permission)),
            Access::Person if matches!(checked.identity.principal, Principal::ApiKey(_)) => {
                Err(ApiError::new(ErrorCode::Forbidden)
                    .message("This call is for people. Sign in instead of sending an API key.")
                    .with("principal", "user"))
            }
            Access::Public | Access::Member | Access::Person | Access::Permission(_) => Ok(Some(checked)),
        }
    }
}

/// A session that the tenant's provider opened asks for what is its person's own.
pub(crate) fn confined() -> ApiError {
    ApiError::new(ErrorCode::Forbidden)
        .message("The tenant's identity provider opened this session, which stays in the tenant. Sign in with your password for this.")
        .with("reason", "confined_session")
}

/// The credential of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_BEARER).then_some(token)
}

/// Whether the call was made before and ended its session by it: there is nothing left to do, or to refuse.
fn is_done(route: &Route, error: &ApiError) -> bool {
    let reason = route.done_when.filter(|_| error.code() == ErrorCode::SessionRevoked);
    reason.is_some_and(|reason| error.body().context.get("reason").is_some_and(|ended| ended == reason))
}

/// The first answer again.
fn done(request: ServiceRequest, trace: TraceContext) -> ServiceResponse {
    let mut answer = HttpResponse::Ok();
    if request.headers().contains_key("idempotency-key") {
        answer.insert_header(("idempotent-replayed", "true"));
    }
    request.into_response(envelope::seal(answer.json(()), trace))
}

fn refused(request: ServiceRequest, error: &ApiError, trace: TraceContext) -> ServiceResponse {
    let is_ours = error.code().status() >= 500;
    // A relayed call has no span of its own; what is logged about it must still name the trace.
    let span = if is_ours { span::failure(&request, trace) } else { tracing::Span::none() };
    let answer: HttpResponse = span.in_scope(|| envelope::refuse(error, trace));
    request.into_response(answer)
}
