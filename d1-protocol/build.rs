//! Compiles the link language: `.proto` files in, Rust types and a descriptor set out.
//!
//! No compiler has to be installed for it; a Rust one does the work.

use std::{env, error::Error, fs, path::PathBuf};

/// The file everything else is imported from.
const ROOT: &str = "d1/link/v1/link.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true).open_files([ROOT])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    prost_build::Config::new()
        .btree_map(["."])
        .bytes(["."])
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
