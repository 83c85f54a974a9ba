//! What requests cost, in store operations.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use auth_component::{
    Config, app,
    records::totp::{STEP_MILLIS, TotpSecret},
    sign_in::throttle::WINDOW,
};
use axum::Router;
use common::testing::{Answer, Calls, CountingKv, World, request, run, send};
use http::StatusCode;
use serde_json::json;
use support::{TestMemos, cookie, programs};

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// The service over a counting store; its keys are made already.
struct Meter {
    router: Router,
    world: World,
    store: Arc<CountingKv>,
}

impl Meter {
    fn new() -> Self {
        let store = Arc::new(CountingKv::default());
        let world = World::over(store.clone());
        let router = app(
            world.ports(),
            Config::new("memo-auth", "memo-api"),
            Arc::<TestMemos>::default(),
        )
        .unwrap();
        let meter = Self { router, world, store };
        meter.learn_keys();
        meter
    }

    /// The instance reads its keys now, and not in the request that is measured next.
    fn learn_keys(&self) {
        let keys = run(send(&self.router, request("GET", "/.well-known/jwks.json", &[], "")));
        assert_eq!(keys.status, StatusCode::OK);
    }

    /// What a request costs, and what it is answered.
    fn cost(&self, path: &str, headers: &[(&str, &str)], body: &str) -> (Calls, Answer) {
        self.store.take();
        let answer = run(send(&self.router, request("POST", path, headers, body)));
        let calls = self.store.take();
        assert_eq!(calls.keys, 0, "{path} scans the store");
        (calls, answer)
    }

