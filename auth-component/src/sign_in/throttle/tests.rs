//! Limits, each with its figure.

use common::testing::{World, run};

use super::*;

const ELSEWHERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

async fn is_let_in(world: &World, action: Action, name: &str, network: Option<IpAddr>) -> bool {
    match admit(&world.ports(), action, name, network).await {
        Ok(_) => true,
        Err(Throttled::TooMany { retry_after }) => {
            assert!(!retry_after.is_zero() && retry_after <= WINDOW, "{retry_after:?}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

async fn how_many_are_let_in(world: &World, name: &str, network: Option<IpAddr>) -> usize {
    let mut let_in = 0;
    for _ in 0..200 {
        let_in += usize::from(is_let_in(world, Action::SignIn, name, network).await);
    }
    let_in
}

#[test]
fn wrong_tries_are_limited_until_the_next_window() {
    run(async {
        let world = World::new();
        for _ in 0..3 {
            assert_eq!(how_many_are_let_in(&world, "ann", None).await, 10);
            world.pass(WINDOW);
        }
    });
}

#[test]
fn who_guesses_elsewhere_does_not_keep_the_owner_out() {
    run(async {
        let world = World::new();
        assert_eq!(how_many_are_let_in(&world, "ann", ELSEWHERE).await, 10);
        assert!(is_let_in(&world, Action::SignIn, "ann", None).await);
    });
}

#[test]
fn a_name_is_limited_wherever_the_tries_come_from() {
    run(async {
        let world = World::new();
        let mut let_in = 0;
        for host in 1..=20 {
            let network = Some(IpAddr::from([192, 0, 2, host]));
            for _ in 0..10 {
                let_in += usize::from(is_let_in(&world, Action::SignIn, "ann", network).await);
            }
        }
        assert_eq!(let_in, 60);
    });
}

#[test]
fn a_network_is_limited_whatever_names_it_tries() {
    run(async {
        let world = World::new();
        for (action, limit) in [(Action::SignIn, 100), (Action::Register, 30), (Action::Recover, 30)] {
            let mut let_in = 0;
            for name in 0..150 {
                let_in += usize::from(is_let_in(&world, action, &format!("name{name}"), ELSEWHERE).await);
            }
            assert_eq!(let_in, limit, "{action:?}");
        }
    });
}

#[test]
fn codes_of_a_name_are_limited_to_a_handful_wherever_they_come_from() {
    run(async {
        let world = World::new();
        let mut let_in = 0;
        for host in 1..=20 {
            let network = Some(IpAddr::from([192, 0, 2, host]));
            let_in += usize::from(is_let_in(&world, Action::SecondFactor, "ann", network).await);
        }
        assert_eq!(let_in, 5);
        // Recoveries are limited where they come from, and nobody can keep the owner from them.
        let mut recoveries = 0;
        for host in 1..=20 {
            let network = Some(IpAddr::from([192, 0, 2, host]));
            for _ in 0..20 {
                recoveries += usize::from(is_let_in(&world, Action::Recover, "ann", network).await);
            }
        }
        assert_eq!(recoveries, 20 * 10);
    });
}

#[test]
fn right_tries_are_not_limited() {
    run(async {
        let world = World::new();
        let ports = world.ports();
        for _ in 0..200 {
            let admission = admit(&ports, Action::SignIn, "ann", ELSEWHERE).await.unwrap();
            admission.give_back(&ports).await;
        }
    });
}

#[test]
fn windows_that_are_over_leave_nothing_behind() {
    run(async {
        let world = World::new();
        for _ in 0..50 {
            is_let_in(&world, Action::SignIn, "ann", ELSEWHERE).await;
            world.pass_secs(1000);
        }
        // Three limits, and of each the note and one counter.
        assert_eq!(world.kv.keys("auth/throttle/").await.unwrap().len(), 6);
    });
}

#[test]
fn a_store_without_counters_limits_too() {
    run(async {
        let world = World::over(std::sync::Arc::new(common::store::kv::MemoryKv::without_increment()));
        assert_eq!(how_many_are_let_in(&world, "ann", None).await, 10);
        world.pass(WINDOW);
        let ports = world.ports();
        for _ in 0..50 {
            let admission = admit(&ports, Action::SignIn, "ann", None).await.unwrap();
            admission.give_back(&ports).await;
        }
        assert_eq!(world.kv.keys("auth/throttle/").await.unwrap().len(), 2);
    });
}
