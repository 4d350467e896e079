//! Every bound of the program, one constant each, with its reason.
//!
//! A limit that is hit is named in the error of the run; nothing is cut silently.

use std::time::Duration;

/// Least time between two ticks of the schedule.
pub const INTERVAL_LEAST: Duration = Duration::from_secs(1);
/// The collector's tick where nothing else is said, as in the agents.
pub const INTERVAL_DEFAULT: Duration = Duration::from_secs(15);
/// A run ends after its interval, and after this at the latest unless `run_timeout` says otherwise.
pub const RUN_TIME_DEFAULT: Duration = Duration::from_secs(60);
/// The longest `run_timeout` that can be asked for.
pub const RUN_TIME_MOST: Duration = Duration::from_secs(3600);
/// Connecting takes no longer than this where nothing else is said.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);
/// One request takes no longer than this where nothing else is said.
pub const REQUEST_TIME: Duration = Duration::from_secs(10);
/// One command takes no longer than this where nothing else is said.
pub const COMMAND_TIME: Duration = Duration::from_secs(10);
/// Between TERM and KILL a process group has this long to end.
pub const COMMAND_GRACE: Duration = Duration::from_secs(2);
/// On TERM, runs in progress get this long.
pub const STOP_GRACE: Duration = Duration::from_secs(5);

/// An unpacked HTTP body.
pub const BODY_BYTES: u64 = 64 << 20;
/// The largest `max_bytes` of any source.
pub const BODY_BYTES_MOST: u64 = 1 << 30;
/// Redirects followed for one request.
pub const REDIRECTS: usize = 3;
/// Headers of one HTTP answer: as many as the HTTP library reads without memory of their own.
pub const HEADERS: usize = 100;
/// Names and values of those headers together.
pub const HEADER_BYTES: usize = 64 << 10;
/// The part of the body that is kept of an answer with an unwanted status.
pub const ERROR_BODY_BYTES: u64 = 64 << 10;
/// Standard output of a command.
pub const COMMAND_BYTES: u64 = 10 << 20;
/// The tail of standard error that is kept.
pub const STDERR_BYTES: usize = 64 << 10;
/// The part of that tail which an error shows.
pub const STDERR_SHOWN: usize = 400;
/// A whole file.
pub const FILE_BYTES: u64 = 64 << 20;
/// Files of one glob.
pub const GLOB_FILES: usize = 100;
/// One chunk of a file that is followed, and its longest record: large enough that the cost of a
/// chunk does not count, small enough that memory stays flat whatever the file's size.
pub const TAIL_CHUNK: usize = 1 << 20;
/// What one look at followed files takes of all of them together.
pub const TAIL_LOOK: usize = 8 << 20;
/// The bytes at the beginning of a file, and before a place in it, by which it is known again.
pub const TAIL_PRINT: u64 = 256;
/// Rotated files of one path that are looked at in one run.
pub const TAIL_FOUND: usize = 64;
/// Rotated files that are already there when a path is first looked at, and remembered as done.
pub const TAIL_EARLIER: usize = 4;
/// A rotated file that was not written for this long is done: nothing still holds it open.
pub const TAIL_REST: Duration = Duration::from_secs(600);
/// How far a file and its likely copy are compared behind the place that was reached.
pub const TAIL_COMPARED: u64 = 64 << 10;
/// A last line without an end is taken when its file has not grown for this long.
pub const TAIL_WAIT: Duration = Duration::from_secs(5);
/// NUL bytes in a row that are no text: a hole left by a truncation under a writer that goes on at
/// its old place. A few stray ones are data.
pub const TAIL_NULS: usize = 64;
/// How far such a hole is looked through at once.
pub const TAIL_HOLE: u64 = 64 << 20;
/// Rotated files remembered for each followed path: more rotations than this between two runs are
/// rare, and files that were done before must be known as such.
pub const TAIL_ROTATED: usize = 16;
/// Files that are gone or rotated, remembered for a source in all.
pub const TAIL_REMEMBERED: usize = 200;
/// Entries of a folder that are looked at for rotated files.
pub const TAIL_FOLDER: usize = 20_000;
/// Children at once in the whole process: they cost a core each while they start.
pub const CHILDREN: usize = 16;
/// A command that ended has this long until whatever still holds its standard output is ended, too.
pub const OUTPUT_GRACE: Duration = Duration::from_secs(1);

