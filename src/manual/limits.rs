//! What an engine refuses to do more of: the page of limits, from the constants themselves.
//!
//! A test compares this list with `base/limits.rs`, so that no limit that users can meet is left out.

use super::reference::{grid, joined};
use crate::base::limits;
use std::time::Duration;

/// A limit in its unit.
#[derive(Clone, Copy, Debug)]
enum Amount {
    Count(u64),
    Bytes(u64),
    Time(Duration),
}

/// One limit that users can meet.
struct Limit {
    /// Its constant.
    name: &'static str,
    amount: Amount,
    /// What it bounds.
    what: &'static str,
    /// What changes it; empty where nothing does.
    key: &'static str,
    /// What happens beyond it; empty for a mere default.
    effect: &'static str,
}

macro_rules! limit {
    ($unit:ident $name:ident, $what:literal, $key:literal, $effect:literal) => {
        Limit {
            name: stringify!($name),
            amount: Amount::$unit(limit!(@ $unit limits::$name)),
            what: $what,
            key: $key,
            effect: $effect,
        }
    };
    (@ Time $value:expr) => {
        $value
    };
    (@ $unit:ident $value:expr) => {
        // Constants of several types of integers, all of them small and not negative.
        $value as u64
    };
}

/// Limits that only the program itself meets: how finely it works, or what it forgets and asks for again.
pub const INTERNAL: &[&str] = &[
    "INTERVAL_LEAST",
    "STDERR_SHOWN",
    "TAIL_LOOK",
    "TAIL_PRINT",
    "TAIL_FOUND",
    "RUN_SLOW",
    "SECRET_REFRESH_LEAST",
    "SPOOL_BYTES_LEAST",
    "STATUS_ADDRESS",
    "STATUS_CONNECTIONS",
    "STATUS_TIME",
    "RELOAD_LOOK",
    "LOG_LINES",
    "LOG_KEPT_BYTES",
    "FLARE_FILES",
    "FLARE_FILE_BYTES",
    "TAIL_EARLIER",
    "TAIL_REST",
    "TAIL_COMPARED",
    "TAIL_NULS",
    "TAIL_HOLE",
    "TAIL_ROTATED",
    "TAIL_REMEMBERED",
    "TAIL_FOLDER",
    "CACHE_TIME_MOST",
    "IDLE_CONNECTIONS",
    "IDLE_TIME",
    "DIGEST_NONCES",
    "TOKEN_MARGIN",
    "HTTP_CLIENTS",
    "SPOOL_SEGMENT_SHARE",
    "SPOOL_RECORD_OVERHEAD",
    "SPOOL_RESERVE_SHARE",
    "SPOOL_RETRY",
    "SPOOL_STATE_TRIES",
    "SPOOL_SAID",
    "SPOOL_SEQUENCE_GAP",
    "SPOOL_SEQUENCE_MOST",
    "SPOOL_READ_BYTES",
    "SPOOL_WRITE_BYTES",
    "SPOOL_COMMANDS",
    "RECEIVER_ANSWER_BYTES",
    "ANSWER_SHOWN",
];

