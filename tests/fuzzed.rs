//! The corpora of the fuzz targets through the functions that the targets call: what was found once
//! stays found, without a fuzzer.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs, reason = "a test may stop at its first surprise")]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;
use targets::TARGETS;

#[test]
fn every_text_of_the_corpora_is_read_and_nothing_worse() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in TARGETS {
        let files = std::fs::read_dir(corpus.join(name)).unwrap_or_else(|_| panic!("no corpus for {name}"));
        let mut count = 0;
        for file in files {
            let path = file.expect("a file").path();
            let bytes = std::fs::read(&path).expect("a file");
            count += 1;
            let end = std::panic::catch_unwind(|| target(&bytes));
            assert!(end.is_ok(), "{} panics", path.display());
        }
        assert!(count > 0, "no corpus for {name}");
    }
}

#[test]
fn every_target_has_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut files: Vec<String> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    let targets: Vec<String> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    assert_eq!(files, targets);
}
