//! Any text as a pattern.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = engine::yaml::pattern::compile(text);
});
