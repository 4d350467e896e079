//! Any text as a path.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = engine::expr::path::Path::parse(text);
});