    /// The same of any request, in the name of who has this access token.
    fn cost_as(&self, access_token: &str, method: &str, path: &str, body: &str) -> (usize, usize) {
        let bearer = format!("Bearer {access_token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.store.take();
        let answer = run(send(&self.router, request(method, path, &headers, body)));
        let calls = self.store.take();
        assert!(answer.status.is_success() && calls.keys == 0, "{answer:?}");
        (calls.reads(), calls.writes())
    }

    /// The service where Ann is signed in, and her access token: to where a window of the throttle begins, so that all that follows
    /// is in one.
    fn of_ann() -> (Self, String) {
        let meter = Self::new();
        meter.world.pass_secs(100);
        meter.learn_keys();
        meter.register("ann");
        let access = meter.sign_in("correct horse").1.text("access_token");
        (meter, access)
    }

    fn register(&self, name: &str) -> (Calls, Answer) {
        let body = json!({"username": name, "password": "correct horse"}).to_string();
        self.cost("/api/auth/users", &JSON, &body)
    }

    fn sign_in(&self, password: &str) -> (Calls, Answer) {
        let body = json!({"username": "ann", "password": password}).to_string();
        self.cost("/api/auth/session", &JSON, &body)
    }

    /// The site's session goes on by the cookie of this answer.
    fn refresh(&self, answer: &Answer, headers: &[(&str, &str)]) -> (Calls, Answer) {
        self.refresh_by(&cookie(answer), headers)
    }

    fn refresh_by(&self, token: &str, headers: &[(&str, &str)]) -> (Calls, Answer) {
        let cookie = format!("__Host-memo_refresh={token}");
        let headers = [headers, &[("cookie", cookie.as_str())]].concat();
        self.cost("/api/auth/session/refresh", &headers, "")
    }
}

#[test]
fn a_sign_in_counts_itself_and_takes_that_back() {
    let meter = Meter::new();
    meter.register("ann");
    let (first, _) = meter.sign_in("correct horse");
    let (second, answer) = meter.sign_in("correct horse");
    assert_eq!(answer.status, StatusCode::OK);
    // Two notes, the name and the user; the list of sessions, the same under its claim, and the user again. Two counters up
    // and down again, and the claim's flag. The session and the list.
    let expected = Calls {
        get: 7,
        exists: 2,
        increment: 6,
        set: 3,
        delete: 1,
        keys: 0,
    };
    assert_eq!(second, expected);
    // The first of a window notes it.
    assert_eq!(first, Calls { set: 5, ..expected });
    meter.world.pass(WINDOW);
    meter.learn_keys();
    let (next_window, _) = meter.sign_in("correct horse");
    assert_eq!(
        next_window,
        Calls {
            set: 5,
            delete: 3,
            ..expected
        }
    );
}

#[test]
fn a_guess_costs_less_and_one_that_is_put_off_least() {
    let meter = Meter::new();
    meter.register("ann");
    meter.sign_in("correct horse");
    for _ in 0..10 {
        let (calls, answer) = meter.sign_in("wrong password");
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!((calls.get, calls.increment, calls.set), (4, 2, 0));
    }
    let (calls, answer) = meter.sign_in("wrong password");
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!((calls.get, calls.increment, calls.all()), (1, 1, 2));
}

#[test]
fn a_registration_is_two_records_and_a_claim() {
    let meter = Meter::new();
    // By then all days of the past have been gone through.
    for number in 0..14 {
        meter.register(&format!("bob{number}"));
    }
    let (calls, answer) = meter.register("ann");
    assert_eq!(answer.status, StatusCode::CREATED);
    // The throttle's note; whether the name is taken; under the claim, the two windows beside it and the name again. How far what
    // is due was gone through, and whether anything is due today.
    assert_eq!((calls.get, calls.exists), (3 + 1, 2 + 1));
    // The throttle's note and counter; the user; the claim's flag, the name, and the flag again.
    assert_eq!((calls.set, calls.increment, calls.delete), (3, 2, 1));
    let (taken, answer) = meter.register("ann");
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(taken.all(), 3);
}

#[test]
fn a_refresh_is_six_reads_and_three_writes() {
    let meter = Meter::new();
    meter.register("ann");
    let mut answer = meter.sign_in("correct horse").1;
    for _ in 0..3 {
        let (calls, next) = meter.refresh(&answer, &[]);
        answer = next;
        assert_eq!((calls.reads(), calls.writes()), (6, 3), "{calls:?}");
    }
}

#[test]
fn a_refresh_from_a_network_looks_at_the_failures_there_first() {
    let meter = Meter::new();
    meter.register("ann");
    let refresh = |token: &str| meter.refresh_by(token, &[("spin-client-addr", "192.0.2.7:5000")]);
    let token = cookie(&meter.sign_in("correct horse").1);
    let (calls, answer) = refresh(&token);
    // The note of the network's bucket, which is not there.
    assert_eq!((calls.reads(), calls.writes()), (6 + 1, 3));
    let made_up = format!("{}.{}.{}", "A".repeat(22), "A".repeat(43), "A".repeat(43));
    refresh(&made_up);
    // The note and the counter, the session that is not there and whether it ended; and the note and the counter once more.
    let (calls, _) = refresh(&made_up);
    assert_eq!((calls.reads(), calls.writes()), (1 + 2 + 1, 1 + 1));
    let (calls, answer) = refresh(&cookie(&answer));
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!((calls.reads(), calls.writes()), (6 + 1, 3 + 1));
    for _ in 2..300 {
        refresh(&made_up);
    }
    let (calls, answer) = refresh(&made_up);
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!((calls.get, calls.increment, calls.all()), (1, 1, 2));
}

/// Reads and writes of requests about an account with `others` sessions beside the one that asks.
fn account_costs(others: usize) -> [(usize, usize); 5] {
    let sign_in = |meter: &Meter| {
        let answer = meter.sign_in("correct horse").1;
        (answer.text("access_token"), cookie(&answer))
    };
    let meter = || {
        let meter = Meter::new();
        meter.register("ann");
        let sessions: Vec<_> = (0..=others).map(|_| sign_in(&meter)).collect();
        (meter, sessions)
    };
    let (reading, sessions) = meter();
    let own = &sessions[0].0;
    let me = reading.cost_as(own, "GET", "/api/auth/me", "");
    let list = reading.cost_as(own, "GET", "/api/auth/sessions", "");
    let id = sessions[others].1.split('.').next().unwrap();
    let end = reading.cost_as(own, "DELETE", &format!("/api/auth/sessions/{id}"), "");
    let (ending, sessions) = meter();
    let end_others = ending.cost_as(&sessions[0].0, "DELETE", "/api/auth/sessions", "");
    let (changing, sessions) = meter();
    let body = json!({"current_password": "correct horse", "new_password": "a better horse"}).to_string();
    let change = changing.cost_as(&sessions[0].0, "PUT", "/api/auth/me/password", &body);
    [me, list, end, end_others, change]
}

#[test]
fn what_is_asked_of_an_account_costs_what_its_sessions_do() {
    // Whoever asks: the session, whether it was ended, and the user.
    let [me, list, end, end_others, change] = account_costs(1);
    assert_eq!(me, (3, 0));
    assert_eq!(list, (3 + 1 + 2 * 2, 0));
    // The session is found and noted as ended; its record goes and the list changes, each under a claim.
    assert_eq!(end, (3 + 3 + 4 + 4, 2 + 3 + 3));
    // The list twice, the user and the list under a claim, and the record of each session.
    assert_eq!(end_others, (3 + 2 + 4 + 4 + 4, 2 + 3 + 3 + 3));
    // The same, and a try at the password that is given back.
    assert_eq!(change, (end_others.0 + 2, end_others.1 + 4));
    let of_twenty = account_costs(19);
    assert_eq!(of_twenty[1], (3 + 1 + 2 * 20, 0));
    assert_eq!(of_twenty[3], (end_others.0 + 18 * 4, end_others.1 + 18 * 3));
}

#[test]
fn signing_out_is_noted_and_the_list_of_that_costs_an_entry_each() {
    let meter = Meter::new();
    meter.register("ann");
    let revocations = || {
        // A new instance, which has no list yet.
        let router = app(
            meter.world.ports(),
            Config::new("memo-auth", "memo-api"),
            Arc::<TestMemos>::default(),
        )
        .unwrap();
        meter.store.take();
        run(send(&router, request("GET", "/api/auth/revocations", &[], "")));
        let calls = meter.store.take();
        (calls.get, calls.increment, calls.all())
    };
    // The keys are made at the first sign-in, and read by each new instance.
    meter.sign_in("correct horse");
    assert_eq!(revocations(), (1, 1, 2));
    for number in 1..=20 {
        let token = cookie(&meter.sign_in("correct horse").1);
        let cookie = format!("__Host-memo_refresh={token}");
        meter.store.take();
        let signed_out = request("DELETE", "/api/auth/session", &[("cookie", &cookie)], "");
        assert_eq!(run(send(&meter.router, signed_out)).status, StatusCode::NO_CONTENT);
        let calls = meter.store.take();
        assert_eq!((calls.reads(), calls.writes()), (2 + 4 + 4, 2 + 3 + 3));
        assert_eq!(revocations(), (number + 1, 1, number + 2));
    }
    // When none of them matters any more, a few are looked at.
    meter.world.pass_secs(12 * 60);
    assert_eq!(revocations(), (9, 1, 10));
}

#[test]
fn the_twenty_first_sign_in_also_pays_for_the_end_of_the_first() {
    let meter = Meter::new();
    meter.register("ann");
    let costs: Vec<_> = (0..22).map(|_| meter.sign_in("correct horse").0).collect();
    let (usual, ending) = (costs[10], costs[20]);
    assert_eq!((usual.reads(), usual.writes()), (9, 10));
    // Which of them are there; the first one is noted as ended, and its record goes under a claim.
    assert_eq!((ending.reads(), ending.writes()), (9 + 21 * 2 + 4, 10 + 2 + 3));
    assert_eq!(costs[21], ending);
}

/// The code that the app of this secret shows after the next thirty seconds.
fn next_code(meter: &Meter, secret: &TotpSecret) -> String {
    meter.world.pass_secs(30);
    secret
        .code_at(meter.world.ports().clock.now().0 / STEP_MILLIS)
        .to_text()
}

#[test]
fn a_second_factor_costs_a_change_of_the_user_and_a_try() {
    let (meter, access) = Meter::of_ann();
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str())];
    let (begun, answer) = meter.cost("/api/auth/totp", &headers, "");
    // Who asks, and the user under a claim.
    assert_eq!((begun.reads(), begun.writes()), (3 + 4, 3));
    let secret = TotpSecret::try_from(answer.text("secret")).unwrap();
    let put = |body: String| meter.cost_as(&access, "PUT", "/api/auth/totp", &body);
    assert_eq!(put(json!({"code": next_code(&meter, &secret)}).to_string()), (3 + 4, 3));

    let sign_in = |password: &str, code: &str| {
        let body = json!({"username": "ann", "password": password, "code": code}).to_string();
        meter.cost("/api/auth/session", &JSON, &body)
    };
    sign_in("correct horse", &next_code(&meter, &secret));
    let (with_code, answer) = sign_in("correct horse", &next_code(&meter, &secret));
    assert_eq!(answer.status, StatusCode::OK);
    // As without one, the throttle of codes, and the user under a claim.
    assert_eq!((with_code.reads(), with_code.writes()), (9 + 1 + 4, 10 + 2 + 3));
    // Without a code, nothing is counted in the end.
    let (without, answer) = meter.sign_in("correct horse");
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!((without.reads(), without.writes()), (4, 4));
    let (wrong, answer) = sign_in("correct horse", "12345");
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!((wrong.reads(), wrong.writes()), (5, 3));
    // A wrong password costs the same whoever it is, with and without a code.
    let (of_ann, _) = sign_in("wrong password", "123456");
    meter.register("bob");
    let guess = |name: &str| {
        let body = json!({"username": name, "password": "wrong password", "code": "123456"}).to_string();
        meter.cost("/api/auth/session", &JSON, &body)
    };
    for name in ["bob", "nobody"] {
        // The first try of a window notes it.
        guess(name);
        assert_eq!(guess(name).0, of_ann, "{name}");
    }
    let proof = json!({"password": "correct horse", "code": next_code(&meter, &secret)}).to_string();
    let removed = meter.cost_as(&access, "DELETE", "/api/auth/totp", &proof);
    assert_eq!(removed, (3 + 2 + 1 + 4 + 4, 4 + 2 + 3 + 3));
}

