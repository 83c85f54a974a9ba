//! Which component answers which path: Spin's own router, Spin's own rules. Exact routes win over
//! `:name` segments, those over `/...`, longer prefixes over shorter ones.

use std::borrow::Cow;

use anyhow::{Result, anyhow};
use http::HeaderValue;
use routefinder::{Captures, RouteSpec};

/// Paths under this prefix are the host's own.
pub const WELL_KNOWN_PREFIX: &str = "/.well-known/spin/";

/// A public route.
#[derive(Debug)]
pub struct Route {
    pub component: String,
    /// As written in the manifest, for the headers `spin-raw-component-route` and `spin-matched-route`.
    pub pattern: HeaderValue,
    /// Without a trailing `/...`, for the header `spin-component-route`.
    pub prefix: HeaderValue,
}

#[derive(Debug, Default)]
pub struct Router(routefinder::Router<Route>);

/// A path's route, and what its wildcards stand for.
pub struct Match<'r, 'p> {
    pub route: &'r Route,
    captures: Captures<'r, 'p>,
    path: &'p str,
}

impl Router {
    /// Adds a route such as `/exact`, `/prefix/...` or `/:name/more`.
    pub fn add(&mut self, pattern: &str, component: &str) -> Result<()> {
        let stem = pattern.strip_suffix("/...");
        let spec = match stem {
            Some(stem) => format!("{stem}/*"),
            None => pattern.strip_suffix('/').unwrap_or(pattern).to_owned(),
        };
        let spec: RouteSpec = spec
            .parse()
            .map_err(|error| anyhow!("route = \"{pattern}\": {error}"))?;
        let route = Route {
            component: component.to_owned(),
            pattern: HeaderValue::from_str(pattern)?,
            prefix: HeaderValue::from_str(stem.unwrap_or(pattern))?,
        };
        self.0
            .add(spec, route)
            .map_err(|error| anyhow!("route = \"{pattern}\": {error}"))
    }

    pub fn find<'r, 'p>(&'r self, path: &'p str) -> Option<Match<'r, 'p>> {
        let best = self.0.best_match(path)?;
        Some(Match {
            route: best.handler(),
            captures: best.captures(),
            path,
        })
    }
}

impl Match<'_, '_> {
    /// What `/...` stands for: empty, or a path that starts with a slash.
    pub fn path_info(&self) -> Cow<'_, str> {
        let Some(rest) = self.captures.wildcard() else {
            return Cow::Borrowed("");
        };
        match (rest.is_empty(), self.path.ends_with('/')) {
            (true, false) => Cow::Borrowed(""),
            (true, true) => Cow::Borrowed("/"),
            (false, false) => format!("/{rest}").into(),
            (false, true) => format!("/{rest}/").into(),
        }
    }

    /// What the `:name` segments stand for.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.captures.iter()
    }
}
