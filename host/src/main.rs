//! `memo-host`: runs the app that a spin.toml describes.

use std::process::ExitCode;

use clap::Parser;
use host::{cli, setup};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match setup::run(&cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("memo-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}
