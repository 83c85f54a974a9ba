//! The app's own paths, which the browser's part of the app shows screens for. `public/js/routes.js` lists them.

/// The paths; a segment in braces stands for any one that is not empty.
pub const ROUTES: &[&str] = include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// Whether the app has a screen for `path`.
pub fn is_route(path: &str) -> bool {
    ROUTES.iter().any(|route| matches(route, path))
}

fn matches(route: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let all = route.split('/').all(|wanted| match segments.next() {
        Some(given) if wanted.starts_with('{') => !given.is_empty(),
        Some(given) => given == wanted,
        None => false,
    });
    all && segments.next().is_none()
}
