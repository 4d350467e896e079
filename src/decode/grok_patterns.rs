//! The named patterns that everybody who writes grok knows, in the syntax of our regex engine.
//!
//! That engine has no look-around and no atomic groups, so where others write "not behind a digit"
//! these have a word boundary, and longer alternatives stand first. Classes are those of ASCII, words
//! aside: Unicode classes would make a long pattern many times as large.

/// Every pattern by its name, in the order of families; a pattern may use any other one.
pub const LIBRARY: &[(&str, &str)] = &[
    // Words and texts.
    ("WORD", r"\b\w+\b"),
    ("NOTSPACE", r"\S+"),
    ("SPACE", r"\s*"),
    ("DATA", r".*?"),
    ("GREEDYDATA", r".*"),
    ("GREEDYMULTILINE", r"(?s:.*)"),
    ("QUOTEDSTRING", r#"(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"#),
    ("QS", r"%{QUOTEDSTRING}"),
    ("USERNAME", r"[a-zA-Z0-9._-]+"),
    ("USER", r"%{USERNAME}"),
    ("EMAILLOCALPART", r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*"),
    ("EMAILADDRESS", r"%{EMAILLOCALPART}@%{HOSTNAME}"),
    ("UUID", r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}"),
    ("URN", r"urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+"),
    // Numbers.
    ("INT", r"[+-]?[0-9]+"),
    ("BASE10NUM", r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"),
    ("NUMBER", r"%{BASE10NUM}"),
    ("BASE16NUM", r"[+-]?(?:0x)?[0-9A-Fa-f]+"),
    ("BASE16FLOAT", r"\b[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b"),
    ("POSINT", r"\b[1-9][0-9]*\b"),
    ("NONNEGINT", r"\b[0-9]+\b"),
    ("BOOL", r"(?i:true|false|yes|no|on|off)"),
    // Networks.
    ("MAC", r"(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})"),
    ("CISCOMAC", r"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}"),
    ("WINDOWSMAC", r"(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}"),
    ("COMMONMAC", r"(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}"),
    (
        "IPV4",
        r"\b(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|0?[1-9]?[0-9]|00[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|0?[1-9]?[0-9]|00[0-9])\b",
    ),
    (
        "IPV6",
        r"(?:(?:%{IPV6GROUP}:){6}%{IPV4}|(?:%{IPV6GROUP}(?::%{IPV6GROUP}){0,4})?::(?:%{IPV6GROUP}:){0,5}%{IPV4}|(?:%{IPV6GROUP}:){7}%{IPV6GROUP}|(?:%{IPV6GROUP}(?::%{IPV6GROUP}){0,6})?::(?:%{IPV6GROUP}(?::%{IPV6GROUP}){0,6})?)(?:%[0-9A-Za-z._~-]+)?",
    ),
    ("IPV6GROUP", r"[0-9A-Fa-f]{1,4}"),
    ("IP", r"(?:%{IPV6}|%{IPV4})"),
    ("HOSTNAME", r"\b[0-9A-Za-z_][0-9A-Za-z_-]*(?:\.[0-9A-Za-z_][0-9A-Za-z_-]*)*\.?"),
    ("HOST", r"%{HOSTNAME}"),
    ("IPORHOST", r"(?:%{IP}|%{HOSTNAME})"),
    ("HOSTPORT", r"(?:\[%{IPV6}\]|%{IPORHOST}):%{POSINT}"),
    // Paths and addresses.
    ("PATH", r"(?:%{UNIXPATH}|%{WINPATH})"),
    ("UNIXPATH", r"(?:/[\w%!$@:.,+~-]*)+"),
    ("TTY", r"/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+)"),
    ("WINPATH", r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+"),
    ("URIPROTO", r"[A-Za-z][A-Za-z0-9+.-]*"),
    ("URIHOST", r"(?:\[%{IPV6}\]|%{IPORHOST})(?::%{POSINT})?"),
    ("URIPATH", r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+"),
    ("URIQUERY", r"[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?<>\[\]-]*"),
    ("URIPARAM", r"\?%{URIQUERY}"),
    ("URIPATHPARAM", r"%{URIPATH}(?:%{URIPARAM})?"),
    ("URI", r"%{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATH}(?:%{URIPARAM})?)?"),
    // Dates and times.
    (
        "MONTH",
        r"\b(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b",
    ),
    ("MONTHNUM", r"(?:0?[1-9]|1[0-2])"),
    ("MONTHNUM2", r"(?:0[1-9]|1[0-2])"),
    ("MONTHDAY", r"(?:0[1-9]|[12][0-9]|3[01]|[1-9])"),
    ("DAY", r"(?i:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"),
    ("YEAR", r"(?:[0-9]{4}|[0-9]{2})"),
    ("HOUR", r"(?:2[0-3]|[01]?[0-9])"),
    ("MINUTE", r"[0-5][0-9]"),
    ("SECOND", r"(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?"),
    ("TIME", r"%{HOUR}:%{MINUTE}(?::%{SECOND})?"),
    ("DATE_US", r"%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"),
    ("DATE_EU", r"%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"),
    ("ISO8601_TIMEZONE", r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE})?)"),
    ("ISO8601_SECOND", r"%{SECOND}"),
    ("TIMESTAMP_ISO8601", r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"),
    ("DATE", r"(?:%{DATE_US}|%{DATE_EU})"),
    ("DATESTAMP", r"%{DATE}[- ]%{TIME}"),
    ("TZ", r"(?:[APMCE][SD]T|[A-Z]{3,4})"),
    ("DATESTAMP_RFC822", r"%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}"),
    ("DATESTAMP_RFC2822", r"%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}"),
    ("DATESTAMP_OTHER", r"%{DAY} %{MONTH} +%{MONTHDAY} %{TIME} %{TZ} %{YEAR}"),
    ("DATESTAMP_EVENTLOG", r"[0-9]{4}%{MONTHNUM2}[0-3][0-9][0-2][0-9]%{MINUTE}[0-6][0-9]"),
    ("HTTPDERROR_DATE", r"%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}"),
    ("HTTPDATE", r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"),
    ("SYSLOGTIMESTAMP", r"%{MONTH} +%{MONTHDAY} %{TIME}"),
    ("NGINXERROR_DATE", r"%{YEAR}/%{MONTHNUM}/%{MONTHDAY} %{TIME}"),
    ("CATALINA_DATESTAMP", r"%{MONTH} %{MONTHDAY}, %{YEAR} %{HOUR}:%{MINUTE}:%{SECOND} (?:AM|PM)"),
    ("TOMCAT_DATESTAMP", r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND} %{ISO8601_TIMEZONE}"),
    ("HAPROXYDATE", r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME}"),
    ("REDISTIMESTAMP", r"%{MONTHDAY} %{MONTH}(?: %{YEAR})? %{TIME}"),
    ("UNIX_TIMESTAMP", r"\b[0-9]{10}(?:\.[0-9]+)?\b"),
    // Levels.
    ("LOGLEVEL", r"(?i:alert|trace|debug|notice|information|info|warning|warn|error|err|critical|crit|fatal|severe|panic|emergency|emerg)"),
    // Syslog.
    ("PROG", r"[!-Z\\^-~]+"),
    ("SYSLOGPROG", r"%{PROG:program}(?:\[%{POSINT:pid}\])?"),
    ("SYSLOGHOST", r"%{IPORHOST}"),
    ("SYSLOGFACILITY", r"<%{NONNEGINT:facility}\.%{NONNEGINT:priority}>"),
    ("SYSLOGBASE", r"%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:"),
    (
        "SYSLOGBASE2",
        r"(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp}) (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
    ),
    ("SYSLOGLINE", r"%{SYSLOGBASE2} %{GREEDYDATA:message}"),
    ("SYSLOG5424PRINTASCII", r"[!-~]+"),
    ("SYSLOG5424PRI", r"<%{NONNEGINT:syslog5424_pri}>"),
    ("SYSLOG5424SD", r#"(?:\[(?:[^\]"\\]|"(?:[^"\\]|\\.)*")*\])+"#),
    (
        "SYSLOG5424BASE",
        r"%{SYSLOG5424PRI}%{NONNEGINT:syslog5424_ver} +(?:%{TIMESTAMP_ISO8601:syslog5424_ts}|-) +(?:%{IPORHOST:syslog5424_host}|-) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_app}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_proc}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_msgid}) +(?:%{SYSLOG5424SD:syslog5424_sd}|-)",
    ),
    ("SYSLOG5424LINE", r"%{SYSLOG5424BASE} *%{GREEDYDATA:syslog5424_msg}"),
    // Web servers.
    ("HTTPDUSER", r"(?:%{EMAILADDRESS}|%{USER})"),
    ("HTTPREQUEST", r#"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})"#),
    (
        "COMMONAPACHELOG",
        r#"%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "%{HTTPREQUEST}" (?:%{NUMBER:response}|-) (?:%{NUMBER:bytes}|-)"#,
    ),
    ("COMBINEDAPACHELOG", r#"%{COMMONAPACHELOG} "(?:-|%{QUOTEDTEXT:referrer})" "(?:-|%{QUOTEDTEXT:agent})""#),
    ("QUOTEDTEXT", r#"(?:[^"\\]|\\.)*"#),
    ("HTTPD_COMMONLOG", r"%{COMMONAPACHELOG}"),
    ("HTTPD_COMBINEDLOG", r"%{COMBINEDAPACHELOG}"),
    ("NGINXACCESS", r"%{COMBINEDAPACHELOG}"),
    (
        "NGINXERROR",
        r"%{NGINXERROR_DATE:timestamp} \[%{LOGLEVEL:loglevel}\] %{POSINT:pid}#%{NONNEGINT:tid}: (?:\*%{NONNEGINT:connection} )?%{GREEDYDATA:message}",
    ),
    (
        "HTTPD20_ERRORLOG",
        r"\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:loglevel}\] (?:\[client %{IPORHOST:clientip}\] )?%{GREEDYDATA:message}",
    ),
    (
        "HTTPD24_ERRORLOG",
        r"\[%{HTTPDERROR_DATE:timestamp}\] \[(?:%{WORD:module})?:%{LOGLEVEL:loglevel}\] \[pid %{POSINT:pid}(?::tid %{NUMBER:tid})?\](?: \(%{POSINT:proxy_errorcode}\)%{DATA:proxy_message}:)?(?: \[client %{IPORHOST:clientip}:%{POSINT:clientport}\])?(?: %{DATA:errorcode}:)? %{GREEDYDATA:message}",
    ),
    ("HTTPD_ERRORLOG", r"(?:%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG})"),
    (
        "HAPROXYHTTPBASE",
        r#"%{IP:client_ip}:%{INT:client_port} \[%{HAPROXYDATE:accept_date}\] %{NOTSPACE:frontend_name} %{NOTSPACE:backend_name}/%{NOTSPACE:server_name} %{INT:time_request}/%{INT:time_queue}/%{INT:time_backend_connect}/%{INT:time_backend_response}/%{NOTSPACE:time_duration} %{INT:http_status_code} %{NOTSPACE:bytes_read} %{DATA:captured_request_cookie} %{DATA:captured_response_cookie} %{NOTSPACE:termination_state} %{INT:actconn}/%{INT:feconn}/%{INT:beconn}/%{INT:srvconn}/%{NOTSPACE:retries} %{INT:srv_queue}/%{INT:backend_queue} (?:\{%{DATA:captured_request_headers}\} )?(?:\{%{DATA:captured_response_headers}\} )?"(?:<BADREQ>|%{WORD:http_verb} %{NOTSPACE:http_request}(?: HTTP/%{NUMBER:http_version})?)"?"#,
    ),
    (
        "HAPROXYHTTP",
        r"(?:%{SYSLOGTIMESTAMP:syslog_timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) %{IPORHOST:syslog_server} %{SYSLOGPROG}: %{HAPROXYHTTPBASE}",
    ),
    // Programs.
    ("JAVACLASS", r"(?:[a-zA-Z$_][a-zA-Z$_0-9]*\.)*[a-zA-Z$_][a-zA-Z$_0-9]*"),
    ("JAVAFILE", r"[a-zA-Z$_0-9. -]+"),
    ("JAVAMETHOD", r"(?:<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*)"),
    ("JAVASTACKTRACEPART", r"\s*at %{JAVACLASS:class}\.%{JAVAMETHOD:method}\((?:%{JAVAFILE:file}(?::%{INT:line})?)?\)"),
    ("JAVATHREAD", r"[A-Z]{2}-Processor[0-9]+"),
    ("JAVALOGMESSAGE", r".*"),
    ("CATALINALOG", r"%{CATALINA_DATESTAMP:timestamp} %{JAVACLASS:class} %{JAVALOGMESSAGE:logmessage}"),
    ("TOMCATLOG", r"%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:level} \| %{JAVACLASS:class} - %{JAVALOGMESSAGE:logmessage}"),
    ("REDISLOG", r"\[%{POSINT:pid}\] %{REDISTIMESTAMP:timestamp} [*.#-] %{GREEDYDATA:message}"),
    ("POSTGRESQL", r"%{DATESTAMP:timestamp} %{TZ} %{DATA:user_id} %{GREEDYDATA:connection_id} %{POSINT:pid}"),
    ("CRON_ACTION", r"[A-Z ]+"),
    ("CRONLOG", r"%{SYSLOGBASE} \(%{USER:user}\) %{CRON_ACTION:action} \(%{DATA:message}\)"),
];

/// The pattern of a name.
pub fn find(name: &str) -> Option<&'static str> {
    LIBRARY.iter().find(|(known, _)| *known == name).map(|(_, pattern)| *pattern)
}