#[test]
fn a_recovery_costs_the_same_for_nobody_and_for_a_wrong_code() {
    let meter = Meter::new();
    meter.register("bob");
    let codes = meter.register("ann").1.body["recovery_codes"].clone();
    let recover = |name: &str, code: &str| {
        let body = json!({"username": name, "recovery_code": code, "new_password": "a better horse"});
        let raised = meter.world.backpressure.count();
        let (calls, answer) = meter.cost(
            "/api/auth/recover",
            &[("content-type", "application/json")],
            &body.to_string(),
        );
        (calls, meter.world.backpressure.count() - raised, answer.status)
    };
    let wrong = "0000-0000-0000-0000";
    let of = |name: &str| {
        // The first try of a window notes it.
        recover(name, wrong);
        recover(name, wrong)
    };
    let of_ann = of("ann");
    assert_eq!(of_ann.2, StatusCode::UNAUTHORIZED);
    // The throttle's note, the name and the user; the counter. No password is hashed.
    assert_eq!((of_ann.0.reads(), of_ann.0.writes(), of_ann.1), (3, 1, 0));
    for name in ["bob", "nobody"] {
        assert_eq!(of(name), of_ann, "{name}");
    }
    // The same, and the try back; the list twice, the user under a claim, and another one for the list, which is empty.
    let (calls, hashes, status) = recover("ann", codes[0].as_str().unwrap());
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!((calls.reads(), calls.writes(), hashes), (3 + 2 + 4 + 4, 2 + 3 + 2, 1));
    meter.sign_in("a better horse");
    meter.sign_in("a better horse");
    // The two sessions are noted as ended; the record of each goes, and the list changes, under claims.
    let (calls, ..) = recover("ann", codes[1].as_str().unwrap());
    assert_eq!(
        (calls.reads(), calls.writes()),
        (3 + 2 + 4 + 2 * 4 + 4, 2 + 3 + 2 + 2 * 3 + 3)
    );
    let access = meter.sign_in("a better horse").1.text("access_token");
    let renewed = meter.cost_as(
        &access,
        "POST",
        "/api/auth/recovery-codes",
        &json!({"password": "a better horse"}).to_string(),
    );
    // Who asks, a try that is given back, and the user under a claim.
    assert_eq!(renewed, (3 + 2 + 4, 4 + 3));
}

