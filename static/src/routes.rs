//! The app's own paths, which the browser's part of the app shows screens for. `public/js/routes.js` lists them.

/// The paths; a segment in braces stands for any one that is not empty, and `{…...}` at the end for one or more.
pub const ROUTES: &[&str] = include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// Whether the app has a screen for `path`.
pub fn is_route(path: &str) -> bool {
    ROUTES.iter().any(|route| matches(route, path))
}

fn matches(route: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in route.split('/') {
        let is_right = |given: &str| match wanted.starts_with('{') {
            true => !given.is_empty(),
            false => given == wanted,
        };
        if !segments.next().is_some_and(is_right) {
            return false;
        }
        if wanted.ends_with("...}") {
            return segments.all(is_right);
        }
    }
    segments.next().is_none()
}
