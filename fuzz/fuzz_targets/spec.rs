//! The whole of lint on any text; the corpus is the folder `specs`: `cargo +nightly fuzz run spec ../specs`.
#![no_main]

use engine::base::render;
use engine::base::span::Sources;
use engine::lint::beside::Beside;
use engine::lint::{Levels, allow};
use engine::spec::share::{NoFragments, assemble};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let file = sources.add("specs/demo.yaml", text);
    let whole = assemble(engine::yaml::load::load(&sources, file), &mut sources, &mut NoFragments);
    let root = whole.loaded.root.clone();
    let (read, mut found) = engine::spec::read::read(whole, file, "demo", &sources);
    if let Some(read) = read {
        found.extend(engine::lint::spec(&root, &read, &sources, &Beside::unknown(), &Levels::default()));
        allow::apply(file, &mut found, &sources, &Levels::default(), true);
    }
    render::human(&found, &sources, false);
});
