//! The names that every spec has, with fixed slots.

use crate::base::name::{NameId, Names};
use crate::yaml::read::Reader;

/// The current item, also `$`.
pub const ROW: NameId = NameId(0);
/// The last name or index of the path that the row came from.
pub const KEY: NameId = NameId(1);
/// The instance's configuration.
pub const INSTANCE: NameId = NameId(2);
/// The shared configuration of the instances.
pub const INIT_CONFIG: NameId = NameId(3);
/// Host name, version and variables of the engine.
pub const ENGINE: NameId = NameId(4);
/// The wall clock at the start of the run.
pub const NOW: NameId = NameId(5);
/// Interval, number and result of the run.
pub const RUN: NameId = NameId(6);
/// Name and version of the spec.
pub const SPEC: NameId = NameId(7);
/// The constant tables.
pub const TABLES: NameId = NameId(8);
/// What is remembered between runs.
pub const STATE: NameId = NameId(9);
/// What the names held in the last accepted run.
pub const PREVIOUS: NameId = NameId(10);
/// The statuses of this run's service checks.
pub const CHECKS: NameId = NameId(11);
/// From where to where a status changed.
pub const CHANGE: NameId = NameId(12);
/// What a login gave.
pub const TOKEN: NameId = NameId(13);
/// Where the next page begins.
pub const CURSOR: NameId = NameId(14);
/// The path of the file a row came from.
pub const FILE: NameId = NameId(15);
/// The row one level up, with `recurse`.
pub const PARENT: NameId = NameId(16);
/// How deep the row lies, with `recurse`.
pub const DEPTH: NameId = NameId(17);

/// All of them, in the order of their slots.
pub const BUILT_IN: &[&str] = &[
    "row",
    "key",
    "instance",
    "init_config",
    "engine",
    "now",
    "run",
    "spec",
    "tables",
    "state",
    "previous",
    "checks",
    "change",
    "token",
    "cursor",
    "file",
    "parent",
    "depth",
];

/// Those that exist everywhere in a spec.
pub const EVERYWHERE: &[NameId] = &[INSTANCE, INIT_CONFIG, ENGINE, NOW, RUN, SPEC, TABLES, STATE, PREVIOUS];

/// Those whose values are the same in every run of a check.
pub const STEADY: &[NameId] = &[INSTANCE, INIT_CONFIG, ENGINE, SPEC, TABLES];

/// Gives the built-in names their slots; to be called before anything is read.
pub fn install(reader: &mut Reader<'_>) {
    install_into(&mut reader.names);
}

/// The same for a bare interner.
pub fn install_into(names: &mut Names) {
    for name in BUILT_IN {
        names.intern(name);
    }
}

/// What every instance understands without being declared.
pub const STANDARD_KEYS: &[&str] =
    &["min_collection_interval", "run_timeout", "tags", "hostname", "name", "service", "enabled", "max_returned_metrics"];
