//! The rules, one file each.

mod bare_metric_name;
mod constant_condition;
mod duplicate_series;
mod empty_match;
mod empty_tag;
mod fixed_address;
mod get_with_body;
mod hard_coded_secret;
mod hidden_failure;
mod idle_allow;
mod log_read_whole;
mod login_over_plain_http;
mod long_metric_name;
mod long_tag;
mod many_valued_tag;
mod metric_name_characters;
mod needless_after;
mod pages_without_end;
mod plain_secret_type;
mod relative_program;
mod repeated_request;
mod repeated_tag;
mod reserved_tag;
mod retried_post;
mod secret_in_address;
mod secret_in_arguments;
mod secret_in_output;
mod shell_command;
mod shell_template;
mod silent_source;
mod snapshot_with_gaps;
mod tag_characters;
mod timeout_over_run;
mod two_types;
mod two_units;
mod unbounded_each;
mod unbounded_tag;
mod unexplained_allow;
mod unknown_allow;
mod unreachable_status;
mod unused_config;
mod unused_index;
mod unused_let;
mod unused_local;
mod unused_source;
mod unused_state;
mod unused_table;
mod user_in_address;
mod verification_off;
mod world_writable;

use super::Rule;

/// Every rule, in order of code.
pub const RULES: &[Rule] = &[
    bare_metric_name::RULE,
    constant_condition::RULE,
    duplicate_series::RULE,
    empty_match::RULE,
    empty_tag::RULE,
    fixed_address::RULE,
    get_with_body::RULE,
    hard_coded_secret::RULE,
    hidden_failure::RULE,
    idle_allow::RULE,
    log_read_whole::RULE,
    login_over_plain_http::RULE,
    long_metric_name::RULE,
    long_tag::RULE,
    many_valued_tag::RULE,
    metric_name_characters::RULE,
    needless_after::RULE,
    pages_without_end::RULE,
    plain_secret_type::RULE,
    relative_program::RULE,
    repeated_request::RULE,
    repeated_tag::RULE,
    reserved_tag::RULE,
    retried_post::RULE,
    secret_in_address::RULE,
    secret_in_arguments::RULE,
    secret_in_output::RULE,
    shell_command::RULE,
    shell_template::RULE,
    silent_source::RULE,
    snapshot_with_gaps::RULE,
    tag_characters::RULE,
    timeout_over_run::RULE,
    two_types::RULE,
    two_units::RULE,
    unbounded_each::RULE,
    unbounded_tag::RULE,
    unexplained_allow::RULE,
    unknown_allow::RULE,
    unreachable_status::RULE,
    unused_config::RULE,
    unused_index::RULE,
    unused_let::RULE,
    unused_local::RULE,
    unused_source::RULE,
    unused_state::RULE,
    unused_table::RULE,
    user_in_address::RULE,
    verification_off::RULE,
    world_writable::RULE,
];

#[cfg(test)]
mod tests;
