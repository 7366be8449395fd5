//! The files by which other tools pin versions, each with its own syntax.

mod go_mod;
mod mise;
mod one_line;
mod package_json;
mod rust_toolchain;
mod tool_versions;

use super::{manifest::Manifest, pin::Pin};

/// What a file says: its pins; otherwise where it is wrong, and why.
pub(super) type Read = fn(&str) -> Result<Vec<Pin>, String>;

/// Every file that says which versions a project needs, with how it is read.
pub(super) const FILES: [(&str, Read); 11] = [
    (Manifest::FILE, |text| Manifest::read(text).map(|manifest| manifest.tools)),
    (".tool-versions", |text| Ok(tool_versions::pins(text))),
    ("mise.toml", mise::pins),
    (".mise.toml", mise::pins),
    (".nvmrc", |text| Ok(one_line::node(text))),
    (".node-version", |text| Ok(one_line::node(text))),
    (".python-version", |text| Ok(one_line::python(text))),
    ("rust-toolchain.toml", rust_toolchain::pins),
    ("rust-toolchain", rust_toolchain::old_pins),
    ("go.mod", |text| Ok(go_mod::pins(text))),
    ("package.json", package_json::pins),
];

#[cfg(test)]
mod tests {
    use super::FILES;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_is_too_odd_for_any_file(
            text in "\\PC{0,200}",
            words in "(node|go|toolchain|\\[tools\\]|=|\"|\\{|\\}|:|,|engines|channel|lts/|v|[0-9.]{1,6}|\n| |#){0,40}",
        ) {
            for (_, read) in FILES {
                let _whatever = (read(&text), read(&words));
            }
        }
    }
}
