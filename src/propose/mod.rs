//! A spec that is proposed by looking at one real answer.
//!
//! The way: [`look`] finds the decoder, [`find`] the rows and numbers of the document, [`words`] what
//! their names say of type and unit, and [`write`] the text. What it writes is a beginning that works:
//! a person takes away what nobody needs and says better what a name does not say. Nothing here asks
//! anybody anything; the answer is given.

pub mod ask;
pub mod find;
pub mod look;
pub mod words;
pub mod write;