#[test]
fn a_deletion_costs_what_its_sessions_do() {
    let deletion = |others: usize| {
        let meter = Meter::new();
        meter.register("ann");
        let own = meter.sign_in("correct horse").1.text("access_token");
        for _ in 0..others {
            meter.sign_in("correct horse");
        }
        let body = json!({"password": "correct horse"}).to_string();
        meter.cost_as(&own, "DELETE", "/api/auth/me", &body)
    };
    let alone = deletion(0);
    // Who asks, and a try that is given back. The list, twice, the user under a claim, and the list under one.
    let begun = (3 + 2 + 2 + 4 + 4, 4 + 3 + 2);
    // The user, and the list; the end of the session is noted; the name, the session, the list and the user, each under a claim.
    let finished = (1 + 1 + 4 * 4, 2 + 4 * 3);
    // What is due of the account and of its name.
    assert_eq!(alone, (begun.0 + finished.0, begun.1 + finished.1 + 2 * 2));
    let (one, two) = (deletion(1), deletion(2));
    assert_eq!((two.0 - one.0, two.1 - one.1), (4, 3));
}

#[test]
fn a_passkey_costs_a_change_of_the_user_and_options_cost_nothing() {
    use authenticator::{Algorithm, Authenticator};

    let (meter, access) = Meter::of_ann();
    let bearer = format!("Bearer {access}");
    let json = ("content-type", "application/json");
    let host = ("host", "localhost:3000");
    let as_ann = [("authorization", bearer.as_str()), json, host];
    let proof = json!({"password": "correct horse"}).to_string();
    let options = || meter.cost("/api/auth/passkeys/options", &as_ann, &proof);
    // An instance's first makes the key: the record, and the same under its claim.
    let (first, _) = options();
    let (asked, answer) = options();
    // Who asks, and a try that is given back.
    assert_eq!((asked.reads(), asked.writes()), (3 + 2, 4));
    assert_eq!((first.reads(), first.writes()), (3 + 2 + 4, 4 + 3));
    let mut device = Authenticator::new(Algorithm::Es256, "laptop", "http://localhost:3000");
    let body = json!({"name": "laptop", "credential": device.create(&answer.body)}).to_string();
    let (added, answer) = meter.cost("/api/auth/passkeys", &as_ann, &body);
    assert_eq!(answer.status, StatusCode::CREATED);
    // Who asks, and the user under a claim.
    assert_eq!((added.reads(), added.writes()), (3 + 4, 3));
    let list = meter.cost_as(&access, "GET", "/api/auth/passkeys", "");
    assert_eq!(list, (3, 0));

    let mut sign_in = |headers: &[(&str, &str)]| {
        meter.world.pass_secs(1);
        let (none, options) = meter.cost("/api/auth/session/passkey/options", &[host], "");
        assert_eq!(none.all(), 0);
        meter.cost(
            "/api/auth/session/passkey",
            headers,
            &device.get(&options.body).to_string(),
        )
    };
    let (entered, answer) = sign_in(&[json, host]);
    assert_eq!(answer.status, StatusCode::OK);
    // The user, and the same under a claim; the session's entry among what is due and its record,
    // the list under a claim, and the user once more.
    assert_eq!((entered.reads(), entered.writes()), (1 + 4 + 5, 3 + 2 + 1 + 3));
    // From elsewhere than the machine itself, a try that is given back. The first one notes its window.
    let from = [json, host, ("spin-client-addr", "192.0.2.7:1")];
    sign_in(&from);
    let (entered, _) = sign_in(&from);
    assert_eq!((entered.reads(), entered.writes()), (1 + 1 + 4 + 5, 2 + 3 + 2 + 1 + 3));
    // What answers no challenge of ours costs nothing.
    let made_up = json!({"rpId": "localhost", "challenge": "A".repeat(54)});
    let (nothing, answer) = meter.cost("/api/auth/session/passkey", &from, &device.get(&made_up).to_string());
    assert_eq!((nothing.all(), answer.status), (0, StatusCode::UNAUTHORIZED));
    let id = answer_id(&device);
    let removed = meter.cost_as(&access, "DELETE", &format!("/api/auth/passkeys/{id}"), &proof);
    // Who asks, a try that is given back, and the user under a claim.
    assert_eq!(removed, (3 + 2 + 4, 4 + 3));
}

