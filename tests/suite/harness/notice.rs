//! What was left out is said where it is seen.

use std::io::Write;

/// Says that the running test is left out, past the capture of passing tests' output.
pub fn left_out(why: &str) {
    let thread = std::thread::current();
    let line = format!("\n!!! LEFT OUT: {}: {why}\n", thread.name().unwrap_or("a test"));
    let _ = std::io::stderr().write_all(line.as_bytes());
}