/// The limits by what they bound.
const LIMITS: &[(&str, &[Limit])] = &[
    (
        "Time",
        &[
            limit!(Time INTERVAL_DEFAULT, "the collector's tick", "`interval` of engine.yaml, at least 1s", "Instances run on multiples of it."),
            limit!(Time RUN_TIME_DEFAULT, "a whole run: the interval, and this at most", "`run_timeout` of the instance", "What is still under way fails with the kind `timeout`; what was made by then is sent."),
            limit!(Time RUN_TIME_MOST, "the longest `run_timeout`", "", "A longer one counts as this one, without a warning."),
            limit!(Time RUN_OVERTIME, "a run that goes on after its deadline", "", "It is dropped with its connections and commands, and is an error."),
            limit!(Time REQUEST_TIME, "one HTTP request", "`timeout` of `http`", "The source fails with the kind `timeout`."),
            limit!(Time CONNECT_TIME, "connecting", "`connect_timeout` of `http`", "The source fails with the kind `timeout`."),
            limit!(Time COMMAND_TIME, "one command", "`timeout` of `command`", "Its process group is ended, the source fails with the kind `timeout`."),
            limit!(Time COMMAND_GRACE, "between TERM and KILL of a command", "", "It is killed."),
            limit!(Time OUTPUT_GRACE, "what still holds the output of a command that has ended", "", "It is ended, too."),
            limit!(Time STOP_GRACE, "runs under way when the engine is told to stop", "", "They are left."),
            limit!(Time POLL_TIME, "a `poll`", "`timeout` of `poll`", "The source fails with the kind `timeout`."),
            limit!(Time POLL_PAUSE, "the pause between two requests of a `poll`", "`every` of `poll`", ""),
            limit!(Time POLL_PAUSE_LEAST, "the shortest `every` of a `poll`", "", "A shorter one counts as this one, without a warning."),
            limit!(Time BACKOFF_FIRST, "the first pause of a `retry`", "`backoff` of `retry`", ""),
            limit!(Time BACKOFF_MOST, "the longest pause of a `retry`", "`backoff` of `retry`", "Pauses grow no further."),
            limit!(Time SECRET_TIME, "a program that gives a secret", "", "It is ended; the instance is not loaded, with an error."),
            limit!(Time SECRET_REFRESH, "from one reading of all secret handles to the next", "`secrets.refresh` of engine.yaml, at least 10s, or 0", ""),
            limit!(Time LOG_REPEAT, "from one line of the log to the same line again", "", "It is left out and counted."),
            limit!(Time TAIL_WAIT, "a last line without an end, in a file that does not grow", "", "It is taken as it is."),
        ],
    ),
    (
        "Requests and commands",
        &[
            limit!(Count REQUESTS, "requests of one run, with pages, polls and retries", "", "The source fails with the kind `limit`."),
            limit!(Count EACH_AT_ONCE, "requests of one `each` at once", "`concurrency` of the source", "The others wait."),
            limit!(Count PAGES, "pages of one source", "`max_pages` of `paginate`", "Further pages are left out with a warning, `.capped` is true."),
            limit!(Count REDIRECTS, "redirects of one request", "`follow_redirects: false` follows none", "The source fails with the kind `limit`."),
            limit!(Count ATTEMPTS, "attempts of a `retry`", "`attempts` of `retry`", "The last failure counts."),
            limit!(Count ATTEMPTS_MOST, "the most `attempts`", "", "More count as this many, without a warning."),
            limit!(Count RATE_REQUESTS, "the most requests of a `rate_limit`", "", "More count as this many, without a warning."),
            limit!(Count HEADERS, "headers of one answer", "", "The source fails with the kind `too_large`."),
            limit!(Bytes HEADER_BYTES, "headers of one answer", "", "The source fails with the kind `too_large`."),
            limit!(Count CHILDREN, "commands at once, of all checks", "`limits.commands_at_once` of engine.yaml", "The others wait."),
            limit!(Count RUNS_AT_ONCE, "runs at once", "`limits.runs_at_once` of engine.yaml", "The others wait; a quarter of the places is kept for runs that were quick the last time."),
            limit!(Count RUNS_PER_HOST, "runs at once that ask the same host and port", "`limits.runs_per_host` of engine.yaml", "The others wait."),
            limit!(Count LAST_VALUES, "values that the status page shows, of all checks", "", "It shows none of further checks."),
            limit!(Count LAST_VALUES_EACH, "values that it shows of one check", "", "It shows no more."),
        ],
    ),
    (
        "Sizes of answers",
        &[
            limit!(Bytes BODY_BYTES, "an unpacked HTTP body", "`max_bytes` of `http`", "The source fails with the kind `too_large`."),
            limit!(Bytes BODY_BYTES_MOST, "the largest `max_bytes` of `http`", "", "A larger one counts as this one, without a warning."),
            limit!(Bytes ERROR_BODY_BYTES, "the body of an answer with an unwanted status", "", "It is cut there."),
            limit!(Bytes COMMAND_BYTES, "the standard output of a command", "`max_bytes` of `command`", "The source fails with the kind `too_large`."),
            limit!(Bytes STDERR_BYTES, "the standard error of a command", "", "Its end is kept."),
            limit!(Bytes FILE_BYTES, "all files of a source; with `mode: tail` what one run takes", "`max_bytes` of `file`", "The source fails with the kind `too_large`; with `mode: tail` the rest follows in the next run, with a warning."),
            limit!(Count GLOB_FILES, "files that one pattern matches", "", "The source fails with the kind `limit`."),
            limit!(Bytes TAIL_CHUNK, "one line or record of a followed file", "", "It is cut, with a warning."),
            limit!(Bytes CACHE_BYTES, "answers that one check keeps under `cache`", "", "The answer is not kept, with a warning."),
        ],
    ),
    (
        "Documents",
        &[
            limit!(Count NODES, "values of one document", "", "The source fails with the kind `decode`."),
            limit!(Count DEPTH, "levels of JSON, YAML, XML and expressions", "", "The source fails with the kind `decode`; a spec or expression has an error."),
            limit!(Count SEEN_KEYS, "keys of a recorded map that `lint` takes for fields", "", "More are taken for data, and nothing is said of them."),
            limit!(Count LINKS, "operators, filters and steps in one expression; an `if` counts four", "", "An error in the spec."),
            limit!(Bytes HTML_BYTES, "a page of HTML", "", "The source fails with the kind `decode`."),
            limit!(Count HTML_NODES, "elements, texts and comments of a page of HTML", "", "The source fails with the kind `decode`."),
            limit!(Count HTML_DEPTH, "levels of a page of HTML", "", "The source fails with the kind `decode`."),
            limit!(Count HTML_TAG_PARTS, "attributes of one HTML tag, or words of a comment", "", "The source fails with the kind `decode`."),
            limit!(Bytes GROK_TEXT, "a grok pattern with its names replaced", "", "An error in the spec."),
            limit!(Bytes GROK_BYTES, "a compiled grok pattern", "", "An error in the spec."),
            limit!(Count GROK_REFERENCES, "patterns that one grok pattern uses", "", "An error in the spec."),
            limit!(Count GROK_DEPTH, "grok patterns within grok patterns", "", "An error in the spec."),
        ],
    ),
    (
        "Rows and expressions",
        &[
            limit!(Count RECURSE_DEPTH, "levels of `recurse`", "`depth` beside it, at most 128", "The levels below are left out; with a warning, unless a smaller `depth` says so."),
            limit!(Count FUEL, "steps of one evaluation", "", "The expression fails; its place is missing, with a warning."),
            limit!(Bytes TEXT_BYTES, "what one text with holes may print", "", "The text fails; its place is missing, with a warning."),
            limit!(Count PATH_MATCHES, "matches of one path", "", "The path fails; its place is missing, with a warning."),
            limit!(Count PATH_STEPS, "values that one path looks at", "", "The path fails; its place is missing, with a warning."),
            limit!(Count RANGE_ITEMS, "items of `range()`", "", "The expression fails; its place is missing, with a warning."),
            limit!(Bytes REGEX_TEXT, "the text of a regular expression", "", "An error in the spec; of one that is computed, a failed expression."),
            limit!(Bytes REGEX_BYTES, "a compiled regular expression", "", "An error in the spec; of one that is computed, a failed expression."),
        ],
    ),
    (
        "What one run may send",
        &[
            limit!(Count SERIES, "samples", "`max_returned_metrics` of the instance", "The rest is left out, with a warning."),
            limit!(Count SERIES_MOST, "the largest `max_returned_metrics`", "", "An error; the instance is not loaded."),
            limit!(Count SAMPLES_APART, "samples that stay as they were submitted", "", "Further ones of `count`, `increment` and `decrement` are joined with those of their series."),
            limit!(Count SERVICE_CHECKS, "service checks", "", "The rest is left out, with a warning."),
            limit!(Count EVENTS, "events", "", "The rest is left out, with a warning."),
            limit!(Count LOGS, "logs", "", "The rest is left out, with a warning."),
            limit!(Count COMPONENTS, "components", "", "The rest is left out, with a warning; the snapshot stays open."),
            limit!(Count RELATIONS, "relations", "", "The rest is left out, with a warning; the snapshot stays open."),
            limit!(Count WARNINGS, "places with a warning", "", "Further places are not reported; what they leave out is left out all the same."),
            limit!(Count TAGS, "tags of one observation", "", "The first ones are kept, without a warning."),
            limit!(Bytes TAG_BYTES, "one tag", "", "It is cut, without a warning."),
            limit!(Bytes EVENT_TEXT, "the text of an event", "", "It is cut, with a warning."),
        ],
    ),
    (
        "What is remembered between runs",
        &[
            limit!(Bytes STATE_BYTES, "`state` of one check, and one value of `on_change`", "", "It keeps the value it has, with a warning."),
            limit!(Bytes PREVIOUS_BYTES, "`previous` of one check", "", "What does not fit is missing in the next run, with a warning."),
            limit!(Count KEPT_DEPTH, "levels of a value that is kept", "", "It is not kept, with a warning."),
            limit!(Count ONCE_KEEP, "keys of one `once`", "`keep` of `once`", "Those not seen for longest are forgotten; a warning where they are in use."),
            limit!(Count ONCE_KEEP_MOST, "the largest `keep`", "", "An error in the spec."),
            limit!(Count WATCHED, "values of `on_change`, of one check", "", "Those not seen for longest are forgotten; a warning where one run compares more."),
            limit!(Bytes STATE_FILE_BYTES, "the file of one check", "", "It is not written, with an error."),
            limit!(Bytes STATE_TOTAL_BYTES, "the files of all checks", "", "A file that would grow is not written, with an error."),
            limit!(Time STATE_GONE, "the file of an instance that is gone", "", "It is removed."),
            limit!(Count POSITIONS, "files or patterns whose positions one source remembers", "", "The oldest are forgotten."),
            limit!(Count SESSIONS, "tokens that one check keeps", "", "Those not in use are forgotten, which costs a login each."),
        ],
    ),
    (
        "The spool",
        &[
            limit!(Bytes SPOOL_BYTES, "all segments of the spool", "`spool.max_bytes` of engine.yaml, at least 1MiB", "Metrics go first, the oldest before others; then the oldest records. Counted for each receiver."),
            limit!(Time SPOOL_AGE, "how long a record waits for a receiver", "`spool.max_age` of engine.yaml, at least 1m", "It is dropped and counted."),
            limit!(Bytes SPOOL_MEMORY_BYTES, "records in memory while the disk is full or broken", "", "As when the spool is full."),
            limit!(Bytes SPOOL_RESERVE_BYTES, "room on disk that records leave to cursors and state", "", "It is used when the disk is full."),
            limit!(Bytes SPOOL_SEGMENT_BYTES, "one file of the spool", "", "The next one begins."),
            limit!(Bytes SPOOL_RECORD_BYTES, "one record: what one run leaves", "", "It is not taken, with an error."),
            limit!(Time SPOOL_SYNC, "what a power cut may take", "`spool.sync` of engine.yaml", ""),
            limit!(Count SPOOL_READ_TRIES, "attempts to read a file of the spool on which the disk fails", "", "It is set aside, and what was in it is counted."),
            limit!(Count SPOOL_SET_ASIDE, "damaged files of the spool that are kept for a look", "", "The oldest is removed."),
        ],
    ),
    (
        "Tests of specs",
        &[
            limit!(Count TEST_RUNS, "runs of one test", "", "An error in the test."),
            limit!(Count TEST_FAILURES, "failures of one list that are told", "", "The others are counted."),
            limit!(Bytes FIXTURE_BYTES, "a file with a recorded answer", "", "An error in the test."),
        ],
    ),
    (
        "Files that people write",
        &[
            limit!(Bytes SPEC_BYTES, "a spec or a fragment", "", "An error; it is not read."),
            limit!(Count FRAGMENTS, "fragments of one spec", "", "An error in the spec."),
            limit!(Bytes CONF_BYTES, "a file of conf.d", "", "An error; it is not read."),
            limit!(Count YAML_ALIASES, "aliases in one YAML file", "", "An error; it is not read."),
            limit!(Count YAML_NODES, "values that aliases and merge keys add to one YAML file", "", "An error; it is not read."),
            limit!(Count PROBLEMS, "problems that are told of one file", "", "An error says that there are more."),
            limit!(Count SPEC_VALUES, "values of one spec with its fragments; tables do not count", "", "An error; it is not read."),
            limit!(Count ALLOWED, "comments of one file that allow something", "", "A warning; later ones have no effect."),
            limit!(Count SPEC_NAMES, "sources, configuration keys, names of one `let` or `state`", "", "An error."),
            limit!(Bytes SECRET_BYTES, "what a secret handle gives", "", "An error; the instance is not loaded."),
        ],
    ),
    (
        "Delivery",
        &[
            limit!(Time DELIVERY_TIME, "one request to a receiver", "`timeout` of a sink", "It is sent again after a pause."),
            limit!(Time DELIVERY_PAUSE_LEAST, "the shortest pause after a failed delivery", "", ""),
            limit!(Time DELIVERY_PAUSE_FIRST, "the longest pause after the first failure; it doubles with each further one", "", ""),
            limit!(Time DELIVERY_PAUSE_MOST, "the longest pause", "", ""),
            limit!(Time RETRY_AFTER_MOST, "a `Retry-After` of a receiver", "", "It counts as this much."),
            limit!(Count BATCH_ITEMS, "items of one request", "`max_items` of a sink", "Further ones go in another request."),
            limit!(Count BATCH_ITEMS_MOST, "the largest `max_items`", "", "An error; the settings are not read."),
            limit!(Bytes LINES_FILE_BYTES, "the file of a `jsonl` sink", "`max_file`", "It is put aside."),
            limit!(Count LINES_FILES, "files of a `jsonl` sink that were put aside", "`files`", "The oldest is removed."),
            limit!(Count LINES_FILES_MOST, "the largest `files`", "", "An error; the settings are not read."),
            limit!(Count TOTALS, "counts of which a sink keeps the total", "", "Those not seen for longest begin at zero again."),
            limit!(Count PAGE_CONNECTIONS, "connections at once to the page of a `prometheus` sink", "", "Further ones wait."),
            limit!(Time PAGE_TIME, "a request for that page", "", "The connection is closed."),
        ],
    ),
];

