//! Links by which others read a memo.

use std::{sync::Arc, time::Duration};

use crate::support::{TestApp, failing::Failing, run, transfer};
use axum::body::Body;
use common::{
    testing::{Answer, respond},
    world::clock::Clock,
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use memo_component::catalog::{
    due::{self, Due},
    quota::Limits,
};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn try_share(app: &TestApp, user: &str, memo: &str, body: Value) -> Answer {
    app.call(user, "POST", &format!("/api/memos/{memo}/shares"), &[], body)
        .await
}

/// A link to a memo: its answer.
async fn share(app: &TestApp, user: &str, memo: &str) -> Answer {
    let made = try_share(app, user, memo, json!({})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made
}

async fn revoke(app: &TestApp, user: &str, share: &str) -> StatusCode {
    let path = format!("/api/memos/shares/{share}");
    app.call(user, "DELETE", &path, &[], Value::Null).await.status
}

/// What a stranger gets who opens a link in a browser.
async fn open(app: &TestApp, token: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(format!("/api/shares/{token}")).header("accept", "text/html,*/*;q=0.8");
    let (parts, body) = respond(&app.router, request.body(Body::empty()).unwrap())
        .await
        .into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

/// What a program gets.
async fn open_json(app: &TestApp, token: &str) -> Answer {
    let request = Request::get(format!("/api/shares/{token}")).header("accept", "application/json");
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn is_open(app: &TestApp, token: &str) -> bool {
    let (page, _, body) = open(app, token).await;
    let json = open_json(app, token).await.status;
    assert_eq!(page, json, "a page and a program are told the same");
    if page == StatusCode::OK {
        return true;
    }
    assert_eq!(page, StatusCode::NOT_FOUND, "{body}");
    assert_eq!(body, open(app, UNKNOWN).await.2, "why a link opens nothing is not told");
    false
}

async fn items(app: &TestApp, user: &str, path: &str) -> Vec<Value> {
    let list = app.get(user, path).await;
    assert_eq!(list.status, StatusCode::OK, "{list:?}");
    list.body["items"].as_array().unwrap().clone()
}

async fn maintain(app: &TestApp) {
    while due::sweep(&app.ports, &Limits::default(), 50).await.unwrap().more {}
}

/// The keys and values that name a link or a person's links.
async fn traces(app: &TestApp, what: &str) -> Vec<String> {
    let mut traces = Vec::new();
    for key in app.kv.keys("").await.unwrap() {
        let value = app.kv.get(&key).await.unwrap().unwrap_or_default();
        if key.contains(what) || String::from_utf8_lossy(&value).contains(what) {
            traces.push(key);
        }
    }
    traces
}

#[test]
fn a_link_shows_the_memo_as_it_is_now() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "# 장보기 <목록>\n- [x] **우유**").await;
            let made = share(&app, "ann", &memo.text("id")).await;
            let token = made.text("token");
            assert_eq!(made.text("memo_id"), memo.text("id"));
            assert!(made.text("url").ends_with(&format!("/api/shares/{token}")), "{made:?}");
            assert_eq!(made.header("cache-control"), "no-store");
            let shown = open_json(&app, &token).await;
            assert_eq!(shown.body["text"], memo.body["text"]);
            assert_eq!(shown.body["expires_at"], made.body["expires_at"]);
            assert_eq!(
                shown.body.as_object().unwrap().len(),
                3,
                "nothing else is told: {shown:?}"
            );
            let (status, headers, page) = open(&app, &token).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(headers["content-type"], "text/html; charset=utf-8");
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["x-robots-tag"], "noindex, nofollow");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            assert!(!policy.contains("script") && policy.contains("; sandbox "), "{policy}");
            assert!(page.contains("<title>장보기 &lt;목록&gt;</title>"), "{page}");
            assert!(page.contains("<h2 class=\"size-1\">장보기 &lt;목록&gt;</h2>"), "{page}");
            assert!(page.contains("lang=\"ko\""), "{page}");
            assert!(!page.contains("<script") && !page.contains("ann"), "{page}");

            let id = memo.text("id");
            app.patch("ann", &id, 1, json!({"text": "빵", "archived": true})).await;
            assert_eq!(open_json(&app, &token).await.body["text"], "빵");
        }
    });
}

