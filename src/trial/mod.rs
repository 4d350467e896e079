//! Tests of specs as data: answers in, observations out.
//!
//! A test file stands beside its spec. It gives an instance and the answers of the sources, and says
//! what the runs are to leave; `engine test` runs the check as the daemon does, with the outside
//! scripted and the clock standing still, and shows where the two differ. Nothing here talks to a
//! network or starts a program.
//!
//! The way: [`find`] the files, read each [`case`], [`play`] it with its [`script`], and [`compare`]
//! what was [`found`] with what was [`expect`]ed. [`mod@record`] makes such a file of a real run.

pub mod answer;
pub mod case;
pub mod compare;
pub mod coverage;
pub mod demand;
pub mod expect;
pub mod find;
pub mod found;
pub mod given;
pub mod hint;
pub mod item;
pub mod lint;
pub mod lists;
pub mod made;
pub mod manual;
pub mod matching;
pub mod play;
pub mod record;
pub mod recorded;
pub mod rules;
pub mod script;
pub mod stage;
pub mod suite;
pub mod time;
pub mod update;
pub mod write;
