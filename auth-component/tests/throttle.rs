//! How often somebody may try: at the edges of a window, with clocks that are apart, and when the store fails.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::support::{
    Answer, Failing, TestApp, TestKv, cookie,
    programs::{redemption, registered},
    run,
};
use auth_component::sign_in::throttle::{Action, Admission, Throttled, WINDOW, admit};
use axum::response::IntoResponse;
use common::{
    http::problem::Problem,
    store::kv::{Kv, MemoryKv},
    testing::{EPOCH, HandClock, World},
    world::{Ports, clock::Clock},
};
use http::StatusCode;

const MILLISECOND: Duration = Duration::from_millis(1);

/// The most sign-ins with one name from one place.
const TRIES: usize = 10;

fn network(host: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, host]))
}

/// How long until the window ends that `EPOCH` is in.
fn until_next_window() -> Duration {
    let window = u64::try_from(WINDOW.as_millis()).unwrap();
    Duration::from_millis(window - EPOCH.0 % window)
}

fn window_now() -> u64 {
    EPOCH.0 / u64::try_from(WINDOW.as_millis()).unwrap()
}

async fn try_sign_in(ports: &Ports, name: &str) -> Result<Admission, Throttled> {
    admit(ports, Action::SignIn, name, None).await
}

/// How long the next try is put off; `None` when it is let in.
async fn put_off(ports: &Ports) -> Option<Duration> {
    match try_sign_in(ports, "ann").await {
        Ok(_) => None,
        Err(Throttled::TooMany { retry_after }) => Some(retry_after),
        Err(error) => panic!("{error}"),
    }
}

async fn use_all_tries(ports: &Ports) {
    for number in 1..=TRIES {
        assert_eq!(put_off(ports).await, None, "try {number}");
    }
}

/// An instance whose clock is this far from the world's.
fn instance_ahead(world: &World, time: Duration) -> Ports {
    let clock = HandClock::default();
    clock.pass(time);
    Ports {
        clock: Arc::new(clock) as Arc<dyn Clock>,
        ..world.ports()
    }
}

fn both_stores() -> [World; 2] {
    [World::new(), World::over(Arc::new(MemoryKv::without_increment()))]
}

/// The keys of one limit, without the bucket's name.
async fn keys_of(kv: &dyn Kv, limit: &str) -> Vec<String> {
    let keys = kv.keys(&format!("auth/throttle/{limit}/")).await.unwrap();
    keys.iter()
        .map(|key| key.split('/').skip(4).collect::<Vec<_>>().join("/"))
        .collect()
}

/// The sum of a limit's counters.
async fn counted(kv: &dyn Kv, limit: &str) -> i64 {
    let mut sum = 0;
    for key in kv.keys(&format!("auth/throttle/{limit}/")).await.unwrap() {
        if key.split('/').count() == 5 {
            sum += kv.increment(&key, 0).await.unwrap();
        }
    }
    sum
}

#[test]
fn a_name_is_guessed_at_seventeen_thousand_times_a_day_and_no_more() {
    let windows = Duration::from_secs(24 * 60 * 60).as_secs() / WINDOW.as_secs();
    assert_eq!(windows * 60, 17_280);
}

#[test]
fn a_window_ends_on_the_millisecond() {
    run(async {
        for world in both_stores() {
            let ports = world.ports();
            world.pass(until_next_window());
            use_all_tries(&ports).await;
            assert_eq!(put_off(&ports).await, Some(WINDOW), "in the window's first millisecond");
            world.pass(WINDOW - MILLISECOND);
            assert_eq!(put_off(&ports).await, Some(MILLISECOND), "in its last one");
            world.pass(MILLISECOND);
            use_all_tries(&ports).await;
            assert_eq!(put_off(&ports).await, Some(WINDOW));
        }
    });
}

#[test]
fn a_try_that_is_put_off_says_for_how_long_in_whole_seconds() {
    for (millis, expected) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (300_000, "300")] {
        let retry_after = Duration::from_millis(millis);
        let response = Problem::from(Throttled::TooMany { retry_after }).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], expected, "{millis} ms");
    }
}

#[test]
fn instances_whose_clocks_are_a_little_apart_count_together() {
    run(async {
        for world in both_stores() {
            world.pass(until_next_window() - Duration::from_secs(1));
            let behind = world.ports();
            let ahead = instance_ahead(&world, until_next_window() + Duration::from_secs(1));
            assert_eq!(put_off(&ahead).await, None);
            for _ in 1..TRIES / 2 {
                assert_eq!(put_off(&behind).await, None);
                assert_eq!(put_off(&ahead).await, None);
            }
            assert_eq!(put_off(&behind).await, None);
            assert_eq!(put_off(&behind).await, Some(WINDOW + Duration::from_secs(1)));
            assert_eq!(put_off(&ahead).await, Some(WINDOW - Duration::from_secs(1)));
        }
    });
}

