//! `memo-host`: runs the app that a spin.toml describes.

use std::process::ExitCode;

use clap::Parser;
use host::{cli, setup};

fn main() -> ExitCode {
    match setup::run(&cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("memo-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}
