//! What axe finds: nothing, on any page, in any state, in light and dark, on a desktop in English and on a phone in Korean.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{open_as, sign_in};
use crate::harness::{Axe, Browser, Screen, TestApp, User};

/// A function that returns what opens something (a menu, a drawer, a dialog, a fold), in the order of the page.
const OPENERS: &str = "(() => [...document.querySelectorAll(
    '[aria-haspopup], [aria-expanded=false], [popovertarget], summary')]
    .filter((it) => it.checkVisibility({ visibilityProperty: true }) && !it.disabled))";

/// The page has its words and who is signed in is known; then nothing on it changes for a while.
const SETTLED: &str = "
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
struct Audit {
    axe: Axe,
    app: TestApp,
    browser: Browser,
    /// What is violated, and where.
    found: BTreeMap<String, BTreeSet<String>>,
}

impl Audit {
    /// Begins as a visitor, or as somebody who has signed in.
    async fn begin(app: &TestApp, screen: Screen, user: Option<&User>) -> Option<Self> {
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
    async fn paths(&self, audience: &str, memo: &str) -> Vec<String> {
        let script = "return (await import('/js/routes.js')).ROUTES
            .filter((route) => route.audience === args[0] || route.audience === 'all').map((route) => route.path)";
        let paths = self.browser.run_async(script, vec![json!(audience)]).await;
        let paths: Vec<String> = serde_json::from_value(paths).expect("paths");
        assert!(paths.len() > 1, "{paths:?}");
        let paths = paths
            .iter()
            .map(|path| path.replace("{id}", memo).replace("{tag...}", "work/a"));
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
    async fn visit(&mut self, path: &str) {
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
            self.browser.run_async(SETTLED, Vec::new()).await;
            self.check(&format!("{path} with {name} open")).await;
        }
    }

    async fn go(&self, path: &str) {
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
    async fn check(&mut self, place: &str) {
        for scheme in ["light", "dark"] {
            let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.browser.devtools("Emulation.setEmulatedMedia", feature).await;
            for violation in self.axe.violations(&self.browser).await {
                let places = self.found.entry(violation).or_default();
                places.insert(format!("{place} ({scheme})"));
            }
        }
    }

    async fn end(self) {
        assert!(
            self.found.is_empty(),
            "axe found {}: {:#?}",
            self.found.len(),
            self.found
        );
        self.browser.close().await;
    }
}

/// Somebody whose memos show what memos can hold.
async fn writer(app: &TestApp) -> (User, String) {
    let user = app.user("reader").await;
    let long = "긴 메모\n\nA long memo #long\n".repeat(80);
    let rich = "# 제목\n\n- [ ] 우유 #장보기\n- [x] 빵\n\n1. one\n2. two\n\n> quoted\n\n```js\nconst code = 1;\n```\n\n\
        **bold**, *italic*, `code`, [a link](https://example.org/), https://example.org/ #work/a #work/b";
    for text in [
        "plain",
        &long,
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "| --- |\nnot a table\n\n---\n\n## 둘\n\n### 셋",
    ] {
        user.write(text).await;
    }
    let memo = user.write(rich).await;
    (user, memo.id)
}

async fn visitor(screen: Screen) {
    let app = TestApp::shared();
    let Some(mut audit) = Audit::begin(&app, screen, None).await else {
        return;
    };
    for path in audit.paths("guests", "1").await {
        audit.visit(&path).await;
    }
    for path in ["/problems", "/no/such/page"] {
        audit.visit(path).await;
    }
    audit.go("/sign-in").await;
    audit.browser.click("#sign-in").await; // Nothing is filled in.
    audit.check("/sign-in with what is wrong").await;
    sign_in(&audit.browser, "nobody-of-this-name").await;
    audit.browser.run_async(SETTLED, Vec::new()).await;
    audit.check("/sign-in refused").await;
    audit.end().await;
}

async fn newcomer(screen: Screen) {
    let app = TestApp::shared();
    let user = app.user("newcomer").await;
    let Some(mut audit) = Audit::begin(&app, screen, Some(&user)).await else {
        return;
    };
    for path in audit.paths("members", "987654321").await {
        audit.visit(&path).await;
    }
    audit.end().await;
}

async fn member(screen: Screen) {
    let app = TestApp::shared();
    let (user, memo) = writer(&app).await;
    let Some(mut audit) = Audit::begin(&app, screen, Some(&user)).await else {
        return;
    };
    for path in audit.paths("members", &memo).await {
        audit.visit(&path).await;
    }
    for path in ["/problems", "/no/such/page"] {
        audit.visit(path).await;
    }
    audit.go("/").await;
    audit.browser.click("[data-testid=edit]").await;
    audit.browser.fill("[data-testid=memo-editor]", "not saved").await;
    audit.check("/ while a memo is edited").await;
    audit.browser.click("[data-testid=sign-out]").await;
    audit.browser.sees("[data-testid=question]").await;
    audit.check("/ with a question").await;
    audit.end().await;
}

#[tokio::test]
async fn axe_finds_nothing_for_a_visitor_on_a_desktop() {
    visitor(Screen::Desktop).await;
}

#[tokio::test]
async fn axe_finds_nothing_for_a_visitor_on_a_phone() {
    visitor(Screen::Phone).await;
}

#[tokio::test]
async fn axe_finds_nothing_for_a_newcomer_on_a_desktop() {
    newcomer(Screen::Desktop).await;
}

#[tokio::test]
async fn axe_finds_nothing_for_a_newcomer_on_a_phone() {
    newcomer(Screen::Phone).await;
}

#[tokio::test]
async fn axe_finds_nothing_for_a_member_on_a_desktop() {
    member(Screen::Desktop).await;
}

#[tokio::test]
async fn axe_finds_nothing_for_a_member_on_a_phone() {
    member(Screen::Phone).await;
}

/// That nothing is found tells something only if something could be.
#[tokio::test]
async fn axe_would_find_something() {
    let app = TestApp::shared();
    let Some(mut audit) = Audit::begin(&app, Screen::Desktop, None).await else {
        return;
    };
    audit.go("/sign-in").await;
    audit.browser.run("document.querySelector('label').remove()").await;
    audit.check("/sign-in").await;
    let found = format!("{:?}", audit.found);
    assert!(found.contains("label: #username"), "{found}");
    audit.browser.close().await;
}
