//! Memos that try to run scripts, to lead elsewhere, or to pass for parts of the page: `tests/corpora/xss.json`.

use serde::Deserialize;
use serde_json::json;

use super::open_as;
use crate::harness::{Browser, Memo, Screen, TestApp, User, workspace};

mod names;

/// A text that somebody may save as a memo, or may make others open by an address. In the file, its class tells people
/// what it tries.
#[derive(Deserialize)]
struct Payload {
    text: String,
}

fn corpus() -> Vec<Payload> {
    let file = std::fs::read_to_string(workspace().join("tests/corpora/xss.json")).expect("the corpus is there");
    let corpus: Vec<Payload> = serde_json::from_str(&file).expect("payloads");
    assert!(corpus.len() > 100);
    corpus
}

/// Whether the content security policy is in force. It would stop what the site itself lets through, so all has to hold
/// without it as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    Enforced,
    Off,
}

/// Comes before all scripts of a page, and keeps what none of them may ever do.
const SENTINEL: &str = "
    const seen = [];
    Object.defineProperty(window, 'seenBySentinel', { value: seen });
    Object.defineProperty(window, '__xss', { get: () => seen, set: () => seen.push('a script ran') });
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
        window[name] = () => void seen.push(`${name} was called`);
    }
    document.addEventListener('securitypolicyviolation', (event) =>
        seen.push(`the policy refused ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));";

/// What is wrong with the page as it is now.
const INSPECT: &str = "
    const [base, address] = arguments;
    const wrong = [...window.seenBySentinel];
    const { origin, pathname } = new URL(address, base);
    if (location.origin !== origin || location.pathname !== pathname) wrong.push(`the page went to ${location.href}`);
    wrong.push(...Object.keys(Object.prototype).map((name) => `every object has got ${name}`));
    const nameOf = (it) => it.outerHTML.slice(0, 200);

    const forbidden = 'script:not([src^=\"/release/\"]), iframe, frame, object, embed, base, meta[http-equiv], body style, form[action], [formaction]';
    wrong.push(...[...document.querySelectorAll(forbidden)].map((it) => `there is ${nameOf(it)}`));
    for (const it of document.querySelectorAll('*')) {
        if (it.getAttributeNames().some((name) => name.startsWith('on'))) wrong.push(`it acts: ${nameOf(it)}`);
    }
    for (const link of document.querySelectorAll('a, area, [href]:not(link)')) {
        const { protocol } = new URL(link.getAttribute('href') ?? '/', location);
        if (!['http:', 'https:', 'mailto:'].includes(protocol)) wrong.push(`it leads to ${protocol}: ${nameOf(link)}`);
    }

    const elements = `A B STRONG EM I S DEL CODE PRE BLOCKQUOTE UL OL LI INPUT LABEL H1 H2 H3 H4 H5 H6 P BR HR TABLE THEAD
        TBODY TR TH TD MARK SPAN DIV`.split(/\\s+/);
    const attributes = `href rel target class dir lang type checked disabled start tabindex role data-* aria-*`.split(' ');
    const isAllowed = (name) => attributes.includes(name.replace(/^(data|aria)-.*/, '$1-*'));
    for (const it of document.querySelectorAll(':is([data-testid=memo-text], [data-testid=preview]) *')) {
        if (!elements.includes(it.nodeName)) wrong.push(`a memo holds ${nameOf(it)}`);
        if (!it.getAttributeNames().every(isAllowed)) wrong.push(`a memo holds what is not allowed: ${nameOf(it)}`);
        if (it.nodeName === 'INPUT' && it.type !== 'checkbox') wrong.push(`a memo holds a field: ${nameOf(it)}`);
    }
    return wrong;";

/// Somebody's browser amid hostile memos.
struct Siege {
    app: TestApp,
    browser: Browser,
    wrong: Vec<String>,
}

impl Siege {
    async fn begin(app: &TestApp, user: &User, policy: Policy) -> Option<Self> {
        let browser = open_as(user, app, Screen::Desktop).await?;
        let source = json!({ "source": SENTINEL });
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", source).await;
        let off = json!({ "enabled": policy == Policy::Off });
        browser.devtools("Page.setBypassCSP", off).await;
        browser.requests().await; // Those of the browser's own first page are none of the site's.
        Some(Self {
            app: app.clone(),
            browser,
            wrong: Vec::new(),
        })
    }

    /// Goes to an address, waits until a script says that the page is there, and inspects it.
    async fn visit(&mut self, address: &str, is_there: &str) {
        self.browser.go(&self.app, address).await;
        self.browser.until_true(address, is_there).await;
        self.inspect(address).await;
    }

    async fn inspect(&mut self, address: &str) {
        let wrong = self
            .browser
            .run_with(INSPECT, vec![json!(self.app.base_url()), json!(address)])
            .await;
        for what in wrong.as_array().expect("a list") {
            self.wrong.push(format!("{address}: {what}"));
        }
    }

    /// The stream, down to its end.
    async fn visit_stream(&mut self, count: usize) {
        self.visit("/", MEMO_IS_THERE).await;
        let more = format!(
            "scrollTo(0, document.body.scrollHeight);
             document.querySelector('[data-testid=load-more]:not([hidden])')?.click();
             return document.querySelectorAll('[data-testid=memo]').length >= {count}"
        );
        self.browser.until_true("all memos", &more).await;
        self.inspect("/").await;
    }

    /// A memo on its page, and in the editor.
    async fn visit_memo(&mut self, memo: &Memo) {
        let address = format!("/m/{}", memo.id);
        self.visit(&address, MEMO_IS_THERE).await;
        self.browser.click("[data-testid=edit]").await;
        let has_text = "return Boolean(document.querySelector('[data-testid=memo-editor]')?.value)";
        self.browser.until_true("the editor", has_text).await;
        self.browser.click("memo-editor [data-tool=preview]").await;
        let has_preview =
            "return Boolean(document.querySelector('memo-editor [data-testid=preview]:not([hidden])')?.firstChild)";
        self.browser.until_true("the preview", has_preview).await;
        self.inspect(&address).await;
        self.visit(&format!("{address}/history"), VERSION_IS_THERE).await;
    }

    /// Nothing was asked for anywhere else, no window was opened, and no page had anything to complain about.
    async fn end(mut self) {
        let origin = format!("{}/", self.app.base_url());
        let requests = self.browser.requests().await;
        assert!(
            requests.iter().any(|address| address.starts_with(&origin)),
            "{requests:?}"
        );
        let elsewhere = requests.into_iter().filter(|address| !address.starts_with(&origin));
        self.wrong
            .extend(elsewhere.map(|address| format!("a request to {address}")));
        if self.browser.windows().await != 1 {
            self.wrong.push("there is another window".to_owned());
        }
        assert!(self.wrong.is_empty(), "{}: {:#?}", self.wrong.len(), self.wrong);
        self.browser.close().await;
    }
}

const MEMO_IS_THERE: &str = "return Boolean(document.querySelector('[data-testid=memo-text]')?.checkVisibility())";

/// The page has its words, and it is known who is signed in.
const IS_SETTLED: &str =
    "return document.documentElement.hasAttribute('data-ready') && !document.querySelector('main .opening')";

/// A text as a part of an address.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

const IS_MARKED: &str = "return Boolean(document.querySelector('[data-testid=memo-text] mark')?.checkVisibility())";

const VERSION_IS_THERE: &str = "return Boolean(document.querySelector('[data-testid=version]')?.checkVisibility())";

/// What the payloads are made of, to be searched for and marked amid them.
const WORDS: [&str; 6] = ["script", "onerror", "<img", "java", "__proto__", "constructor"];

async fn besiege(policy: Policy) {
    let app = TestApp::shared();
    let user = app.user("besieged").await;
    let Some(mut siege) = Siege::begin(&app, &user, policy).await else {
        return;
    };
    // The stream shows all of them. What shows a memo alone and in the editor is the same, so some of each class do there.
    let step = if policy == Policy::Off { 4 } else { 12 };
    let corpus = corpus();
    let mut memos = Vec::new();
    for (index, payload) in corpus.iter().enumerate() {
        let mut memo = user.write(&payload.text).await;
        // So much is taken away that the former version is kept by itself.
        if index % step == 0 {
            let longer = format!("{}\n{}", payload.text, "filler ".repeat(100));
            memo = user.edit(&memo, &longer).await;
            memo = user.edit(&memo, &payload.text).await;
        }
        memos.push(memo);
    }
    siege.visit_stream(memos.len()).await;
    for word in WORDS {
        siege.visit(&format!("/search?q={}", encoded(word)), IS_MARKED).await;
    }
    for memo in memos.iter().step_by(step) {
        siege.visit_memo(memo).await;
    }
    siege.end().await;
}

#[tokio::test]
async fn no_memo_gets_at_the_page() {
    besiege(Policy::Enforced).await;
}

#[tokio::test]
async fn no_memo_gets_at_the_page_even_without_the_policy() {
    besiege(Policy::Off).await;
}

/// Strangers see a memo on a page of its own, which the memo service makes.
async fn besiege_shared(policy: Policy) {
    let app = TestApp::shared();
    let user = app.user("shared-siege").await;
    let Some(mut siege) = Siege::begin(&app, &user, policy).await else {
        return;
    };
    let mut memo = user.write("not yet").await;
    let made = user
        .post(&format!("{}/shares", memo.path()), &json!({}))
        .await
        .expect(201)
        .value();
    let page = format!("/api/shares/{}", made["token"].as_str().unwrap_or_default());
    siege.browser.console().await;
    let corpus = corpus();
    let all: Vec<&str> = corpus.iter().map(|payload| payload.text.as_str()).collect();
    let all = all.join("\n\n");
    for text in corpus.iter().map(|payload| payload.text.as_str()).chain([all.as_str()]) {
        memo = user.edit(&memo, text).await;
        siege.visit(&page, MEMO_IS_THERE).await;
    }
    // With the policy no script runs on this page, not even one that would hear of what the policy refuses: the console does.
    for said in siege.browser.console().await {
        siege.wrong.push(format!("the console says {said}"));
    }
    siege.end().await;
}

#[tokio::test]
async fn no_shared_memo_gets_at_its_page() {
    besiege_shared(Policy::Enforced).await;
}

#[tokio::test]
async fn no_shared_memo_gets_at_its_page_even_without_the_policy() {
    besiege_shared(Policy::Off).await;
}

/// What comes in by an address: texts to begin a memo with, what is searched for, names of things that are not there.
#[tokio::test]
async fn no_address_gets_at_the_page() {
    let app = TestApp::shared();
    let user = app.user("addressed").await;
    user.write("script onerror javascript img").await;
    let Some(mut siege) = Siege::begin(&app, &user, Policy::Off).await else {
        return;
    };
    let paths = ["/new?text=", "/new?url=", "/m/", "/search?q=", "/tag/"];
    for (Payload { text }, path) in corpus().iter().step_by(2).zip(paths.iter().cycle()) {
        siege.visit(&format!("{path}{}", encoded(text)), IS_SETTLED).await;
    }
    siege.end().await;
}

/// That nothing is wrong tells something only if the sentinel would notice.
#[tokio::test]
async fn the_sentinel_notices() {
    let app = TestApp::shared();
    let user = app.user("sentinel").await;
    let memo = user.write("short").await;
    let address = format!("/m/{}", memo.id);
    let mark = "<img src=x onerror=window.__xss=1><a href='java&#9;script:alert(1)' id=body>x</a>";
    let inject = format!("document.querySelector('[data-testid=memo-text]').innerHTML = {mark:?}");
    let Some(mut siege) = Siege::begin(&app, &user, Policy::Off).await else {
        return;
    };
    siege.visit(&address, MEMO_IS_THERE).await;
    assert_eq!(siege.wrong, Vec::<String>::new());
    siege.browser.run(&inject).await;
    let ran = "return window.seenBySentinel.length > 0";
    siege.browser.until_true("the script runs", ran).await;
    siege.browser.run("fetch('http://127.0.0.2:9/').catch(() => {})").await;
    siege.inspect(&address).await;
    let wrong = siege.wrong.join("\n");
    for what in [
        "a script ran",
        "it acts: <img",
        "it leads to javascript:",
        "a memo holds <img",
        "not allowed: <a",
    ] {
        assert!(wrong.contains(what), "{what}: {wrong}");
    }
    let requests = siege.browser.requests().await;
    assert!(requests.contains(&"http://127.0.0.2:9/".to_owned()), "{requests:?}");

    let Some(mut siege) = Siege::begin(&app, &user, Policy::Enforced).await else {
        return;
    };
    siege.visit(&address, MEMO_IS_THERE).await;
    siege.browser.run(&format!("try {{ {inject} }} catch {{}}")).await;
    siege.browser.until_true("the policy refuses it", ran).await;
    siege.inspect(&address).await;
    let wrong = siege.wrong.join("\n");
    assert!(
        wrong.contains("the policy refused require-trusted-types-for"),
        "{wrong}"
    );
}
