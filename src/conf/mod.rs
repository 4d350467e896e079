//! What a user says: the files of conf.d and engine.yaml.
//!
//! ```yaml
//! init_config: {min_collection_interval: 20}
//! instances:
//!   - {url: "https://example.org", tags: [team:web]}
//! ```

pub mod convert;
pub mod engine;
pub mod fallback;
pub mod instance;
pub mod overrides;
pub mod secrets;
pub mod settings;