/// The constants that the page tells of.
pub fn told() -> impl Iterator<Item = &'static str> {
    LIMITS.iter().flat_map(|(_, limits)| limits.iter().map(|limit| limit.name))
}

/// The page of limits.
pub fn limits() -> String {
    let start = include_str!("text/limits.md").to_owned();
    let sections = LIMITS.iter().map(|(title, limits)| format!("## {title}\n\n{}", table(limits)));
    joined(&[start].into_iter().chain(sections).collect::<Vec<_>>()) + "\n"
}

fn table(limits: &[Limit]) -> String {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let rows = limits.iter().map(|limit| vec![limit.what.to_owned(), shown(limit.amount), or_dash(limit.key), or_dash(limit.effect)]);
    grid(&["limit", "value", "changed by", "beyond it"], rows)
}

fn shown(amount: Amount) -> String {
    match amount {
        Amount::Count(count) => grouped(count),
        Amount::Bytes(bytes) => [(30, "GiB"), (20, "MiB"), (10, "KiB")]
            .into_iter()
            .find(|(shift, _)| bytes >= 1 << shift && bytes.is_multiple_of(1 << shift))
            .map_or_else(|| format!("{} bytes", grouped(bytes)), |(shift, unit)| format!("{} {unit}", bytes >> shift)),
        Amount::Time(time) if time.subsec_millis() > 0 => format!("{} ms", time.as_millis()),
        Amount::Time(time) => match time.as_secs() {
            seconds if seconds >= 3600 && seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
            seconds => format!("{seconds} s"),
        },
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_on_the_page_or_known_as_internal_and_none_is_both() {
        let source = include_str!("../base/limits.rs");
        let declared: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next()).collect();
        let mut known: Vec<&str> = told().chain(INTERNAL.iter().copied()).collect();
        let mut expected = declared;
        known.sort_unstable();
        expected.sort_unstable();
        assert_eq!(known, expected);
    }

    #[test]
    fn amounts_are_shown_in_units_that_people_read() {
        let amounts = [Amount::Count(2_000_000), Amount::Count(12), Amount::Bytes(64 << 20), Amount::Bytes(200), Amount::Bytes(1 << 30)];
        assert_eq!(amounts.map(shown), ["2,000,000", "12", "64 MiB", "200 bytes", "1 GiB"]);
        let times = [Duration::from_millis(10), Duration::from_secs(60), Duration::from_secs(3600)];
        assert_eq!(times.map(|time| shown(Amount::Time(time))), ["10 ms", "60 s", "1 h"]);
    }
}
