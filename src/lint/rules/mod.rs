//! The rules, one file each.

mod address_without_scheme;
mod bare_identifier;
mod bare_metric_name;
mod bare_number;
mod check_name_characters;
mod constant_condition;
mod constant_rate;
mod constant_status;
mod counter_as_gauge;
mod dangling_relation;
mod default_of_required;
mod duplicate_component;
mod duplicate_series;
mod each_of_no_list;
mod empty_match;
mod empty_snapshot;
mod empty_tag;
mod endless_event;
mod fixed_address;
mod fraction_as_percent;
mod gauge_as_counter;
mod get_with_body;
mod hard_coded_secret;
mod hidden_failure;
mod idle_allow;
mod impossible_calculation;
mod impossible_comparison;
mod instance_over_plain_http;
mod instance_tag_characters;
mod instance_without_verification;
mod interval_between_ticks;
mod leading_zero;
mod log_read_whole;
mod login_over_plain_http;
mod long_event_title;
mod long_metric_name;
mod long_tag;
mod many_valued_tag;
mod metric_name_characters;
mod metric_of_no_number;
mod missing_unit;
mod misspelt_method;
mod misspelt_unit;
mod nameless_component;
mod needless_after;
mod needless_braces;
mod needless_comparison;
mod needless_delete;
mod needless_optional;
mod never_there;
mod no_instances;
mod no_observation;
mod no_tests;
mod optional_and_required;
mod pages_without_end;
mod plain_secret;
mod plain_secret_type;
mod relative_program;
mod repeated_request;
mod repeated_tag;
mod reserved_instance_tag;
mod reserved_tag;
mod retried_post;
mod secret_in_address;
mod secret_in_arguments;
mod secret_in_output;
mod self_relation;
mod shell_command;
mod shell_template;
mod silent_source;
mod snapshot_with_gaps;
mod tag_characters;
mod timeout_over_interval;
mod timeout_over_run;
mod two_types;
mod two_units;
mod unbounded_each;
mod unbounded_tag;
mod undescribed_config;
mod undescribed_spec;
mod unexplained_allow;
mod unit_at_odds;
mod unknown_allow;
mod unknown_check_name;
mod unreachable_status;
mod unrecorded_field;
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
mod wrong_argument;

use super::Rule;

/// Every rule, in order of code.
pub const RULES: &[Rule] = &[
    address_without_scheme::RULE,
    bare_identifier::RULE,
    bare_metric_name::RULE,
    bare_number::RULE,
    check_name_characters::RULE,
    constant_condition::RULE,
    constant_rate::RULE,
    constant_status::RULE,
    counter_as_gauge::RULE,
    dangling_relation::RULE,
    default_of_required::RULE,
    duplicate_component::RULE,
    duplicate_series::RULE,
    each_of_no_list::RULE,
    empty_match::RULE,
    empty_snapshot::RULE,
    empty_tag::RULE,
    endless_event::RULE,
    fixed_address::RULE,
    fraction_as_percent::RULE,
    gauge_as_counter::RULE,
    get_with_body::RULE,
    hard_coded_secret::RULE,
    hidden_failure::RULE,
    idle_allow::RULE,
    impossible_calculation::RULE,
    impossible_comparison::RULE,
    instance_over_plain_http::RULE,
    instance_tag_characters::RULE,
    instance_without_verification::RULE,
    interval_between_ticks::RULE,
    leading_zero::RULE,
    log_read_whole::RULE,
    login_over_plain_http::RULE,
    long_event_title::RULE,
    long_metric_name::RULE,
    long_tag::RULE,
    many_valued_tag::RULE,
    metric_name_characters::RULE,
    metric_of_no_number::RULE,
    missing_unit::RULE,
    misspelt_method::RULE,
    misspelt_unit::RULE,
    nameless_component::RULE,
    needless_after::RULE,
    needless_braces::RULE,
    needless_comparison::RULE,
    needless_delete::RULE,
    needless_optional::RULE,
    never_there::RULE,
    no_instances::RULE,
    no_observation::RULE,
    no_tests::RULE,
    optional_and_required::RULE,
    pages_without_end::RULE,
    plain_secret::RULE,
    plain_secret_type::RULE,
    relative_program::RULE,
    repeated_request::RULE,
    repeated_tag::RULE,
    reserved_instance_tag::RULE,
    reserved_tag::RULE,
    retried_post::RULE,
    secret_in_address::RULE,
    secret_in_arguments::RULE,
    secret_in_output::RULE,
    self_relation::RULE,
    shell_command::RULE,
    shell_template::RULE,
    silent_source::RULE,
    snapshot_with_gaps::RULE,
    tag_characters::RULE,
    timeout_over_interval::RULE,
    timeout_over_run::RULE,
    two_types::RULE,
    two_units::RULE,
    unbounded_each::RULE,
    unbounded_tag::RULE,
    undescribed_config::RULE,
    undescribed_spec::RULE,
    unexplained_allow::RULE,
    unit_at_odds::RULE,
    unknown_allow::RULE,
    unknown_check_name::RULE,
    unreachable_status::RULE,
    unrecorded_field::RULE,
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
    wrong_argument::RULE,
];

#[cfg(test)]
mod tests;