#[test]
fn the_page_speaks_the_readers_language() {
    run(async {
        let app = TestApp::new();
        let memo = app.write("ann", "milk").await;
        let token = share(&app, "ann", &memo.text("id")).await.text("token");
        for (language, words) in [
            ("ko-KR,en;q=0.5", "공유받은 메모"),
            ("en", "A shared memo"),
            ("", "A shared memo"),
        ] {
            let request = Request::get(format!("/api/shares/{token}")).header("accept-language", language);
            let answer = respond(&app.router, request.body(Body::empty()).unwrap()).await;
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(String::from_utf8_lossy(&body).contains(words), "{language:?}");
        }
    });
}

#[test]
fn nobody_shares_lists_or_revokes_what_is_another_persons() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "mine").await.text("id");
            let made = share(&app, "ann", &memo).await;
            app.write("bob", "bob's").await;
            let other = app.write("ann", "another one").await.text("id");
            for user in ["bob", "eve"] {
                let path = format!("/api/memos/{other}/shares");
                assert_eq!(
                    try_share(&app, user, &other, json!({})).await.status,
                    StatusCode::NOT_FOUND
                );
                assert_eq!(app.get(user, &path).await.status, StatusCode::NOT_FOUND);
                assert!(items(&app, user, "/api/memos/shares").await.is_empty());
                for name in [made.text("id"), made.text("token")] {
                    assert_eq!(revoke(&app, user, &name).await, StatusCode::NOT_FOUND);
                }
            }
            assert!(is_open(&app, &made.text("token")).await);
        }
    });
}

#[test]
fn a_list_has_ids_and_no_tokens() {
    run(async {
        for app in TestApp::both() {
            let (first, second) = (
                app.write("ann", "a").await.text("id"),
                app.write("ann", "b").await.text("id"),
            );
            let made = [share(&app, "ann", &first).await, share(&app, "ann", &second).await];
            let of_first = items(&app, "ann", &format!("/api/memos/{first}/shares")).await;
            assert_eq!(of_first.len(), 1);
            let mut expected = made[0].body.clone();
            expected
                .as_object_mut()
                .unwrap()
                .retain(|name, _| name != "token" && name != "url");
            assert_eq!(of_first[0], expected);
            assert_eq!(items(&app, "ann", "/api/memos/shares").await.len(), 2);
            for made in &made {
                assert_eq!(
                    traces(&app, &made.text("token")).await,
                    Vec::<String>::new(),
                    "a token is stored nowhere"
                );
                assert!(!traces(&app, &made.text("id")).await.is_empty());
                assert!(!is_open(&app, &made.text("id")).await, "an id opens nothing");
            }
            let export = String::from_utf8(transfer::export(&app, "ann", "?history=true").await).unwrap();
            assert!(made.iter().all(|made| !export.contains(&made.text("id"))), "{export}");
        }
    });
}

#[test]
fn a_link_is_good_for_as_long_as_was_asked() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "a").await.text("id");
            for (body, days) in [
                (json!({}), 7),
                (json!({"expires_in_days": null}), 7),
                (json!({"expires_in_days": 1}), 1),
                (json!({"expires_in_days": 365}), 365),
            ] {
                let made = try_share(&app, "ann", &memo, body).await;
                let token = made.text("token");
                app.pass(DAY * days - Duration::from_millis(1));
                assert!(is_open(&app, &token).await, "{days}");
                app.pass(Duration::from_millis(1));
                assert!(!is_open(&app, &token).await, "{days}");
                assert!(items(&app, "ann", "/api/memos/shares").await.is_empty());
                assert_eq!(
                    revoke(&app, "ann", &token).await,
                    StatusCode::NOT_FOUND,
                    "as if it had never been"
                );
            }
        }
    });
}

#[test]
fn what_can_be_no_lifetime_is_refused() {
    run(async {
        let app = TestApp::new();
        let memo = app.write("ann", "a").await.text("id");
        for days in [
            json!(0),
            json!(366),
            json!(-1),
            json!(1.5),
            json!("7"),
            json!(u64::MAX),
            json!([7]),
        ] {
            let refused = try_share(&app, "ann", &memo, json!({"expires_in_days": days})).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{days}");
            assert_eq!(refused.body["errors"][0]["field"], "expires_in_days", "{days}");
        }
        let refused = try_share(&app, "ann", &memo, json!({"days": 1})).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(items(&app, "ann", "/api/memos/shares").await.is_empty());
    });
}

