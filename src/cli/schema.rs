//! `engine schema`: the JSON Schema of specs, conf.d, engine.yaml or tests, for editors.

use super::CLEAN;
use clap::ValueEnum;

/// Which schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Which {
    /// Of specs.
    Spec,
    /// Of the files of conf.d.
    Conf,
    /// Of engine.yaml.
    Engine,
    /// Of the files of tests.
    Test,
}

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  engine schema spec > spec.schema.json")]
pub struct Arguments {
    /// Of what.
    #[arg(default_value = "spec")]
    which: Which,
}

/// Prints the schema.
pub fn run(arguments: &Arguments) -> u8 {
    let schema = match arguments.which {
        Which::Spec => include_str!("../../schema/spec.schema.json"),
        Which::Conf => include_str!("../../schema/conf.schema.json"),
        Which::Engine => include_str!("../../schema/engine.schema.json"),
        Which::Test => include_str!("../../schema/test.schema.json"),
    };
    print!("{schema}");
    CLEAN
}