#[test]
fn a_clock_that_is_far_ahead_is_not_believed() {
    run(async {
        for world in both_stores() {
            let ports = world.ports();
            let wrong = instance_ahead(&world, until_next_window() + WINDOW);
            use_all_tries(&wrong).await;
            // The bucket is at the right window again, and what was counted in the other one is gone.
            use_all_tries(&ports).await;
            assert!(put_off(&ports).await.is_some());
            let right = window_now().to_string();
            if world.kv.has_increment() {
                assert_eq!(keys_of(&*world.kv, "sign-in-here").await, [String::new(), right]);
            }
        }
    });
}

#[test]
fn a_window_that_is_over_is_forgotten_before_the_next_one_is_counted() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        for window in 0..3 {
            use_all_tries(&ports).await;
            let expected = [String::new(), (window_now() + window).to_string()];
            for limit in ["sign-in-here", "sign-in-name"] {
                assert_eq!(keys_of(&*world.kv, limit).await, expected);
            }
            world.pass(WINDOW);
        }
    });
}

#[test]
fn a_right_try_is_given_back_while_its_window_lasts() {
    run(async {
        for (late, is_given_back) in [(MILLISECOND, true), (Duration::ZERO, false)] {
            for world in both_stores() {
                let ports = world.ports();
                world.pass(until_next_window());
                let started = world.clock.now();
                let admission = try_sign_in(&ports, "ann").await.unwrap();
                world.pass(WINDOW - late);
                admission.give_back(&ports).await;
                // Looked at with the clock of the window that the try was made in.
                let then = instance_ahead(&world, started.since(EPOCH));
                let mut left = 0;
                while put_off(&then).await.is_none() {
                    left += 1;
                }
                assert_eq!(left, if is_given_back { TRIES } else { TRIES - 1 });
            }
        }
    });
}

#[test]
fn a_try_is_given_back_to_every_limit_that_counted_it() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        let limits = ["sign-in-network", "sign-in-here", "sign-in-name"];
        let admission = admit(&ports, Action::SignIn, "ann", network(7)).await.unwrap();
        for limit in limits {
            assert_eq!(counted(&*world.kv, limit).await, 1, "{limit}");
        }
        admission.give_back(&ports).await;
        for limit in limits {
            assert_eq!(counted(&*world.kv, limit).await, 0, "{limit}");
        }
    });
}

#[test]
fn giving_back_on_a_store_without_counters_takes_one_and_never_more_than_there_are() {
    run(async {
        let world = World::over(Arc::new(MemoryKv::without_increment()));
        let ports = world.ports();
        let (one, two) = (
            try_sign_in(&ports, "ann").await.unwrap(),
            try_sign_in(&ports, "ann").await.unwrap(),
        );
        one.give_back(&ports).await;
        for _ in 0..TRIES - 1 {
            assert_eq!(put_off(&ports).await, None);
        }
        assert!(put_off(&ports).await.is_some());
        // Somebody else began to count anew meanwhile: there is nothing left to give back.
        for key in world.kv.keys("auth/throttle/").await.unwrap() {
            let zero = format!("{{\"version\":1,\"window\":{},\"tries\":0}}", window_now());
            world.kv.set(&key, zero.as_bytes()).await.unwrap();
        }
        two.give_back(&ports).await;
        use_all_tries(&ports).await;
        assert!(put_off(&ports).await.is_some());
    });
}

#[test]
fn a_try_that_is_put_off_for_where_it_comes_from_does_not_count_against_the_name() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        for number in 0..100 {
            let name = format!("name{number}");
            assert!(admit(&ports, Action::SignIn, &name, network(7)).await.is_ok());
        }
        let before = counted(&*world.kv, "sign-in-name").await;
        for _ in 0..20 {
            assert!(admit(&ports, Action::SignIn, "ann", network(7)).await.is_err());
        }
        assert_eq!(counted(&*world.kv, "sign-in-name").await, before);
        assert_eq!(counted(&*world.kv, "sign-in-here").await, 100);
        assert!(admit(&ports, Action::SignIn, "ann", network(8)).await.is_ok());
    });
}