#[test]
fn revoking_ends_a_link_at_once_and_no_other() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "a").await.text("id");
            let made = [
                share(&app, "ann", &memo).await,
                share(&app, "ann", &memo).await,
                share(&app, "ann", &memo).await,
            ];
            let tokens = made.each_ref().map(|made| made.text("token"));
            assert_eq!(revoke(&app, "ann", &made[0].text("id")).await, StatusCode::NO_CONTENT);
            assert_eq!(revoke(&app, "ann", &tokens[1]).await, StatusCode::NO_CONTENT);
            assert!(!is_open(&app, &tokens[0]).await && !is_open(&app, &tokens[1]).await);
            assert!(is_open(&app, &tokens[2]).await);
            assert_eq!(revoke(&app, "ann", &tokens[1]).await, StatusCode::NOT_FOUND);
            assert_eq!(items(&app, "ann", "/api/memos/shares").await.len(), 1);
        }
    });
}

#[test]
fn a_link_sleeps_while_its_memo_is_in_the_trash_and_ends_with_it() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "a").await.text("id");
            let token = share(&app, "ann", &memo).await.text("token");
            app.delete("ann", &memo, 1).await;
            assert!(!is_open(&app, &token).await);
            let refused = try_share(&app, "ann", &memo, json!({})).await;
            assert_eq!(
                (refused.status, refused.text("type")),
                (StatusCode::CONFLICT, "/problems#in-trash".to_owned())
            );
            let path = format!("/api/memos/{memo}/restore");
            assert_eq!(
                app.call("ann", "POST", &path, &[], Value::Null).await.status,
                StatusCode::OK
            );
            assert!(
                is_open(&app, &token).await,
                "who takes it out of the trash has it as it was"
            );
            app.delete("ann", &memo, 3).await;
            app.delete("ann", &memo, 4).await;
            assert!(!is_open(&app, &token).await);
            assert_eq!(
                app.get("ann", &format!("/api/memos/{memo}/shares")).await.status,
                StatusCode::NOT_FOUND
            );
        }
    });
}

#[test]
fn there_is_room_for_so_many_links() {
    run(async {
        for app in TestApp::both() {
            let mut memos = Vec::new();
            for number in 0..10 {
                memos.push(app.write("ann", &number.to_string()).await.text("id"));
                for _ in 0..10 {
                    share(&app, "ann", &memos[number]).await;
                }
            }
            let refused = try_share(&app, "ann", &memos[0], json!({})).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN);
            assert_eq!(refused.text("type"), "/problems#quota-exceeded");
            assert_eq!(
                [&refused.body["quota"], &refused.body["limit"], &refused.body["used"]],
                [&json!("shares"), &json!(10), &json!(10)]
            );
            let one_more = app.write("ann", "one more").await.text("id");
            let refused = try_share(&app, "ann", &one_more, json!({})).await;
            assert_eq!(
                (refused.status, &refused.body["limit"]),
                (StatusCode::FORBIDDEN, &json!(100))
            );
            let before = app.kv.keys("memo/share/").await.unwrap().len();
            assert_eq!(before, 100, "who is refused leaves nothing behind");

            // Links of a memo that is gone make room.
            app.remove("ann", &memos[3]).await;
            share(&app, "ann", &one_more).await;
            assert_eq!(items(&app, "ann", "/api/memos/shares").await.len(), 91);
            // And so do those whose end is past.
            app.pass(DAY * 7);
            share(&app, "ann", &memos[0]).await;
            assert_eq!(items(&app, "ann", "/api/memos/shares").await.len(), 1);
        }
    });
}

#[test]
fn what_is_left_of_a_link_goes_when_it_is_due() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "a").await.text("id");
            let short = try_share(&app, "ann", &memo, json!({"expires_in_days": 1})).await;
            let long = share(&app, "ann", &memo).await;
            app.pass(DAY * 3);
            maintain(&app).await;
            assert_eq!(traces(&app, &short.text("id")).await, Vec::<String>::new());
            assert!(is_open(&app, &long.text("token")).await);
            app.pass(DAY * 6);
            maintain(&app).await;
            assert_eq!(traces(&app, &long.text("id")).await, Vec::<String>::new());
        }
    });
}

#[test]
fn an_entry_that_comes_too_early_removes_nothing() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "a").await.text("id");
            let made = share(&app, "ann", &memo).await;
            let early = Due::Share {
                user: "ann".to_owned().try_into().unwrap(),
                id: made.text("id").parse().unwrap(),
            };
            due::enlist(&app.ports, app.clock.now().day(), &early).await.unwrap();
            app.pass(DAY * 2);
            maintain(&app).await;
            assert!(is_open(&app, &made.text("token")).await);
            app.pass(DAY * 7);
            maintain(&app).await;
            assert_eq!(traces(&app, &made.text("id")).await, Vec::<String>::new());
        }
    });
}

