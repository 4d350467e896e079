//! engine
pub mod base;
#[macro_use]
pub mod yaml;
pub mod net;
pub mod decode;
pub mod expr;
pub mod rows;
pub mod observation;
pub mod map;
pub mod source;
pub mod spec;
pub mod conf;
pub mod manual;