#[test]
fn registering_has_limits_of_its_own() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        for _ in 0..60 {
            assert!(admit(&ports, Action::Register, "ann", None).await.is_ok());
        }
        assert!(admit(&ports, Action::Register, "ann", None).await.is_err());
        assert!(admit(&ports, Action::Register, "bob", None).await.is_ok());
        assert_eq!(put_off(&ports).await, None, "to sign in is another thing");
    });
}

#[test]
fn the_machine_itself_is_no_network() {
    run(async {
        let world = World::new();
        for number in 0..150 {
            let name = format!("name{number}");
            assert!(admit(&world.ports(), Action::SignIn, &name, None).await.is_ok());
        }
        assert!(
            world
                .kv
                .keys("auth/throttle/sign-in-network/")
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn a_store_that_fails_lets_nobody_in_and_keeps_nobody_out_for_long() {
    run(async {
        for store in [MemoryKv::default, MemoryKv::without_increment] {
            for operations in 0.. {
                let kv = Arc::new(TestKv::new(store()));
                let world = World::over(kv.clone());
                let ports = world.ports();
                kv.cut_after(operations, Failing::Before);
                let admitted = admit(&ports, Action::SignIn, "ann", network(7)).await;
                kv.mend();
                match admitted {
                    Err(Throttled::Store(_)) => {}
                    Err(error) => panic!("{error}"),
                    Ok(_) => break,
                }
                // What was counted half is one try at most.
                for _ in 1..TRIES {
                    assert!(
                        admit(&ports, Action::SignIn, "ann", network(7)).await.is_ok(),
                        "{operations}"
                    );
                }
            }
        }
    });
}

#[test]
fn a_try_that_can_not_be_given_back_is_no_reason_to_fail() {
    run(async {
        let kv = Arc::new(TestKv::new(MemoryKv::default()));
        let world = World::over(kv.clone());
        let ports = world.ports();
        let admission = try_sign_in(&ports, "ann").await.unwrap();
        kv.cut_after(0, Failing::Before);
        admission.give_back(&ports).await;
        kv.mend();
        assert_eq!(counted(&*world.kv, "sign-in-here").await, 1);
    });
}

/// The most refresh tokens from one network that are nobody's.
const MADE_UP: usize = 300;

async fn refresh_from(app: &TestApp, address: &str, token: &str) -> Answer {
    let cookie = format!("memo_refresh={token}");
    let headers = [("cookie", cookie.as_str()), ("spin-client-addr", address)];
    app.call("POST", "/api/auth/session/refresh", &headers, "").await
}

/// A token of the right form, of a session that nobody has.
fn made_up(number: usize) -> String {
    let part = "A".repeat(43);
    format!("{number:022}.{part}.{part}")
}

#[test]
fn made_up_refresh_tokens_of_a_network_are_limited_and_good_ones_never_count() {
    run(async {
        let app = TestApp::with_alice().await;
        let (here, elsewhere) = ("192.0.2.7:5000", "192.0.2.8:5000");
        let mut token = app.alices_token().await;
        // However often a good browser comes, it is not what uses up a limit.
        for _ in 0..MADE_UP + 20 {
            token = cookie(&refresh_from(&app, here, &token).await);
        }
        for number in 0..MADE_UP {
            let refused = refresh_from(&app, here, &made_up(number)).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "token {number}");
        }
        let put_off = refresh_from(&app, here, &made_up(MADE_UP)).await;
        assert_eq!(put_off.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(put_off.text("type"), "/problems#too-many-requests");
        let seconds: u64 = put_off.header("retry-after").parse().unwrap();
        assert!((1..=WINDOW.as_secs()).contains(&seconds));
        // The token endpoint counts the same.
        let client_id = registered(&app).await;
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(redemption(&client_id, &made_up(0)[..66]))
            .finish();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("spin-client-addr", here),
        ];
        let put_off = app.call("POST", "/api/auth/token", &headers, &form).await;
        assert_eq!(put_off.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(put_off.text("error"), "slow_down");
        // Others go on, and so does everybody here when the window is over: the session is still good.
        token = cookie(&refresh_from(&app, elsewhere, &token).await);
        app.pass(Duration::from_secs(seconds));
        assert_eq!(refresh_from(&app, here, &token).await.status, StatusCode::OK);
        // What is put off leaves nothing behind, and what was counted is a note and a counter.
        let keys = app.kv.keys("auth/throttle/refresh-network/").await.unwrap();
        assert_eq!(keys.len(), 2, "{keys:?}");
    });
}

#[test]
fn the_machine_itself_refreshes_without_limits() {
    run(async {
        let app = TestApp::with_alice().await;
        for number in 0..MADE_UP + 20 {
            let refused = refresh_from(&app, "127.0.0.1:5000", &made_up(number)).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        }
    });
}
