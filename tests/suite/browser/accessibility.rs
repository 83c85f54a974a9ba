//! What axe finds: nothing, on any page, in any state, in light and dark, on a desktop in English and on a phone in Korean.

use reqwest::Method;
use serde_json::json;

use super::sign_in;
use crate::harness::{LocalProgram, PASSWORD, Screen, TestApp, User};
use audit::{Audit, SETTLED};

mod audit;

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
    for (change, text) in [
        (json!({ "pinned": true }), "pinned #work"),
        (json!({ "archived": true }), "archived #work/a"),
    ] {
        let memo = user.write(text).await;
        let call = user.call(Method::PATCH, &memo.path()).header("if-match", &memo.etag());
        call.json(&change).send().await.expect(200);
    }
    user.trash(&user.write("thrown away").await).await;
    // So much is taken away that the former version is kept by itself.
    let memo = user.write(&format!("a former version\n{long}")).await;
    let memo = user.edit(&memo, rich).await;
    (user, memo.id)
}

async fn visitor(screen: Screen) {
    let app = TestApp::shared();
    let Some(mut audit) = Audit::begin(&app, screen, None).await else {
        return;
    };
    for path in audit.paths("guests", "1") {
        audit.visit(&path).await;
    }
    for path in ["/problems", "/no/such/page"] {
        audit.visit(path).await;
    }
    audit.go("/sign-in").await;
    audit.browser.click("#sign-in").await; // Nothing is filled in.
    audit.check("/sign-in with what is wrong").await;
    sign_in(&audit.browser, "nobody-of-this-name").await;
    let is_refused = "return document.querySelector('#password').ariaInvalid === 'true'";
    audit.browser.until_true("it is refused", is_refused).await;
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
    for path in audit.paths("members", "987654321") {
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
    for path in audit.paths("members", &memo) {
        audit.visit(&path).await;
    }
    for path in ["/problems", "/no/such/page"] {
        audit.visit(path).await;
    }
    member_at_work(&mut audit, &user, &memo).await;
    audit.end().await;
}

/// What is not there until somebody does something.
async fn member_at_work(audit: &mut Audit, user: &User, memo: &str) {
    let address = format!("/m/{memo}");
    audit.go(&address).await;
    audit.browser.click("[data-testid=edit]").await;
    audit.browser.type_into("[data-testid=memo-editor]", " more").await;
    audit.check("a memo is edited").await;
    audit.browser.click("memo-editor [data-tool=preview]").await;
    audit.browser.sees("memo-editor [data-testid=preview]").await;
    audit.check("a memo is edited beside its preview").await;

    audit.go("/").await;
    audit.browser.from_menu("[data-testid=memo]", ".select").await;
    audit.browser.sees("[data-testid=selection-bar]").await;
    audit.check("a memo is selected").await;

    audit.go("/").await;
    audit.browser.from_menu("[data-testid=memo]", ".trash").await;
    audit.browser.sees("#status-action").await;
    audit.check("a deed can be undone").await;

    sharing(audit, memo).await;
    conflict(audit, user).await;
    account_at_work(audit).await;
    programs(audit, user).await;

    audit.go("/new").await;
    audit.browser.fill("#new-memo", "not saved").await;
    audit
        .browser
        .run("document.querySelector('[data-testid=sign-out]').click()")
        .await; // It may be in the drawer.
    audit.browser.sees("[data-testid=question]").await;
    audit.check("a question is asked").await;
}

/// A link that was just made, and what strangers see of it. Where its page keeps scripts out, axe could not look at it.
async fn sharing(audit: &mut Audit, memo: &str) {
    audit.go(&format!("/m/{memo}/share")).await;
    audit.browser.click("[data-testid=make-link] [type=submit]").await;
    audit.browser.sees("[data-testid=link-address]").await;
    audit.check("a link is shown").await;
    let address = audit.browser.text("[data-testid=link-address]").await;
    audit
        .browser
        .devtools("Page.setBypassCSP", json!({ "enabled": true }))
        .await;
    let unknown = format!("{}/api/shares/1", TestApp::shared().base_url());
    for (page, place) in [(address, "a shared memo"), (unknown, "a link that opens nothing")] {
        let path = page
            .strip_prefix(TestApp::shared().base_url())
            .unwrap_or_default()
            .to_owned();
        audit.browser.go(&TestApp::shared(), &path).await;
        audit.browser.sees("h1").await;
        audit.check(place).await;
    }
    audit
        .browser
        .devtools("Page.setBypassCSP", json!({ "enabled": false }))
        .await;
    audit.go(&format!("/m/{memo}/share")).await;
    audit.browser.click("[data-testid=end-link]").await;
    audit.browser.sees("[data-testid=question]").await;
    audit.check("the end of a link is asked about").await;
    audit.browser.click("[data-testid=yes]").await;
}

/// What the account's pages show when something is wrong, or once.
async fn account_at_work(audit: &mut Audit) {
    audit.go("/account/password").await;
    audit.browser.click("[data-testid=act]").await; // Nothing is filled in.
    audit.browser.type_into("#new_password", "password1").await;
    audit.browser.sees("[data-testid=strength]").await;
    audit.check("a weak password is chosen").await;
    audit.go("/account/second-factor").await;
    audit.browser.click("[data-testid=begin-second-factor]").await;
    audit.browser.sees("[data-testid=qr] path").await;
    audit.check("a second factor is set up").await;
    audit.go("/account/transfer").await;
    audit.browser.click("[data-testid=import]").await; // No file is chosen.
    audit.check("a file is asked for").await;
    audit.go("/account/delete").await;
    audit.browser.fill("#password", PASSWORD).await;
    audit.browser.click("[data-testid=act]").await;
    audit.browser.sees("[data-testid=question]").await;
    audit.check("the end of the account is asked about").await;
    passkeys_at_work(audit).await;
    audit.go("/account/recovery-codes").await;
    audit.browser.fill("#password", PASSWORD).await;
    audit.browser.click("[data-testid=act]").await;
    audit.browser.sees("[data-testid=recovery-codes]").await;
    audit.check("recovery codes are shown").await;
    audit.browser.click("[data-testid=codes-kept]").await;
    audit.go("/account/tokens").await;
    audit.browser.fill("#name", "script").await;
    audit.browser.fill("#password", PASSWORD).await;
    audit.browser.click("[data-testid=act]").await;
    audit.browser.sees("[data-testid=new-token]").await;
    audit.check("a token is shown").await;
    audit.browser.click("[data-testid=revoke-token]").await;
    audit.browser.sees("[data-testid=question]").await;
    audit.browser.click("[data-testid=yes]").await;
}

/// A program wants to be connected, with a name as long as names are, and one is.
async fn programs(audit: &mut Audit, user: &User) {
    let app = TestApp::shared();
    let program = LocalProgram::register(&app, &"낱말word".repeat(10)).await;
    audit.go(&program.address("memos:read memos:write")).await;
    audit.browser.sees("[data-testid=asking]").await;
    audit.check("a program asks").await;
    for field in ["read", "write"] {
        audit.browser.click(&format!("[data-testid=may-{field}]")).await;
    }
    audit.browser.click(super::ALLOW).await; // Nothing is ticked.
    audit.check("a program is allowed nothing").await;
    program.connect(user, "memos:read").await;
    for path in ["/account/programs", "/account/sessions"] {
        audit.go(path).await;
        audit.check(&format!("{path} with a program")).await;
    }
}

/// The page's address is of numbers, so it is told here that it is a name: the forms are the same.
async fn passkeys_at_work(audit: &mut Audit) {
    audit.go("/account/passkeys").await;
    audit.browser.run("document.querySelector('.add').hidden = false").await;
    audit.browser.click("[data-testid=add-passkey]").await;
    audit.browser.sees("#name").await;
    audit.browser.click("[data-testid=act]").await; // Nothing is filled in.
    audit.check("a passkey is added").await;
    // What offers a passkey where the account has one, too.
    for path in ["/account/recovery-codes", "/account/second-factor"] {
        audit.go(path).await;
        let show = "for (const button of document.querySelectorAll('.passkey-instead')) button.hidden = false";
        audit.browser.run(show).await;
        audit.check("a passkey is offered in the place of a code").await;
    }
}

/// Two devices have changed one memo.
async fn conflict(audit: &mut Audit, user: &User) {
    let memo = user.write("before").await;
    audit.go(&format!("/m/{}", memo.id)).await;
    audit.browser.click("[data-testid=edit]").await;
    user.edit(&memo, "what the phone wrote").await;
    audit
        .browser
        .fill("[data-testid=memo-editor]", "what the desktop wrote")
        .await;
    audit.browser.click("[data-testid=done]").await;
    audit.browser.sees("[data-testid=theirs]").await;
    audit.check("two texts are there to choose from").await;
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
    audit
        .browser
        .run("document.querySelector('label[for=username]').remove()")
        .await;
    audit.check("/sign-in").await;
    let found = format!("{:?}", audit.found);
    assert!(found.contains("label: #username"), "{found}");
    audit.browser.close().await;
}
