//! The repository as a list of files.

use std::{fs, path::Path};

/// How deep the walk goes; deeper means that it runs in a circle.
const MAX_DEPTH: usize = 16;

/// One file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Its path from the root, parted by `/`.
    pub(crate) path: String,
    /// What it says; bytes that are no text become marks.
    pub(crate) text: String,
}

impl SourceFile {
    /// Every file of this repository but what git and cargo keep for themselves,
    /// in the order of their paths.
    pub(crate) fn all() -> Vec<Self> {
        let mut files = Vec::new();
        collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", 0, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// A file that exists only in a test.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

fn collect(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<SourceFile>) {
    assert!(depth < MAX_DEPTH, "`{prefix}` is nested too deep for a source tree");
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !is_output(&entry.path(), &name) {
            collect(&entry.path(), &path, depth + 1, files);
        } else if kind.is_file() {
            // A file may vanish between the listing and the reading, as editors' do.
            let Ok(bytes) = fs::read(entry.path()) else { continue };
            files.push(SourceFile { path, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
}

/// Folders with things that were made, not written. Cargo marks its own with a tag.
fn is_output(folder: &Path, name: &str) -> bool {
    matches!(name, ".git" | "target" | "node_modules" | "dist")
        || folder.join("CACHEDIR.TAG").exists()
}