#[test]
fn a_passkey_beside_the_password_costs_what_a_code_does() {
    use authenticator::{Algorithm, Authenticator};

    let (meter, access) = Meter::of_ann();
    let bearer = format!("Bearer {access}");
    let (json, host) = (("content-type", "application/json"), ("host", "localhost:3000"));
    let as_ann = [("authorization", bearer.as_str()), json, host];
    let send = |method: &str, path: &str, body: &serde_json::Value| {
        meter.store.take();
        let answer = run(send(&meter.router, request(method, path, &as_ann, &body.to_string())));
        let calls = meter.store.take();
        ((calls.reads(), calls.writes()), answer)
    };
    let mut device = Authenticator::new(Algorithm::Es256, "laptop", "http://localhost:3000");
    let proof = json!({"password": "correct horse"});
    let (_, options) = send("POST", "/api/auth/passkeys/options", &proof);
    let new = json!({"name": "laptop", "credential": device.create(&options.body)});
    send("POST", "/api/auth/passkeys", &new);
    let mut answer_for = |change: &str| {
        meter.world.pass_secs(1);
        let (asked, options) = send("POST", "/api/auth/me/passkey/options", &json!({ "change": change }));
        // Who asks.
        assert_eq!((asked, options.status), ((3, 0), StatusCode::OK));
        device.get(&options.body)
    };
    // The first of a window notes it.
    send(
        "PUT",
        "/api/auth/passkeys/second-factor",
        &json!({"passkey": answer_for("second-factor-on")}),
    );
    let body = json!({"passkey": answer_for("second-factor-on")});
    let (on, answer) = send("PUT", "/api/auth/passkeys/second-factor", &body);
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    // Who asks, a try that is given back, and the user under a claim, twice.
    assert_eq!(on, (3 + 1 + 4 + 4, 2 + 3 + 3));

    let proof = json!({"password": "correct horse", "passkey": answer_for("recovery-codes")});
    let (renewed, answer) = send("POST", "/api/auth/recovery-codes", &proof);
    assert_eq!(answer.status, StatusCode::CREATED);
    // As without one; and the throttle, and the user under a claim.
    assert_eq!(renewed, (3 + 2 + 4 + 1 + 4, 4 + 3 + 2 + 3));

    let sign_in = |passkey: serde_json::Value| {
        meter.world.pass_secs(1);
        let body = json!({"username": "ann", "password": "correct horse", "passkey": passkey});
        let (calls, answer) = meter.cost("/api/auth/session", &[json, host], &body.to_string());
        ((calls.reads(), calls.writes()), answer)
    };
    // The right password alone, and what comes with the answer costs nothing more.
    let (asked, options) = sign_in(serde_json::Value::Null);
    assert_eq!((asked, options.status), ((4, 4), StatusCode::UNAUTHORIZED));
    let answer = device.get(&options.body["passkey_options"]);
    let (entered, signed_in) = sign_in(answer.clone());
    assert_eq!(signed_in.status, StatusCode::OK);
    assert_eq!(entered, (9 + 1 + 4, 10 + 2 + 3));
    let (wrong, refused) = sign_in(answer);
    assert_eq!((wrong, refused.status), ((5, 3), StatusCode::UNAUTHORIZED));
    // A wrong password costs the same whoever it is, and whatever comes with it.
    let guess = |name: &str| {
        let body = json!({"username": name, "password": "wrong password", "passkey": device.clone().get(&options.body["passkey_options"])});
        meter.cost("/api/auth/session", &[json, host], &body.to_string()).0
    };
    guess("nobody");
    assert_eq!(guess("ann"), guess("nobody"));

    meter.world.pass_secs(1);
    let change = json!({"change": "second-factor-off"});
    let (_, options) = send("POST", "/api/auth/me/passkey/options", &change);
    let proof = json!({"password": "correct horse", "passkey": device.get(&options.body)});
    let (off, answer) = send("DELETE", "/api/auth/passkeys/second-factor", &proof);
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(off, (3 + 2 + 1 + 4 + 4, 4 + 2 + 3 + 3));
}

