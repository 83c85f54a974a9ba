//! Passkeys as Chromium makes them, by its virtual authenticator: an implementation that nobody here wrote.

use serde_json::{Value, json};

use crate::harness::{Browser, PASSWORD, Screen, TestApp};

/// What a page does to send a request and read its answer.
const CALL: &str = "
    const call = async (method, path, body, token) => {
        const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
        const response = await fetch(path, { method, headers, body: JSON.stringify(body) });
        const text = await response.text();
        return { status: response.status, ...(text && JSON.parse(text)) };
    };";

/// Lets an authenticator be at hand that is reached this way, which has passkeys and verifies who uses it.
async fn plug_in(browser: &Browser, transport: &str) {
    plug_in_for(browser, transport, true).await;
}

/// The same, for somebody whom it knows, or does not. One that was plugged in before is gone.
pub async fn plug_in_for(browser: &Browser, transport: &str, is_known: bool) {
    let options = json!({
        "protocol": "ctap2", "transport": transport, "hasResidentKey": true, "hasUserVerification": true,
        "isUserVerified": is_known, "automaticPresenceSimulation": true,
    });
    browser.devtools("WebAuthn.disable", json!({})).await;
    browser.devtools("WebAuthn.enable", json!({})).await;
    browser
        .devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options }))
        .await;
}

#[tokio::test]
async fn what_chromium_makes_is_added_and_opens_the_account() {
    let app = TestApp::shared().at_localhost();
    // The algorithm is the service's choice, unless the authenticator knows one alone.
    let all = json!([-8, -7, -257]);
    for (transport, name, algorithms) in [
        ("internal", "a laptop", all.clone()),
        ("usb", "a key on a ring", json!([-7])),
        ("internal", "a laptop with Windows", json!([-257])),
    ] {
        let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
            return;
        };
        plug_in(&browser, transport).await;
        let user = app.user("chromium").await;
        let added = add(&browser, user.token(), name, &algorithms).await;
        assert_eq!(added["status"], 201, "{name}: {added}");
        let again = add(&browser, user.token(), "again", &algorithms).await;
        assert_eq!(
            again["refused"], "InvalidStateError",
            "the device has one already: {again}"
        );
        for _ in 0..2 {
            let entered = sign_in(&browser).await;
            assert_eq!(entered["status"], 200, "{name}: {entered}");
            assert_eq!(entered["user"]["username"], user.username.as_str());
        }
        let listed = user.get("/api/auth/passkeys").await.expect(200).value();
        assert_eq!(listed["items"][0]["name"], name);
        assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
        let complaints = browser.console().await;
        // Chromium does not like it where a test asks for one algorithm alone.
        assert!(
            complaints
                .iter()
                .all(|line| algorithms != all && line.contains("pubKeyCredParams"))
        );
        browser.close().await;
    }
}

async fn add(browser: &Browser, token: &str, name: &str, algorithms: &Value) -> Value {
    let script = format!(
        "{CALL}
        const [token, password, name, algorithms] = args;
        const options = await call('POST', '/api/auth/passkeys/options', {{ password }}, token);
        options.pubKeyCredParams = options.pubKeyCredParams.filter((params) => algorithms.includes(params.alg));
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
        try {{
            const credential = (await navigator.credentials.create({{ publicKey }})).toJSON();
            return await call('POST', '/api/auth/passkeys', {{ name, credential }}, token);
        }} catch (error) {{
            return {{ refused: error.name }};
        }}"
    );
    let arguments = vec![token.into(), PASSWORD.into(), name.into(), algorithms.clone()];
    browser.run_async(&script, arguments).await
}

async fn sign_in(browser: &Browser) -> Value {
    let script = format!(
        "{CALL}
        const options = await call('POST', '/api/auth/session/passkey/options');
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
        const answer = (await navigator.credentials.get({{ publicKey }})).toJSON();
        return await call('POST', '/api/auth/session/passkey', answer);"
    );
    browser.run_async(&script, Vec::new()).await
}
