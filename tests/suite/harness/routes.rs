//! The site's own paths, as its router has them.

use super::workspace;

/// A line of `js/routes.js`.
pub struct Route {
    /// `{id}` in it stands for one segment, and `{tag...}` for one or more.
    pub path: String,
    /// Who may see it: "all", "members" or "guests".
    pub audience: String,
}

impl Route {
    /// Reads the list in the sources.
    pub fn all() -> Vec<Self> {
        let module =
            std::fs::read_to_string(workspace().join("static/public/js/routes.js")).expect("the list of routes");
        let value = |line: &str, name: &str| {
            let (_, rest) = line.split_once(&format!("{name}: \""))?;
            Some(rest.split('"').next()?.to_owned())
        };
        let lines = module.lines().filter(|line| line.trim().starts_with("{ path: "));
        let routes = lines.map(|line| {
            Some(Self {
                path: value(line, "path")?,
                audience: value(line, "audience")?,
            })
        });
        let routes: Vec<_> = routes.map(|route| route.expect("a path and an audience")).collect();
        assert!(routes.len() > 5);
        routes
    }
}