#[test]
fn a_personal_token_costs_a_change_of_the_user_and_to_be_asked_about_one_read() {
    let (meter, access) = Meter::of_ann();
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({"name": "a", "scope": "memos:read", "expires_in_days": 366, "password": "correct horse"});
    let (made, answer) = meter.cost("/api/auth/tokens", &headers, &body.to_string());
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    // Who asks, and a try that is given back; the user under a claim.
    assert_eq!((made.reads(), made.writes()), (3 + 2 + 4, 4 + 3));
    let form = format!("token={}", answer.text("token"));
    let introspect = || meter.cost("/api/auth/introspect", &FORM, &form);
    let (first, told) = introspect();
    assert_eq!(told.body["active"], json!(true));
    // Its use is noted, once an hour.
    assert_eq!((first.reads(), first.writes()), (1 + 4, 3));
    let (again, _) = introspect();
    assert_eq!((again.reads(), again.writes()), (1, 0));
    assert_eq!(meter.cost_as(&access, "GET", "/api/auth/tokens", ""), (3, 0));
    let path = format!("/api/auth/tokens/{}", answer.text("id"));
    assert_eq!(meter.cost_as(&access, "DELETE", &path, ""), (3 + 4, 3));
    let (after, told) = introspect();
    assert_eq!(
        (after.reads(), after.writes(), told.body),
        (1, 0, json!({"active": false}))
    );
    // What we have not signed is told without a read.
    let (nothing, told) = meter.cost("/api/auth/introspect", &FORM, "token=a.b.c");
    assert_eq!((nothing.all(), told.body), (0, json!({"active": false})));
}

