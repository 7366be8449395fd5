//! Compiles the `.proto` files: Rust types out, and a table of what holds what in the link
//! language.
//!
//! No compiler has to be installed for it; a Rust one does the work.

use protox::prost_reflect::{DescriptorPool, MessageDescriptor};
use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

/// The file everything else of the link language is imported from.
const LINK_ROOTS: [&str; 1] = ["d1/link/v1/link.proto"];
/// Those of what is asked over gRPC, which servers tell whoever asks them for it.
const API: [&str; 2] = ["d1/api/v1/credits.proto", "d1/api/v1/setups.proto"];
/// The package of the link language.
const LINK: &str = "d1.link.v1";
/// What a frame can be.
const FRAMES: [(&str, &str); 2] =
    [("TO_DEVICE", "d1.link.v1.ToDevice"), ("FROM_DEVICE", "d1.link.v1.FromDevice")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut asked = protox::Compiler::new(["proto"])?;
    asked.include_source_info(true).include_imports(true).open_files(API)?;
    fs::write(out.join("api.bin"), asked.encode_file_descriptor_set())?;
    // What both languages know is made once, with the link language: that comes last, in the
    // place of what this leaves of it.
    generator()
        .extern_path(".d1.link.v1", "crate::wire")
        .compile_fds(asked.file_descriptor_set())?;
    let mut link = protox::Compiler::new(["proto"])?;
    link.include_source_info(true).include_imports(true).open_files(LINK_ROOTS)?;
    fs::write(out.join("shapes.rs"), shapes(&link.descriptor_pool())?)?;
    generator().compile_fds(link.file_descriptor_set())?;
    Ok(())
}

fn generator() -> prost_build::Config {
    let mut config = prost_build::Config::new();
    config.btree_map(["."]).bytes(["."]);
    config
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
