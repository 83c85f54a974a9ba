//! A walk through the site, with axe at each step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::browser::open_as;
use crate::harness::{Axe, Browser, Route, Screen, TestApp, User};

/// A function that returns what opens something (a menu, a drawer, a dialog, a fold), in the order of the page.
const OPENERS: &str = "(() => [...document.querySelectorAll(
    '[aria-haspopup], [aria-expanded=false], [popovertarget], summary')]
    .filter((it) => it.checkVisibility({ visibilityProperty: true }) && !it.disabled))";

const IS_OPEN: &str =
    "return [...document.querySelectorAll('[aria-expanded=true], dialog[open], [role=menu], details[open]')]
        .some((it) => it.checkVisibility())";

/// The page has its words and who is signed in is known; then nothing on it changes for a while.
pub const SETTLED: &str = "
    const isThere = () => document.documentElement.hasAttribute('data-ready') && !document.querySelector('main .opening');
    while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => {
        let timer = setTimeout(resolve, 300);
        const observer = new MutationObserver(() => {
            clearTimeout(timer);
            timer = setTimeout(resolve, 300);
        });
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
        setTimeout(resolve, 3000);
    });";

/// A walk through the site, and what axe has found on it.
pub struct Audit {
    axe: Axe,
    app: TestApp,
    pub browser: Browser,
    /// What is violated, and where.
    pub found: BTreeMap<String, BTreeSet<String>>,
}

impl Audit {
    /// Begins as a visitor, or as somebody who has signed in.
    pub async fn begin(app: &TestApp, screen: Screen, user: Option<&User>) -> Option<Self> {
        let axe = Axe::read()?;
        let browser = match user {
            Some(user) => open_as(user, app, screen).await?,
            None => Browser::open(app, screen).await?,
        };
        if matches!(screen, Screen::Phone) {
            browser.run("localStorage.setItem('language', 'ko')").await;
        }
        Some(Self {
            axe,
            app: app.clone(),
            browser,
            found: BTreeMap::new(),
        })
    }

    /// The paths of `routes.js` for one audience, or for all.
    pub fn paths(&self, audience: &str, memo: &str) -> Vec<String> {
        let mut routes = Route::all();
        routes.retain(|route| route.audience == audience || route.audience == "all");
        assert!(routes.len() > 1, "{audience}");
        let paths = routes.into_iter().map(|route| route.path);
        let paths = paths.map(|path| path.replace("{id}", memo).replace("{tag...}", "work/a"));
        let mut paths: Vec<String> = paths.collect();
        if paths.contains(&"/search".to_owned()) {
            paths.extend(["/search?q=memo".to_owned(), "/search?q=%EC%97%86%EB%8A%94".to_owned()]);
        }
        assert!(
            paths.iter().all(|path| !path.contains('{')),
            "say what stands for the braces in {paths:?}"
        );
        paths
    }

    /// Goes to a path and checks the page, then everything on it that can be opened.
    pub async fn visit(&mut self, path: &str) {
        self.go(path).await;
        self.check(path).await;
        for (place, name) in self.openers().await {
            self.go(path).await;
            let opener = format!("{OPENERS}()[{place}]");
            // By a script, because what is below something else can still be reached by the keyboard.
            let is_there = self
                .browser
                .run(&format!("const it = {opener}; it?.click(); return Boolean(it)"))
                .await;
            assert_eq!(is_there, json!(true), "{path}: {name} has gone");
            self.browser.until_true(&format!("{path}: {name} opens"), IS_OPEN).await;
            self.browser.run_async(SETTLED, Vec::new()).await;
            self.check(&format!("{path} with {name} open")).await;
        }
    }

    pub async fn go(&self, path: &str) {
        self.browser.go(&self.app, path).await;
        self.browser.run_async(SETTLED, Vec::new()).await;
    }

    /// One of each kind: where it is among all, and what it is called.
    async fn openers(&self) -> Vec<(u64, String)> {
        let script = format!(
            "const names = {OPENERS}().map((it) => it.dataset.testid || it.id || it.className || it.localName);
             return names.map((name, place) => [place, name]).filter(([place, name]) => names.indexOf(name) === place)"
        );
        serde_json::from_value(self.browser.run(&script).await).expect("places and names")
    }

    /// Checks the page as it is now.
    pub async fn check(&mut self, place: &str) {
        for scheme in ["light", "dark"] {
            let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.browser.devtools("Emulation.setEmulatedMedia", feature).await;
            for violation in self.axe.violations(&self.browser).await {
                let places = self.found.entry(violation).or_default();
                places.insert(format!("{place} ({scheme})"));
            }
        }
    }

    pub async fn end(self) {
        assert!(
            self.found.is_empty(),
            "axe found {}: {:#?}",
            self.found.len(),
            self.found
        );
        self.browser.close().await;
    }
}
