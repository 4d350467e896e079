//! Events: something that happened once.
//!
//! ```yaml
//! events:
//!   - when: page.error.kind == "timeout"
//!     title: URL timeout
//!     text: "{{ instance.url }} timed out."
//! ```

use super::label::{Inherit, Labels};
use super::watch::Compared;
use super::{Covered, MapCx, Mapping, RowReads};
use crate::base::diag::Diagnostic;
use crate::base::fingerprint::fingerprint;
use crate::base::limits;
use crate::base::name::NameId;
use crate::base::print::{cut_bytes, text_of};
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::{Code, Expression, Setting, Template};
use crate::expr::data::{DataTemplate, without_empty};
use crate::expr::frame::Frame;
use crate::expr::names::{CHANGE, CHECKS};
use crate::expr::path::Step;
use crate::expr::texts::Texts;
use crate::expr::tree::Expr;
use crate::observation::{AlertType, Event, EventContext, Priority};
use crate::yaml::node::Node;
use crate::yaml::read::{Reader, Record};
use jiff::Timestamp;

crate::from_words!(AlertType, Priority);

crate::fields! {
    /// Something that happened once. It needs a `title` or a `text`.
    pub struct Written, "event" {
        /// One line.
        title: Option<Template>;
        /// What happened.
        text: Option<Template>;
        /// Its kind, for filters.
        event_type: Option<Template>;
        /// The system it came from.
        source_type_name: Option<Template>;
        /// How grave it is.
        alert_type: Option<Setting<AlertType>>;
        /// How loud it is.
        priority: Option<Setting<Priority>>;
        /// Events with the same key belong together.
        aggregation_key: Option<Template>;
        /// Its tags.
        tags: Texts;
        /// Which tags come along: its own (`none`), those of the instance too (`instance`), or those of `defaults` as well (`all`, also where it is not given).
        inherit_tags: Option<Inherit>;
        /// The host it is about.
        hostname: Option<Template>;
        /// When it happened; without it the end of the source's answer.
        timestamp: Option<Expression>;
        /// The object it is about.
        event_object: Option<Template>;
        /// Free facts.
        attributes: Option<DataTemplate>;
        /// Makes it a topology event.
        context: Option<Context>;
        /// Only when this value differs from that of the last run; `change.from` and `change.to` are the two. Rows are told apart by the name of the service check that is watched, else by the event's `aggregation_key`, `hostname`, `event_object` and tags; so a tag with the watched value itself is written with `change.to`.
        on_change: Option<Expression>;
        /// What it is for.
        pub description: Option<Text>;
    }
}

crate::fields! {
    /// What ties an event to the topology.
    pub struct Context, "context" {
        /// Activities, Alerts, Anomalies, Changes or Others.
        category: Option<Template>;
        /// The identifiers of the components it is about.
        element_identifiers: Texts;
        /// The identifier in the source system.
        source_identifier: Option<Template>;
        /// The source system.
        source: Option<Template>;
        /// Links: a list of `{title, url}`.
        source_links: Option<DataTemplate>;
        /// Free facts.
        data: Option<DataTemplate>;
    }
}

/// The mapping.
#[derive(Clone, Debug)]
pub struct EventMapping {
    written: Written,
    labels: Labels,
    /// `on_change` as written.
    watched: Text,
    span: Span,
}

impl EventMapping {
    /// Takes the mapping's own keys.
    pub fn read_from(
        fields: &mut crate::yaml::read::Fields<'_>,
        default_tags: &[Node],
        reader: &mut Reader<'_>,
    ) -> Option<Box<dyn Mapping>> {
        let span = fields.span;
        let mut watched = Text::from("");
        if let Some(node) = fields.node("on_change") {
            reader.bind("change", node.span);
            watched = reader.written(node);
        }
        let mut written = Written::read_from(fields, reader)?;
        if written.title.is_none() && written.text.is_none() {
            let problem = Diagnostic::error("missing-key", "event without `title` or `text`", span);
            if !reader.broken {
                reader.report(problem.label("one of the two is needed here").help("add `title:` with a text"));
            }
            return None;
        }
        let own = std::mem::take(&mut written.tags);
        let labels = Labels::read(written.inherit_tags, default_tags, own, reader);
        if let Some(on_change) = written.on_change.as_ref().filter(|_| fields.node("from").is_some()) {
            warn_of_watched_tags(&on_change.0, &labels, reader);
        }
        Some(Box::new(EventMapping { written, labels, watched, span }))
    }

