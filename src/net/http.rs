//! One HTTP exchange.
