//! Components that misbehave: the host answers for them and goes on.

use std::{sync::Arc, thread};

use crate::harness::{Host, manifest};

#[test]
fn a_panic_is_500_and_the_next_request_works() {
    let host = Host::start(&manifest(""), &[]);
    for _ in 0..3 {
        assert_eq!(host.get("/panic"), (500, "Internal error\n".to_owned()));
        assert_eq!(host.get("/hello"), (200, "hello".to_owned()));
    }
    host.wait_for("on request");
    host.wait_for("memo-host: component guest failed:");
}

#[test]
fn a_component_that_takes_too_much_memory_is_ended() {
    let host = Host::start(&manifest(""), &["--memory-limit", "16"]);
    assert_eq!(host.get("/hog").0, 500);
    assert_eq!(host.get("/hello").0, 200);
}

/// It is ended with its instance, whose memory is the neighbours' as well. They hear of it at once, and nobody else does.
#[test]
fn a_component_that_takes_too_much_memory_ends_its_neighbours_in_the_instance_and_no_more() {
    let host = Host::start(&manifest(""), &["--memory-limit", "16"]);
    thread::scope(|scope| {
        // One after the other, so that all wait in one instance: requests that wait leave it room.
        let neighbours: Vec<_> = (1..=4)
            .map(|number| {
                let neighbour = scope.spawn(|| host.get("/never"));
                host.wait_for_times(number, "it waits");
                neighbour
            })
            .collect();
        assert_eq!(host.get("/hog"), (500, "Internal error\n".to_owned()));
        for neighbour in neighbours {
            assert_eq!(neighbour.join().unwrap(), (500, "Internal error\n".to_owned()));
        }
    });
    assert_eq!(host.get("/hello").0, 200);
}

#[test]
fn an_endless_loop_is_cut_off_and_holds_nobody_up() {
    let manifest = manifest("").replace("{ private = true }", "\"/inner/...\"");
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let host = Host::start_in(
        dir,
        &manifest,
        &["--request-timeout", "5"],
        &[("TOKIO_WORKER_THREADS", "2")],
    );
    thread::scope(|scope| {
        // More loops than threads.
        let loops: Vec<_> = (0..4).map(|_| scope.spawn(|| host.get("/loop"))).collect();
        host.wait_for_times(4, "loop has begun");
        for _ in 0..10 {
            assert_eq!(host.get("/inner/headers").0, 200);
            assert_eq!(host.get("/hello").0, 200);
        }
        for answer in loops {
            assert_eq!(answer.join().unwrap(), (504, "The request took too long\n".to_owned()));
        }
    });
    assert_eq!(host.get("/hello").0, 200);
}

#[test]
fn a_component_that_never_answers_times_out() {
    let host = Host::start(&manifest(""), &["--request-timeout", "0.5"]);
    assert_eq!(host.get("/never").0, 504);
    assert_eq!(host.get("/hello").0, 200);
}
