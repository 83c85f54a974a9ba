//! Prints the document of folders, for tools that read files: `cargo run -p openapi -- common/openapi auth-component/openapi`.

use std::{env, path::PathBuf};

use anyhow::Result;

fn main() -> Result<()> {
    let folders: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let folders: Vec<_> = folders.iter().map(PathBuf::as_path).collect();
    println!("{:#}", openapi::document(&folders)?);
    Ok(())
}
