//! Which component answers which path: Spin's own router, Spin's own rules. Exact routes win over
//! `:name` segments, those over `/...`, longer prefixes over shorter ones.

use std::{borrow::Cow, sync::Arc};

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
    /// The same, for metrics and traces.
    pub template: Arc<str>,
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
            template: pattern.into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn component(routes: &[&str], path: &str) -> Option<String> {
        let mut router = Router::default();
        for route in routes {
            router.add(route, route).unwrap();
        }
        router.find(path).map(|found| found.route.component.clone())
    }

    fn path_info(route: &str, path: &str) -> String {
        let mut router = Router::default();
        router.add(route, "c").unwrap();
        router.find(path).unwrap().path_info().into_owned()
    }

    #[test]
    fn the_most_specific_route_wins_in_any_order() {
        let routes = ["/...", "/a/...", "/a/b/...", "/a/b", "/a/:name", "/a/:name/..."];
        let reversed: Vec<_> = routes.iter().rev().copied().collect();
        for routes in [&routes[..], &reversed] {
            for (path, expected) in [
                ("/", "/..."),
                ("/x/y", "/..."),
                ("/ab", "/..."),
                ("/a", "/a/..."),
                ("/a/b", "/a/b"),
                ("/a/b/", "/a/b"),
                ("/a/b/c/d", "/a/b/..."),
                ("/a/x", "/a/:name"),
                ("/a/x/y", "/a/:name/..."),
            ] {
                assert_eq!(component(routes, path).as_deref(), Some(expected), "{path}");
            }
        }
    }

    #[test]
    fn an_exact_route_matches_nothing_below_it() {
        assert_eq!(component(&["/a"], "/a/b"), None);
        assert_eq!(component(&["/a/.../"], "/b"), None);
        assert_eq!(
            component(&["/.well-known/jwks.json"], "/.well-known/jwks.json").as_deref(),
            Some("/.well-known/jwks.json")
        );
        assert_eq!(component(&["/.well-known/jwks.json"], "/.well-known/jwks-json"), None);
    }

    #[test]
    fn path_info_is_what_the_wildcard_stands_for() {
        assert_eq!(path_info("/a/...", "/a"), "");
        assert_eq!(path_info("/a/...", "/a/"), "/");
        assert_eq!(path_info("/a/...", "/a/b/c"), "/b/c");
        assert_eq!(path_info("/a/...", "/a/b/"), "/b/");
        assert_eq!(path_info("/:x/...", "/a/b"), "/b");
        assert_eq!(path_info("/a", "/a"), "");
    }
}