/// The id of a device's passkey, as the API has it.
fn answer_id(device: &authenticator::Authenticator) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &device.id)
}

/// What each step of a program's connection costs: its registration, the question, a yes, the code, a refresh.
#[test]
fn a_program_costs_a_record_and_a_session() {
    let (meter, alice) = Meter::of_ann();
    let bearer = format!("Bearer {alice}");
    let headers = [("authorization", bearer.as_str()), JSON[0], ("host", "localhost:3000")];
    let metadata = json!({"redirect_uris": [programs::REDIRECT_URI]}).to_string();
    meter.cost("/api/auth/clients", &JSON, &metadata);
    let (registered, answer) = meter.cost("/api/auth/clients", &JSON, &metadata);
    // The throttle's note and counter; what is due, and the record.
    assert_eq!((registered.reads(), registered.writes()), (1, 1 + 2 + 1));

    let client_id = answer.text("client_id");
    let asked = programs::changed(&programs::asked(&client_id), json!({"approve": true})).to_string();
    let (question, _) = meter.cost("/api/auth/authorize/request", &headers, &asked);
    // Who asks, and the program.
    assert_eq!((question.reads(), question.writes()), (3 + 1, 0));
    let (refused, _) = meter.cost("/api/auth/authorize", &headers, &asked.replace("true", "false"));
    assert_eq!((refused.reads(), refused.writes()), (3 + 1, 0));
    let (first, _) = meter.cost("/api/auth/authorize", &headers, &asked);
    let (second, answer) = meter.cost("/api/auth/authorize", &headers, &asked);
    // The throttle; the program under its claim, which is written once a day; what is due, the session, and the list of sessions
    // under its claim.
    assert_eq!((first.reads(), first.writes()), (3 + 1 + 1 + 4 + 4, 2 + 3 + 2 + 1 + 3));
    assert_eq!(
        (second.reads(), second.writes()),
        (3 + 1 + 1 + 4 + 4, 1 + 2 + 2 + 1 + 3)
    );

    let code = programs::redirected(&answer).1["code"].clone();
    let form = |pairs: &[(&str, &str)]| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        meter.cost("/api/auth/token", &[FORM[0], headers[2]], &form.finish())
    };
    let (redeemed, answer) = form(&programs::redemption(&client_id, &code));
    assert_eq!(answer.status, StatusCode::OK);
    // The program; the session, and again under its claim; the user, the list, and three sessions on it.
    assert_eq!((redeemed.reads(), redeemed.writes()), (1 + 2 + 3 + 1 + 1 + 3 * 2, 3));
    let token = answer.text("refresh_token");
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client_id),
        ("refresh_token", &*token),
    ];
    let (refreshed, answer) = form(&pairs);
    assert_eq!(answer.status, StatusCode::OK);
    // As the site's, and the program.
    assert_eq!((refreshed.reads(), refreshed.writes()), (6 + 1, 3));
    // The list, its sessions, one of which is ended and the other waits; noted, removed, and the list under its claim.
    assert_eq!(
        meter.cost_as(&alice, "GET", "/api/auth/clients", ""),
        (3 + 1 + 3 * 2, 0)
    );
    let ended = meter.cost_as(&alice, "DELETE", &format!("/api/auth/clients/{client_id}"), "");
    assert_eq!(ended, (3 + 1 + 3 * 2 + 2 * 4 + 4, 2 + 2 * 3 + 3));
}
