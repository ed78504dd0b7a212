//! The pages of the repository: every file in Markdown that is ours.

use std::fs;
use std::path::{Path, PathBuf};

/// What is built, or somebody else's.
const NOT_OURS: [&str; 8] = [".cache", ".git", "book", "corpus", "dist", "node_modules", "pkg", "target"];

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every page below the root.
pub(crate) fn page_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    find(&root(), &mut files);
    files
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !NOT_OURS.contains(&name) {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}