    /// True if the event is not tied to a change, or if the value has changed.
    fn has_changed(&self, cx: &mut MapCx<'_>, frame: &mut Frame) -> bool {
        let Some(on_change) = &self.written.on_change else { return true };
        frame.set(CHANGE, Value::Missing);
        let now = on_change.0.value(frame).materialize();
        if now.is_missing() {
            return false;
        }
        let what = self.what_is_watched(on_change, cx, frame);
        let (compared, ambiguous) = cx.watch.compare(what, &now, self.span);
        if ambiguous {
            let help = "`on_change` cannot tell two rows apart: give their events different `tags` or another `aggregation_key`";
            frame.remark(on_change.0.span, |_| help.to_owned());
        }
        let Compared::Changed { from } = compared else { return false };
        let change = [("from".into(), from), ("to".into(), now)];
        frame.set(CHANGE, Value::map(change.into_iter().collect()));
        true
    }

    /// The name under which the value is remembered: see [`super::watch`].
    fn what_is_watched(&self, on_change: &Expression, cx: &mut MapCx<'_>, frame: &mut Frame) -> Text {
        if let Some(name) = check_name(&on_change.0.expr, frame) {
            return format!("checks[{name}]").into();
        }
        let (about, written) = (cx.watch.about.clone(), &self.watched);
        if !cx.watch.has_rows {
            return format!("{about}: {written}").into();
        }
        let w = &self.written;
        let texts =
            [&w.aggregation_key, &w.hostname, &w.event_object].map(|template| Value::from(maybe_text(template, frame).map(Value::Text)));
        let mut tags: Vec<Value> = self.labels.set(cx, frame).iter().map(Value::from).collect();
        tags.sort_unstable_by(|a, b| a.as_text().cmp(&b.as_text()));
        let row = text_of(&Value::list(texts.into_iter().chain(tags).collect())).unwrap_or_default();
        format!("{about}: {written} #{:016x}", fingerprint(&row)).into()
    }
}

/// A tag that holds the watched value tells the row apart from itself: nothing would ever change.
fn warn_of_watched_tags(on_change: &Code, labels: &Labels, reader: &mut Reader<'_>) {
    let watched = reads(on_change);
    let [(name, steps)] = &watched[..] else { return };
    if *name == CHECKS || steps.is_empty() {
        return;
    }
    labels.codes(&mut |code| {
        if reads(code).contains(&(*name, *steps)) {
            let problem = Diagnostic::warning("watched-value-in-tags", "a tag holds the value that `on_change` watches", code.span)
                .label("with another value the row counts as another one, and nothing has changed")
                .also(on_change.span, "watched here");
            reader.report(problem.help("write `change.to` in the tag, which does not tell rows apart"));
        }
    });
}

/// The names that a place reads, with their members, each once.
fn reads(code: &Code) -> Vec<(NameId, &[Step])> {
    let mut found = Vec::new();
    code.expr.walks(&mut |name, steps| {
        if !found.contains(&(name, steps)) {
            found.push((name, steps));
        }
    });
    found
}

/// The name of the service check in `checks["name"]`, where that is all of the expression.
fn check_name(expr: &Expr, frame: &mut Frame) -> Option<Text> {
    match expr {
        Expr::Walk(CHECKS, steps) => match &steps[..] {
            [Step::Key(name)] => Some(name.clone()),
            _ => None,
        },
        Expr::Item(of, name) if matches!(&**of, Expr::Walk(CHECKS, steps) if steps.is_empty()) => {
            name.eval(frame).ok().and_then(|name| text_of(&name))
        }
        _ => None,
    }
}

/// The time that an expression gives, or the usual one where it is missing or no time.
pub fn timestamp(code: Option<&Expression>, usual: Timestamp, frame: &mut Frame) -> Timestamp {
    let Some(code) = code else { return usual };
    match code.0.value(frame) {
        Value::Time(time) => time,
        Value::Missing => usual,
        other => {
            let seconds = other.as_number().map(|n| n.as_f64());
            let nanos = seconds.filter(|s| s.is_finite()).map(|s| (s * 1e9).round() as i128);
            nanos.and_then(|n| Timestamp::from_nanosecond(n).ok()).unwrap_or_else(|| {
                frame.remark(code.0.span, |frame| code.0.with_values("this is no time: `parse_time` makes one", frame));
                usual
            })
        }
    }
}

