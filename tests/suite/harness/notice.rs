//! What was left out is said where it is seen.

use std::io::Write;

/// Says that the running test is left out.
pub fn left_out(why: &str) {
    let thread = std::thread::current();
    say(&format!("LEFT OUT: {}: {why}", thread.name().unwrap_or("a test")));
}

/// Writes past the capture of what tests print, which hides what passing tests say.
pub fn say(what: &str) {
    let _ = std::io::stderr().write_all(format!("\n!!! {what}\n").as_bytes());
}