/// Nesting of JSON, YAML and expressions: more has no use and threatens the stack.
pub const DEPTH: usize = 128;
/// Operators, filters and steps in one expression, an `if` counting four: a chain is walked by
/// recursion, and the longest that people have written has some thirty.
pub const LINKS: usize = 250;
/// Keys of a map in a recorded answer that count as its fields; more are taken for data.
pub const SEEN_KEYS: usize = 200;
/// Values in one document.
pub const NODES: usize = 2_000_000;
/// A spec file.
pub const SPEC_BYTES: u64 = 1 << 20;
/// Fragments that one spec uses, directly or through others: more is hardly readable, and circles end.
pub const FRAGMENTS: usize = 32;
/// What a secret handle may give: keys and certificates are smaller.
pub const SECRET_BYTES: u64 = 64 << 10;
/// A program that gives a secret has this long: loading waits for it.
pub const SECRET_TIME: Duration = Duration::from_secs(10);
/// Secret handles are read again this often where nothing else is said.
pub const SECRET_REFRESH: Duration = Duration::from_secs(3600);
/// The shortest time between two readings: each may start programs.
pub const SECRET_REFRESH_LEAST: Duration = Duration::from_secs(10);
/// A conf.d file.
pub const CONF_BYTES: u64 = 64 << 20;
/// Aliases in one YAML file.
pub const YAML_ALIASES: usize = 1_000;
/// Values that aliases and merge keys add to a YAML file: each takes some 150 bytes, and reading a file
/// of 1 MiB shall take less than 100 MiB.
pub const YAML_NODES: usize = 200_000;
/// Problems of one file: who has more looks at the first ones, and each takes half a kilobyte.
pub const PROBLEMS: usize = 1_000;
/// Values of one spec with its fragments, tables aside: ten times those of the largest that is shipped.
/// What takes a kilobyte for each is bounded by this, and what compares each with each.
pub const SPEC_VALUES: usize = 20_000;
/// Comments of one file that allow something.
pub const ALLOWED: usize = 200;
/// Sources, names of one `let` or `state`, and configuration keys of one spec: the order in which they
/// need each other is found by comparing each with each.
pub const SPEC_NAMES: usize = 1_000;

/// The text of a regular expression.
pub const REGEX_TEXT: usize = 4 << 10;
/// A compiled regular expression.
pub const REGEX_BYTES: usize = 1 << 20;
/// A grok pattern with its names replaced: several times the longest one that is built in.
pub const GROK_TEXT: usize = 64 << 10;
/// A compiled grok pattern: one log line needs more than an expression of its own, and a spec has few.
pub const GROK_BYTES: usize = 8 << 20;
/// Patterns that one grok pattern uses, directly or through others; doubling names that stand for
/// nothing would be endless without growing.
pub const GROK_REFERENCES: usize = 2_000;
/// Grok patterns within grok patterns.
pub const GROK_DEPTH: usize = 32;
/// A page of HTML: tables for people are small, and each byte of a page costs more than one of JSON.
pub const HTML_BYTES: usize = 8 << 20;
/// Elements, texts and comments of a page.
pub const HTML_NODES: usize = 500_000;
/// Nesting of a page: browsers stop at half of it, and the parser's time grows with it.
pub const HTML_DEPTH: usize = 1_000;
/// Attributes of one tag, or words of one comment: the parser compares each attribute with all others.
pub const HTML_TAG_PARTS: usize = 10_000;
/// Steps of one evaluation: loops of templates, items of filters.
pub const FUEL: u32 = 2_000_000;
/// What a template may print.
pub const TEXT_BYTES: usize = 1 << 20;
/// Matches of one path.
pub const PATH_MATCHES: usize = 1_000_000;
/// Nodes that one path looks at: ten for each of the largest document, since filters look again.
pub const PATH_STEPS: usize = 20_000_000;
/// Items of `range()`.
pub const RANGE_ITEMS: i64 = 100_000;
/// Levels of `recurse`.
pub const RECURSE_DEPTH: usize = 32;