/// A text field, left out where it is missing.
pub fn maybe_text(template: &Option<Template>, frame: &mut Frame) -> Option<Text> {
    template.as_ref().and_then(|template| template.text(frame))
}

/// A text that is too long is cut, with a warning.
fn within_limit(text: Text, span: Span, frame: &mut Frame) -> Text {
    if text.len() <= limits::EVENT_TEXT {
        return text;
    }
    frame.remark(span, |_| format!("a text of {} bytes is cut: an event holds {} at most", text.len(), limits::EVENT_TEXT));
    cut_bytes(&text, limits::EVENT_TEXT).into()
}

impl Mapping for EventMapping {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        if !self.has_changed(cx, frame) {
            return;
        }
        if cx.out.events.len() >= limits::EVENTS {
            frame.remark(self.span, |_| format!("more than {} events in one run, the rest is left out", limits::EVENTS));
            return;
        }
        let w = &self.written;
        let (title, text) = (maybe_text(&w.title, frame), maybe_text(&w.text, frame));
        if (w.title.is_some() && title.is_none()) || (title.is_none() && text.is_none()) {
            let code = w.title.as_ref().or(w.text.as_ref()).map(|template| &template.0);
            frame.remark(self.span, |frame| code.map(|c| c.with_values("event left out: its title is missing", frame)).unwrap_or_default());
            return;
        }
        let text = text.map(|text| within_limit(text, w.text.as_ref().map_or(self.span, |template| template.0.span), frame));
        let event = Event {
            title: title.unwrap_or_default(),
            text: text.unwrap_or_default(),
            timestamp: timestamp(w.timestamp.as_ref(), cx.timestamp, frame),
            event_type: maybe_text(&w.event_type, frame),
            source_type_name: maybe_text(&w.source_type_name, frame),
            alert_type: w.alert_type.as_ref().and_then(|setting| setting.get(frame).ok()),
            priority: w.priority.as_ref().and_then(|setting| setting.get(frame).ok()),
            aggregation_key: maybe_text(&w.aggregation_key, frame),
            event_object: maybe_text(&w.event_object, frame),
            tags: self.labels.set(cx, frame),
            hostname: maybe_text(&w.hostname, frame).or_else(|| cx.hostname.cloned()),
            attributes: w.attributes.as_ref().map(|a| a.eval(false, frame)).unwrap_or_default(),
            context: w.context.as_ref().map(|context| context.eval(frame)),
            origin: self.span,
        };
        cx.out.events.push(event);
    }

    fn watch(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        self.has_changed(cx, frame);
    }

    fn watches(&self) -> bool {
        self.written.on_change.is_some()
    }

    fn row_reads(&self) -> RowReads {
        RowReads::Codes
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        let title = self.written.title.as_ref().or(self.written.text.as_ref());
        take(self.span, Covered::Made, format!("event {}", title.and_then(Template::as_const).unwrap_or_default()));
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        let w = &self.written;
        let templates = [&w.title, &w.text, &w.event_type, &w.source_type_name, &w.aggregation_key, &w.hostname, &w.event_object];
        templates.into_iter().flatten().for_each(|template| take(&template.0));
        w.alert_type.iter().filter_map(Setting::code).for_each(&mut *take);
        w.priority.iter().filter_map(Setting::code).for_each(&mut *take);
        w.timestamp.iter().chain(&w.on_change).for_each(|code| take(&code.0));
        w.attributes.iter().for_each(|attributes| attributes.codes(take));
        self.labels.codes(take);
        if let Some(context) = &w.context {
            [&context.category, &context.source_identifier, &context.source].into_iter().flatten().for_each(|t| take(&t.0));
            context.element_identifiers.codes(take);
            [&context.source_links, &context.data].into_iter().flatten().for_each(|data| data.codes(take));
        }
    }
}

impl Context {
    fn eval(&self, frame: &mut Frame) -> EventContext {
        let links = self.source_links.as_ref().map(|links| links.eval(true, frame)).unwrap_or_default();
        EventContext {
            category: maybe_text(&self.category, frame),
            element_identifiers: self.element_identifiers.texts(frame),
            source_identifier: maybe_text(&self.source_identifier, frame),
            source: maybe_text(&self.source, frame),
            source_links: if text_of(&links).is_none() { Value::list(Vec::new()) } else { links },
            data: self.data.as_ref().map(|data| without_empty(&data.eval(true, frame))).unwrap_or_default(),
        }
    }
}
