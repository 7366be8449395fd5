//! Compiles the `.proto` files: Rust types out, and a table of what holds what in the link
//! language.
//!
//! No compiler has to be installed for it; a Rust one does the work.

use protox::prost_reflect::{DescriptorPool, MessageDescriptor};
use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

/// The files everything else is imported from.
const ROOTS: [&str; 2] = ["d1/link/v1/link.proto", "d1/api/v1/credits.proto"];
/// Those of what is asked over gRPC, which servers tell whoever asks them for it.
const API: [&str; 1] = ["d1/api/v1/credits.proto"];
/// The package of the link language.
const LINK: &str = "d1.link.v1";
/// What a frame can be.
const FRAMES: [(&str, &str); 2] =
    [("TO_DEVICE", "d1.link.v1.ToDevice"), ("FROM_DEVICE", "d1.link.v1.FromDevice")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true).open_files(ROOTS)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut asked = protox::Compiler::new(["proto"])?;
    asked.include_source_info(true).include_imports(true).open_files(API)?;
    fs::write(out.join("api.bin"), asked.encode_file_descriptor_set())?;
    fs::write(out.join("shapes.rs"), shapes(&compiler.descriptor_pool())?)?;
    prost_build::Config::new()
        .btree_map(["."])
        .bytes(["."])
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// The fields of every message of the link that hold messages, or many of anything.
fn shapes(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let of_the_link = |message: &MessageDescriptor| message.package_name() == LINK;
    let messages: Vec<MessageDescriptor> = pool.all_messages().filter(of_the_link).collect();
    let place = |wanted: &str| messages.iter().position(|message| message.full_name() == wanted);
    let mut text = String::new();
    for (name, full_name) in FRAMES {
        let place = place(full_name).ok_or_else(|| format!("there is no `{full_name}`"))?;
        writeln!(text, "pub(crate) const {name}: Shape = Shape({place});")?;
    }
    writeln!(text, "const SHAPES: &[&[Holder]] = &[")?;
    for message in &messages {
        writeln!(text, "    // {}\n    &[", message.full_name())?;
        for field in message.fields() {
            let many = field.is_list() || field.is_map();
            let inside = field.kind().as_message().and_then(|inside| place(inside.full_name()));
            if many || inside.is_some() {
                let (number, inside) =
                    (field.number(), inside.map(|place| format!("Shape({place})")));
                let inside = inside.map_or("None".to_owned(), |inside| format!("Some({inside})"));
                writeln!(
                    text,
                    "        Holder {{ number: {number}, many: {many}, inside: {inside} }},"
                )?;
            }
        }
        writeln!(text, "    ],")?;
    }
    writeln!(text, "];")?;
    Ok(text)
}