/// Samples of one run where `max_returned_metrics` says nothing; those that add up are joined first.
pub const SERIES: usize = 100_000;
/// The largest `max_returned_metrics`.
pub const SERIES_MOST: usize = 1_000_000;
/// Samples of one run that stay as they were submitted; further ones that add up are joined with
/// those of their series, so that millions of them take the memory of their series.
pub const SAMPLES_APART: usize = 10_000;
/// Tags of one observation.
pub const TAGS: usize = 64;
/// Bytes of one tag; longer ones are cut.
pub const TAG_BYTES: usize = 200;
/// Events of one run.
pub const EVENTS: usize = 500;
/// Logs of one run.
pub const LOGS: usize = 5_000;
/// Service checks of one run.
pub const SERVICE_CHECKS: usize = 5_000;
/// Text of one event.
pub const EVENT_TEXT: usize = 8 << 10;
/// Components of one run.
pub const COMPONENTS: usize = 20_000;
/// Relations of one run.
pub const RELATIONS: usize = 50_000;
/// Warnings that one run reports, each for its own place.
pub const WARNINGS: usize = 100;

/// Pages of one source where `max_pages` says nothing.
pub const PAGES: usize = 100;
/// Requests of one run, with pages, polls and retries: more would take longer than any run may.
pub const REQUESTS: usize = 10_000;
/// Attempts of a `retry` that says nothing of them.
pub const ATTEMPTS: usize = 3;
/// The most attempts of a `retry`.
pub const ATTEMPTS_MOST: usize = 100;
/// The first pause of a `retry` that says nothing of it.
pub const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// Its longest pause.
pub const BACKOFF_MOST: Duration = Duration::from_secs(30);
/// The pause between two requests of a `poll` that says nothing of it.
pub const POLL_PAUSE: Duration = Duration::from_secs(1);
/// The shortest pause that a `poll` may ask for.
pub const POLL_PAUSE_LEAST: Duration = Duration::from_millis(10);
/// How long a `poll` goes on that says nothing of it.
pub const POLL_TIME: Duration = Duration::from_secs(60);
/// Answers that one check keeps for its later runs (`cache`), all their bytes.
pub const CACHE_BYTES: usize = 64 << 20;
/// The longest time that an answer is kept.
pub const CACHE_TIME_MOST: Duration = Duration::from_secs(366 * 24 * 3600);
/// Requests whose times are remembered for one `rate_limit`.
pub const RATE_REQUESTS: usize = 100_000;
/// Files or patterns whose positions one source remembers.
pub const POSITIONS: usize = 1_000;
/// Requests of one `each` at once where `concurrency` says nothing.
pub const EACH_AT_ONCE: usize = 8;
/// Runs at once in the whole process, where `limits` of engine.yaml says nothing.
pub const RUNS_AT_ONCE: usize = 256;
/// Runs at once that ask one host: a host that does not answer must not take all places.
pub const RUNS_PER_HOST: usize = 64;
/// A run that takes longer is a slow one, and slow ones leave places for the others.
pub const RUN_SLOW: Duration = Duration::from_secs(1);
/// A run that is still there so long after its deadline is dropped, whatever it does.
pub const RUN_OVERTIME: Duration = Duration::from_secs(1);
/// Idle connections kept per host.
pub const IDLE_CONNECTIONS: usize = 32;
/// An idle connection is closed after this: longer than most intervals, shorter than most firewalls forget.
pub const IDLE_TIME: Duration = Duration::from_secs(90);
/// Nonces of digest logins that are kept, one for each server and user: a forgotten one costs a request.
pub const DIGEST_NONCES: usize = 4096;
/// Tokens that one check keeps: one for each item of an `each` that logs in by itself.
pub const SESSIONS: usize = 1000;
/// The end of a token's life in which it is not used any more, since a request takes its time; of short lives a tenth.
pub const TOKEN_MARGIN: Duration = Duration::from_secs(30);
/// Distinct connect settings that are kept ready.
pub const HTTP_CLIENTS: usize = 4096;

