//! The site on a content delivery network, and its services at an origin of their own, over https.

use serde_json::{Value, json};

use super::passkeys::plug_in_for;
use super::{is_kept, sign_in, sign_up, write};
use crate::harness::{Browser, Cdn, HostPlan, Identity, PASSWORD, unique};

const SITE: &str = "memo.example";
const API: &str = "https://api.memo.example";
/// Of another domain, and allowed by name.
const FRIEND: &str = "friend.test";
/// Of another domain.
const STRANGER: &str = "stranger.test";

/// What a page can get from the services: the status of each answer that it may read, and `null` of one that it may not.
const TRY: &str = "
    const [api, username, password] = args;
    const read = async (method, path, body) => {
        const headers = body ? { 'content-type': 'application/json' } : {};
        const request = { method, headers, body: body && JSON.stringify(body), credentials: 'include' };
        return fetch(api + path, request).then((response) => response.status, () => null);
    };
    return [
        await read('POST', '/api/auth/session', { username, password }),
        await read('POST', '/api/auth/session/refresh'),
        await read('GET', '/.well-known/jwks.json'),
    ];";

/// A passkey is made on the site, and opens the account.
const USE_PASSKEY: &str = "
    const [api, password] = args;
    const call = async (path, body, token) => {
        const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
        const request = { method: 'POST', headers, body: JSON.stringify(body), credentials: 'include' };
        const response = await fetch(api + path, request);
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
        return response.json();
    };
    const { access_token } = await call('/api/auth/session/refresh');
    const asked = await call('/api/auth/passkeys/options', { password }, access_token);
    const made = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
    const credential = (await navigator.credentials.create({ publicKey: made })).toJSON();
    await call('/api/auth/passkeys', { name: 'a laptop', credential }, access_token);
    const wanted = PublicKeyCredential.parseRequestOptionsFromJSON(await call('/api/auth/session/passkey/options'));
    const answer = (await navigator.credentials.get({ publicKey: wanted })).toJSON();
    const { user } = await call('/api/auth/session/passkey', answer);
    return [made.rp.id, user.username];";

/// One day of a person whose site and services are apart: nothing is as it was at one origin, but for what they see.
#[tokio::test]
async fn a_site_on_a_cdn_works_as_at_the_origin_of_its_services() {
    let Some(plan) = HostPlan::lasting() else { return };
    let identity = Identity::of(&[SITE, "api.memo.example", FRIEND, STRANGER]);
    let mut host = plan
        .component("auth")
        .component("memo")
        .component("events")
        .variable("public_origin", API)
        .variable("site_origin", "https://memo.example")
        .variable("cors_origins", "https://friend.test")
        .tls(&identity)
        .start();
    let mut cdn = Cdn::start(API, &[SITE], &identity).await;
    let names = [("api.memo.example:443", host.address()), ("*:443", &cdn.address())]
        .map(|(name, place)| (name.to_owned(), place.to_owned()));
    let names: Vec<(&str, &str)> = names.iter().map(|(name, place)| (&**name, &**place)).collect();
    let site = format!("https://{SITE}/");
    let Some(browser) = Browser::open_at(&site, &names, &identity).await else {
        return;
    };
    let name = unique("apart");
    sign_up(&browser, &name).await;
    write(&browser, "장보기").await;
    browser.shows(&["장보기"]).await;
    browser.is_synced().await;
    browser.reload().await;
    browser.shows(&["장보기"]).await;
    browser.is_synced().await;

    // Another device, which hears at once of what this one does, and the other way round.
    let other = Browser::open_at(&site, &names, &identity).await.expect("another one");
    sign_in(&other, &name).await;
    other.shows(&["장보기"]).await;
    other.is_synced().await;
    write(&other, "from the other").await;
    browser.shows(&["from the other", "장보기"]).await;
    browser.click(".memo .edit").await;
    browser.fill("memo-editor textarea", "from both").await;
    browser.click(".memo .save").await;
    other.shows(&["from both", "장보기"]).await;

    // A link is to where the services are, and opens there.
    browser.from_menu(".memo", ".share").await;
    browser.click("[data-testid=make-link] [type=submit]").await;
    browser.sees("[data-testid=link-address]").await;
    let link = browser.text("[data-testid=link-address]").await;
    assert!(link.starts_with(&format!("{API}/api/shares/")), "{link}");
    other.leave_for(&link).await;
    other
        .until_true(
            "the memo is shown",
            "return document.body.innerText.includes('from both')",
        )
        .await;
    other.close().await;
    browser.stroll("/").await;

    // Without a connection the site is there, and what was written meanwhile arrives later.
    is_kept(&browser).await;
    browser.is_synced().await;
    let stopped = host.kill();
    cdn.stop().await;
    browser.reload().await;
    browser.shows(&["from both", "장보기"]).await;
    write(&browser, "on the train").await;
    browser.shows(&["on the train", "from both", "장보기"]).await;
    host = stopped.start();
    cdn.start_again().await;
    browser.reload().await;
    browser.is_synced().await;
    browser.shows(&["on the train", "from both", "장보기"]).await;

    plug_in_for(&browser, "internal", true).await;
    let used = browser.run_async(USE_PASSKEY, vec![API.into(), PASSWORD.into()]).await;
    assert_eq!(used, json!([SITE, name]), "passkeys are of the site's domain");

    browser.reload().await;
    browser.is_synced().await;
    browser.click("#sign-out").await;
    browser.sees("#sign-in").await;
    browser.stroll("/").await;
    browser.sees("#new-memo").await;
    browser.shows(&[]).await;

    // What has another domain: it may be told by name that it can read answers, but no browser keeps a session for it.
    let credentials: Vec<Value> = vec![API.into(), name.as_str().into(), PASSWORD.into()];
    let console = browser.console().await;
    assert!(
        !console.iter().any(|line| line.contains("Content Security Policy")),
        "{console:?}"
    );
    browser.leave_for(&format!("https://{FRIEND}/")).await;
    let friend = browser.run_async(TRY, credentials.clone()).await;
    assert_eq!(friend, json!([200, 204, 200]));
    browser.leave_for(&format!("https://{STRANGER}/")).await;
    let stranger = browser.run_async(TRY, credentials).await;
    assert_eq!(stranger, json!([null, null, null]));
    browser.console().await; // It tells of each refusal.
    browser.close().await;
    drop((host, cdn));
}
