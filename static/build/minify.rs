//! Scripts as short as they can be and do the same.

use anyhow::Result;
use oxc::{
    allocator::Allocator,
    codegen::{Codegen, CodegenOptions, CommentOptions, LegalComment},
    minifier::{Minifier, MinifierOptions},
};

use crate::modules;

/// The script without what is only for who reads it. A comment that begins with `/*!` stays: it is the licence of what
/// others have written.
pub fn script(source: &str) -> Result<String> {
    let allocator = Allocator::default();
    let (mut program, _) = modules::parse(&allocator, source)?;
    let minified = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
    let comments = CommentOptions {
        legal: LegalComment::Eof,
        ..CommentOptions::disabled()
    };
    let options = CodegenOptions {
        comments,
        ..CodegenOptions::minify()
    };
    let code = Codegen::new()
        .with_options(options)
        .with_scoping(minified.scoping)
        .with_private_member_mappings(minified.class_private_mappings)
        .build(&program)
        .code;
    Ok(code)
}