/// What `state` may hold, for one check: a cursor takes some ten bytes, a list of ids some thousand.
/// Ten thousand checks that use it up take 160 MiB.
pub const STATE_BYTES: usize = 16 << 10;
/// What `previous` may hold, for one check: the rows of a cluster, not the logs of a day.
pub const PREVIOUS_BYTES: usize = 1 << 20;
/// Nesting of a value that is kept: each level takes two in the file, whose reader stops at 128.
pub const KEPT_DEPTH: usize = 48;
/// Rows that `once` remembers where `keep` says nothing: 16 bytes each.
pub const ONCE_KEEP: usize = 10_000;
/// The largest `keep`: 1.6 MB in the file, and as much again in memory.
pub const ONCE_KEEP_MOST: usize = 100_000;
/// Values that `on_change` compares, for one check: twice the service checks of one run.
pub const WATCHED: usize = 10_000;
/// What one check may keep on disk: the readings of as many series as one run may have.
pub const STATE_FILE_BYTES: u64 = 64 << 20;
/// What all checks together may keep on disk.
pub const STATE_TOTAL_BYTES: u64 = 256 << 20;
/// The file of an instance that is gone from the configuration stays this long: long enough for one
/// that was taken out for a while, and not for ever.
pub const STATE_GONE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The spool on disk, by default: two days of a busy engine while a backend is away.
pub const SPOOL_BYTES: u64 = 512 << 20;
/// How long a record waits, by default: what is older is of no use to anybody who watches.
pub const SPOOL_AGE: Duration = Duration::from_secs(48 * 3600);
/// One file of the spool: small enough that giving one up or writing one anew is soon done, large
/// enough that a full spool is some thirty files.
pub const SPOOL_SEGMENT_BYTES: u64 = 16 << 20;
/// A file of the spool takes records for this part of the age, so that what is too old goes in steps
/// of 2 %.
pub const SPOOL_SEGMENT_SHARE: u32 = 48;
/// One record: a run with 100,000 series and all their tags takes about as much.
pub const SPOOL_RECORD_BYTES: usize = 16 << 20;
/// What a record takes besides its bytes, on disk and in memory, roughly.
pub const SPOOL_RECORD_OVERHEAD: usize = 64;
/// Records in memory while the disk is full or broken: as much as all runs at once may take.
pub const SPOOL_MEMORY_BYTES: u64 = 64 << 20;
/// Room on disk that records leave to cursors and to the state of checks, so that these can still be
/// written when records have filled the disk: hundreds of checks that remember some pages each.
pub const SPOOL_RESERVE_BYTES: u64 = 1 << 20;
/// The reserve is this part of a small spool.
pub const SPOOL_RESERVE_SHARE: u64 = 16;
/// A disk that failed is tried again after this time: soon enough that memory lasts.
pub const SPOOL_RETRY: Duration = Duration::from_secs(1);
/// A file of the spool that the disk does not give is asked for this often, a second apart, before it
/// is set aside.
pub const SPOOL_READ_TRIES: u32 = 10;
/// A full disk is tried this often while a file of the spool waits for the state of checks alone.
pub const SPOOL_STATE_TRIES: u32 = 5;
/// A power cut loses at most this much, by default.
pub const SPOOL_SYNC: Duration = Duration::from_secs(1);
/// Broken files that are kept for a look; the oldest goes when there is one more.
pub const SPOOL_SET_ASIDE: usize = 4;
/// What the status shows of the things that the spool has said last.
pub const SPOOL_SAID: usize = 5;
/// The highest sequence number of the spool. They are about microseconds since 1970, so no engine comes
/// here; what says a higher one is damaged.
pub const SPOOL_SEQUENCE_MOST: u64 = i64::MAX as u64;
/// Sequence numbers that are passed over at every start: more than can have been given out without a
/// trace on disk.
pub const SPOOL_SEQUENCE_GAP: u64 = 1_000_000;
/// What is written to the spool at once, if it is more than one record.
pub const SPOOL_WRITE_BYTES: usize = 256 << 10;
/// What a receiver reads from the disk at once.
pub const SPOOL_READ_BYTES: usize = 256 << 10;
/// A test has no more runs than this: what is remembered shows after a few.
pub const TEST_RUNS: usize = 1000;
/// So many failures of one expected list are told; more would hide the first.
pub const TEST_FAILURES: usize = 20;
/// The largest fixture of a test, as large as the largest body.
pub const FIXTURE_BYTES: u64 = 64 << 20;
/// One request to a receiver, from the first byte out to the last byte in.
pub const DELIVERY_TIME: Duration = Duration::from_secs(30);
/// The first bound of the pause after a failed delivery; it doubles from one failure to the next.
pub const DELIVERY_PAUSE_FIRST: Duration = Duration::from_secs(2);
/// Its last bound.
pub const DELIVERY_PAUSE_MOST: Duration = Duration::from_secs(60);
/// No pause is shorter: a receiver that is gone needs no more than a request a second.
pub const DELIVERY_PAUSE_LEAST: Duration = Duration::from_secs(1);
/// The longest `Retry-After` of a receiver that is honoured: a mistake there must not hold data for hours.
pub const RETRY_AFTER_MOST: Duration = Duration::from_secs(300);
/// The answer of a receiver; it is read for the reason of a refusal only.
pub const RECEIVER_ANSWER_BYTES: u64 = 64 << 10;
/// The part of an unwanted answer that a message shows.
pub const ANSWER_SHOWN: usize = 200;
/// Items of one request where a sink says nothing: enough that requests do not count, few enough
/// that finding a bad one is quick.
pub const BATCH_ITEMS: usize = 10_000;
/// The most items of one request that can be asked for.
pub const BATCH_ITEMS_MOST: usize = 100_000;
/// The size at which the file of a `jsonl` sink is put aside, where it says nothing.
pub const LINES_FILE_BYTES: u64 = 64 << 20;
/// How many such files are kept, where it says nothing.
pub const LINES_FILES: usize = 5;
/// The most such files.
pub const LINES_FILES_MOST: usize = 1_000;
/// Series of counts of which a sink keeps the total: some hundred bytes each. Of more, those that
/// were not seen for longest begin at zero again.
pub const TOTALS: usize = 1_000_000;
/// Connections at once to the page of a `prometheus` sink.
pub const PAGE_CONNECTIONS: usize = 32;
/// A request for that page has this long.
pub const PAGE_TIME: Duration = Duration::from_secs(10);

