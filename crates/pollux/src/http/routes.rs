//! Routes as data: each has its guard beside it, and nothing is mounted that is not declared so.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;

use super::{Gateway, guard};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Everybody: it says nothing that is not everybody's business.
    Open,
    /// Whoever has a user key. The handler's `Caller` sees to it, in the words of its surface.
    User,
    /// Every operator.
    Viewer,
    /// Operators who may change things.
    Admin,
    /// The same, if they proved in the last minutes who they are: for what shows secrets.
    Sudo,
}

/// A route, as a list of routes names it.
#[derive(Clone, Debug)]
pub(super) struct Route {
    method: Method,
    path: &'static str,
    guard: Guard,
    handler: MethodRouter<Gateway>,
}

/// What is mounted, for those who want to walk it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// The method. GET answers HEAD too.
    pub method: Method,
    /// The whole path, with `{name}` in the place of what varies.
    pub path: String,
    /// Who may use it.
    pub guard: Guard,
}

impl Route {
    fn new<H, T>(
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        (guard, handler): (Guard, H),
    ) -> Self
    where
        H: Handler<T, Gateway>,
        T: 'static,
    {
        Self { method, path, guard, handler: on(filter, handler) }
    }

    /// A route for GET and HEAD.
    pub(super) fn get<H: Handler<T, Gateway>, T: 'static>(
        path: &'static str,
        guard: Guard,
        handler: H,
    ) -> Self {
        Self::new(Method::GET, MethodFilter::GET, path, (guard, handler))
    }

    /// A route for POST.
    pub(super) fn post<H: Handler<T, Gateway>, T: 'static>(
        path: &'static str,
        guard: Guard,
        handler: H,
    ) -> Self {
        Self::new(Method::POST, MethodFilter::POST, path, (guard, handler))
    }

    /// A route for PUT.
    pub(super) fn put<H: Handler<T, Gateway>, T: 'static>(
        path: &'static str,
        guard: Guard,
        handler: H,
    ) -> Self {
        Self::new(Method::PUT, MethodFilter::PUT, path, (guard, handler))
    }

    /// A route for PATCH.
    pub(super) fn patch<H: Handler<T, Gateway>, T: 'static>(
        path: &'static str,
        guard: Guard,
        handler: H,
    ) -> Self {
        Self::new(Method::PATCH, MethodFilter::PATCH, path, (guard, handler))
    }

    /// A route for DELETE.
    pub(super) fn delete<H: Handler<T, Gateway>, T: 'static>(
        path: &'static str,
        guard: Guard,
        handler: H,
    ) -> Self {
        Self::new(Method::DELETE, MethodFilter::DELETE, path, (guard, handler))
    }
}

/// A router of these routes, each behind its guard.
pub(super) fn mount(routes: Vec<Route>, gateway: &Gateway) -> Router<Gateway> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let Route { method: _, path, guard, handler } = route;
        if matches!(guard, Guard::Open | Guard::User) {
            return router.route(path, handler);
        }
        let gateway = gateway.clone();
        let guarded = middleware::from_fn(move |request: Request, next: Next| {
            guard::pass(gateway.clone(), guard, request, next)
        });
        router.route(path, handler.route_layer(guarded))
    })
}

impl Route {
    /// What the route is called: its method, and its path below the surface.
    pub(super) fn name(&self) -> (&Method, &'static str) {
        (&self.method, self.path)
    }
}

/// The same routes, for those who want to walk them.
pub(super) fn mounted(prefix: &str, routes: Vec<Route>) -> Vec<Mounted> {
    let routes = routes.into_iter().map(|Route { method, path, guard, handler: _ }| Mounted {
        method,
        path: format!("{prefix}{path}"),
        guard,
    });
    routes.collect()
}
