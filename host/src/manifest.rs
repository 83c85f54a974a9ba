//! spin.toml, version 2: what this host understands of it. Every table denies unknown keys, so that a key that
//! would change the app's behaviour is refused (with its line) and never silently ignored.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

use crate::routes::WELL_KNOWN_PREFIX;

/// A checked manifest.
#[derive(Debug)]
pub struct Manifest {
    pub name: String,
    pub version: Option<String>,
    /// The folder that relative paths in the manifest start from.
    pub dir: PathBuf,
    pub variables: BTreeMap<String, Variable>,
    /// In the manifest's order.
    pub triggers: Vec<Trigger>,
    /// In the manifest's order.
    pub components: Vec<(String, Component)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    spin_manifest_version: u32,
    application: Application,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    trigger: Triggers,
    component: BTreeMap<String, Spanned<Component>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "keys that are allowed and change nothing here")]
struct Application {
    name: String,
    version: Option<String>,
    description: Option<String>,
    authors: Option<Vec<String>>,
    targets: Option<IgnoredAny>,
    tool: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    #[serde(default)]
    http: Vec<Spanned<Trigger>>,
}

/// `[variables]`: an application variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "keys that are allowed and change nothing here")]
pub struct Variable {
    #[serde(default)]
    pub required: bool,
    pub default: Option<String>,
    secret: Option<bool>,
    description: Option<String>,
}

/// `[[trigger.http]]`: which component answers which paths.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "keys that are allowed and change nothing here")]
pub struct Trigger {
    pub route: Route,
    pub component: String,
    id: Option<String>,
    executor: Option<Executor>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a path such as \"/api/...\" or { private = true }")]
pub enum Route {
    Public(String),
    Private(Private),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    private: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum Executor {
    #[serde(alias = "spin")]
    Http,
}

/// `[component.<id>]`: a Wasm component and what it may use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "keys that are allowed and change nothing here")]
pub struct Component {
    pub source: Source,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    #[serde(default)]
    pub key_value_stores: BTreeSet<String>,
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    pub build: Option<Build>,
    description: Option<String>,
    targets: Option<IgnoredAny>,
    tool: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected the path of a local .wasm file: this host downloads nothing"
)]
pub enum Source {
    Local(PathBuf),
}

/// `[component.<id>.build]`: how `--build` makes the component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    command: Commands,
    workdir: Option<PathBuf>,
    /// Patterns of the files that it is made of, relative to `workdir`.
    #[serde(default)]
    pub watch: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a command or a list of commands")]
enum Commands {
    One(String),
    Many(Vec<String>),
}

impl Build {
    /// The folder in which the commands run, if the manifest is in `dir`.
    pub fn folder(&self, dir: &Path) -> PathBuf {
        dir.join(self.workdir.as_deref().unwrap_or(Path::new("")))
    }

    /// The shell commands, in the order in which they run.
    pub fn commands(&self) -> &[String] {
        match &self.command {
            Commands::One(command) => std::slice::from_ref(command),
            Commands::Many(commands) => commands,
        }
    }
}

impl Component {
    /// The component's file, relative to the manifest's folder.
    pub fn path(&self) -> &Path {
        let Source::Local(path) = &self.source;
        path
    }
}

impl Manifest {
    /// Reads and checks the manifest at `path`, or spin.toml in the folder at `path`.
    pub fn load(path: &Path) -> Result<Self> {
        let file = if path.is_dir() {
            path.join("spin.toml")
        } else {
            path.to_owned()
        };
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read the manifest {} (name another with --from)", file.display()))?;
        let file = file.canonicalize()?;
        let dir = file.parent().unwrap_or(Path::new("/")).to_owned();
        Self::parse(&text, dir).with_context(|| format!("{} cannot be run by this host", file.display()))
    }

    fn parse(text: &str, dir: PathBuf) -> Result<Self> {
        let document: Document = toml::from_str(text)?;
        ensure!(
            document.spin_manifest_version == 2,
            "spin_manifest_version = {}: only version 2 is understood",
            document.spin_manifest_version
        );
        for (name, variable) in &document.variables {
            check_variable_name(name).with_context(|| format!("[variables] {name}"))?;
            ensure!(
                variable.required || variable.default.is_some(),
                "[variables] {name}: give it a default or required = true"
            );
        }

        let mut components: Vec<_> = document.component.into_iter().collect();
        components.sort_by_key(|(_, component)| component.span().start);
        let components: Vec<_> = components
            .into_iter()
            .map(|(id, component)| (id, component.into_inner()))
            .collect();
        for (id, component) in &components {
            for name in component.variables.keys() {
                check_variable_name(name).with_context(|| format!("[component.{id}.variables] {name}"))?;
            }
        }

        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for trigger in &document.trigger.http {
            let line = line_of(text, trigger.span().start);
            let trigger = trigger.as_ref();
            check_trigger(trigger, &components, &mut seen).with_context(|| format!("line {line}: [[trigger.http]]"))?;
        }

        Ok(Self {
            name: document.application.name,
            version: document.application.version,
            dir,
            variables: document.variables,
            triggers: document.trigger.http.into_iter().map(Spanned::into_inner).collect(),
            components,
        })
    }

    /// Keeps only the components with these ids and their routes; keeps everything when there are none.
    pub fn select(&mut self, ids: &[String]) -> Result<()> {
        for id in ids {
            ensure!(
                self.components.iter().any(|(known, _)| known == id),
                "--component-id {id}: the manifest has no such component"
            );
        }
        if !ids.is_empty() {
            self.components.retain(|(id, _)| ids.contains(id));
            self.triggers.retain(|trigger| ids.contains(&trigger.component));
        }
        Ok(())
    }
}

fn check_trigger(
    trigger: &Trigger,
    components: &[(String, Component)],
    seen: &mut BTreeMap<String, String>,
) -> Result<()> {
    let component = &trigger.component;
    ensure!(
        components.iter().any(|(id, _)| id == component),
        "component = \"{component}\": there is no [component.{component}]"
    );
    let route = match &trigger.route {
        Route::Public(route) => route,
        Route::Private(Private { private: true }) => return Ok(()),
        Route::Private(Private { private: false }) => bail!("route = {{ private = false }} means nothing"),
    };
    ensure!(route.starts_with('/'), "route = \"{route}\" must start with /");
    ensure!(
        !route.starts_with(WELL_KNOWN_PREFIX),
        "route = \"{route}\" would never be reached: paths under {WELL_KNOWN_PREFIX} are the host's own"
    );
    if let Some(other) = seen.insert(shape(route), component.clone()) {
        bail!("route = \"{route}\" of component {component} is already taken by component {other}");
    }
    Ok(())
}

/// What makes two routes the same: a trailing slash and the names of `:segments` do not.
fn shape(route: &str) -> String {
    let segments = route.trim_end_matches('/').split('/');
    segments
        .map(|segment| if segment.starts_with(':') { ":" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}

/// Spin's rule for the names of variables, in the application and in its components.
pub fn check_variable_name(name: &str) -> Result<()> {
    let letters = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    ensure!(
        letters,
        "a variable's name has only lower-case letters, digits and underscores"
    );
    ensure!(
        name.starts_with(|c: char| c.is_ascii_lowercase()),
        "a variable's name starts with a letter"
    );
    ensure!(
        !name.ends_with('_') && !name.contains("__"),
        "underscores in a variable's name stand alone and inside"
    );
    Ok(())
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