/// The least that it can do with: one segment that is written and one that is read.
pub const SPOOL_BYTES_LEAST: u64 = 1 << 20;
/// Where the status page is if nothing else is said.
pub const STATUS_ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 7660);
/// Connections to the status page at once; more have to wait.
pub const STATUS_CONNECTIONS: usize = 32;
/// A request for the status page takes no longer than this.
pub const STATUS_TIME: Duration = Duration::from_secs(10);
/// Last values that the status page shows, of all checks; those of further series are left out.
pub const LAST_VALUES: usize = 100_000;
/// Last values of one check.
pub const LAST_VALUES_EACH: usize = 1_000;
/// Files are looked at for changes this often.
pub const RELOAD_LOOK: Duration = Duration::from_secs(2);
/// The same line of the log is written at most once in this time; the others are counted.
pub const LOG_REPEAT: Duration = Duration::from_secs(10);
/// The last lines of the log that are kept for `engine flare`.
pub const LOG_KEPT_BYTES: usize = 256 << 10;
/// Files of one kind in a flare: what helps is in the first ones.
pub const FLARE_FILES: usize = 500;
/// One file in a flare; the rest of a longer one is left out.
pub const FLARE_FILE_BYTES: usize = 4 << 20;
/// Different lines of the log whose repeats are counted.
pub const LOG_LINES: usize = 2_000;
/// Questions that wait for the thread of the spool: more than there are runs and receivers at once.
pub const SPOOL_COMMANDS: usize = 1024;