#[test]
fn removing_everything_ends_all_links() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "a").await.text("id");
            let token = share(&app, "ann", &memo).await.text("token");
            let removed = app
                .call("ann", "DELETE", "/api/memos", &[], json!({"confirm": "all"}))
                .await;
            assert_eq!(removed.status, StatusCode::NO_CONTENT);
            assert!(!is_open(&app, &token).await);
            assert!(items(&app, "ann", "/api/memos/shares").await.is_empty());
            assert!(app.kv.keys("memo/share/").await.unwrap().is_empty());
        }
    });
}

#[test]
fn the_end_of_an_account_ends_its_links_first_and_leaves_nothing_of_them() {
    run(async {
        for app in TestApp::both() {
            let memo = app.write("ann", "a").await.text("id");
            let made = share(&app, "ann", &memo).await;
            let token = app.token_for("ann", "memo-api", 60, "memos:erase");
            let step = || {
                let request = Request::post("/api/memos/erasure").header("authorization", format!("Bearer {token}"));
                app.send(request.body(Body::empty()).unwrap())
            };
            assert_eq!(step().await.body["more"], true);
            assert!(!is_open(&app, &made.text("token")).await, "before any memo is gone");
            // Somebody whose token is still good is late.
            let late = try_share(&app, "ann", &memo, json!({})).await;
            while step().await.body["more"] == true {}
            for made in [&made, &late] {
                assert!(!is_open(&app, &made.text("token")).await);
                let left = traces(&app, &made.text("id")).await;
                assert!(left.iter().all(|key| key.starts_with("memo/due/")), "{left:?}");
            }
            app.pass(DAY * 10);
            maintain(&app).await;
            assert_eq!(traces(&app, "ann").await, Vec::<String>::new());
        }
    });
}

#[test]
fn nothing_that_can_be_no_token_is_more_than_not_found() {
    run(async {
        let app = TestApp::new();
        let long = "A".repeat(5000);
        for token in [
            UNKNOWN,
            "1",
            "%00",
            "%ff",
            "..",
            "%2e%2e",
            "'",
            "memo",
            &long,
            "A%2FA",
            "%F0%9F%98%80",
        ] {
            let (status, headers, _) = open(&app, token).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{token}");
            assert_eq!(headers["x-robots-tag"], "noindex, nofollow");
            let answer = open_json(&app, token).await;
            assert_eq!(
                (answer.status, answer.text("type")),
                (StatusCode::NOT_FOUND, "/problems#not-found".to_owned())
            );
            assert_eq!(revoke(&app, "ann", token).await, StatusCode::NOT_FOUND, "{token}");
        }
    });
}

#[test]
fn a_store_that_fails_once_is_told_and_nothing_is_open_that_was_ended() {
    run(async {
        for is_done in [false, true] {
            for operation in 0.. {
                let store = Arc::new(Failing::new(is_done));
                let app = TestApp::over(store.clone());
                let memo = app.write("ann", "a").await.text("id");
                let kept = share(&app, "ann", &memo).await.text("token");

                store.after(operation);
                let made = try_share(&app, "ann", &memo, json!({})).await;
                let failed_making = store.stop();
                assert!(
                    made.status == StatusCode::CREATED || made.status == StatusCode::SERVICE_UNAVAILABLE,
                    "{made:?}"
                );
                if made.status == StatusCode::CREATED {
                    assert!(is_open(&app, &made.text("token")).await);
                }
                app.pass_secs(120);

                store.after(operation);
                let (status, _, _) = open(&app, &kept).await;
                let failed_opening = store.stop();
                let expected = if failed_opening {
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::OK
                };
                assert_eq!(status, expected);

                store.after(operation);
                let status = revoke(&app, "ann", &kept).await;
                let failed_revoking = store.stop();
                if status == StatusCode::NO_CONTENT {
                    assert!(!is_open(&app, &kept).await);
                } else {
                    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                    app.pass_secs(120);
                    let again = revoke(&app, "ann", &kept).await;
                    assert!(
                        again == StatusCode::NO_CONTENT || again == StatusCode::NOT_FOUND,
                        "{again}"
                    );
                }
                assert!(!is_open(&app, &kept).await, "operation {operation}");
                if !failed_making && !failed_opening && !failed_revoking {
                    break;
                }
            }
        }
    });
}
