//! The loader: any text becomes a tree and problems.
#![no_main]

use engine::base::span::Sources;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let file = sources.add("x.yaml", text);
    engine::yaml::load::load(&sources, file);
});
