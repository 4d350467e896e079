//! A page of HTML as a tree, within bounds.
//!
//! The parser follows the rules of browsers, which never refuse a page and cost time in the square of
//! the depth or of the attributes of one tag. So the page is fed in pieces, and after each one the
//! tree is looked at: its nodes, their depth, and whether one tag has been going on for too long.

use super::DecodeError;
use crate::base::limits;
use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use scraper::{Html, HtmlTreeSink};
use std::cell::Cell;

/// The page is looked at after each piece of so many bytes.
const PIECE: usize = 4 << 10;

/// The tree of a page.
///
/// # Errors
/// With the limit that the page passes.
pub fn parse(text: &str) -> Result<Html, DecodeError> {
    if text.len() > limits::HTML_BYTES {
        let most = limits::HTML_BYTES >> 20;
        return Err(beyond(&format!("the page has more than {most} MiB")));
    }
    let watched =
        Watched { builder: TreeBuilder::new(HtmlTreeSink::new(Html::new_document()), TreeBuilderOpts::default()), n_tokens: Cell::new(0) };
    let tokenizer = Tokenizer::new(watched, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let (mut n_nodes, mut n_tokens, mut n_parts, mut rest) = (0, 0, 0, text);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at_checked(boundary(rest)).unwrap_or((rest, ""));
        rest = after;
        queue.push_back(StrTendril::from_slice(piece));
        // It pauses behind scripts, for those who run them.
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        let page = tokenizer.sink.builder.sink.0.borrow();
        n_nodes = checked(&page, n_nodes)?;
        let now = tokenizer.sink.n_tokens.get();
        n_parts = if now == n_tokens { n_parts } else { 0 } + separators(piece);
        n_tokens = now;
        if n_parts > limits::HTML_TAG_PARTS {
            return Err(beyond(&format!("one tag or comment has more than {} parts", limits::HTML_TAG_PARTS)));
        }
    }
    tokenizer.end();
    let page = tokenizer.sink.builder.sink.finish();
    checked(&page, n_nodes)?;
    Ok(page)
}

fn beyond(what: &str) -> DecodeError {
    DecodeError(format!("{what}, which is the limit for HTML; `decode: raw` takes it as a text"))
}

/// The nodes of the page, of which the newest are looked at.
fn checked(page: &Html, n_known: usize) -> Result<usize, DecodeError> {
    let nodes = page.tree.nodes();
    let n_nodes = nodes.len();
    if n_nodes > limits::HTML_NODES {
        return Err(beyond(&format!("the page has more than {} nodes", limits::HTML_NODES)));
    }
    let deep = |n_levels: usize| n_levels > limits::HTML_DEPTH;
    if nodes.rev().take(n_nodes.saturating_sub(n_known)).any(|node| deep(node.ancestors().take(limits::HTML_DEPTH + 1).count())) {
        return Err(beyond(&format!("the page is nested more than {} levels deep", limits::HTML_DEPTH)));
    }
    Ok(n_nodes)
}

/// Where the first piece of a text ends.
fn boundary(text: &str) -> usize {
    let mut end = PIECE.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// At least as many as the attributes that a tag in this text can have begun.
fn separators(text: &str) -> usize {
    let separates = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'');
    let bytes = text.as_bytes();
    let before = std::iter::once(&0).chain(bytes);
    before.zip(bytes).filter(|(before, byte)| separates(**byte) && !separates(**before)).count()
}

/// The tree builder, and how many tokens it got.
struct Watched {
    builder: TreeBuilder<<HtmlTreeSink as TreeSink>::Handle, HtmlTreeSink>,
    n_tokens: Cell<u64>,
}

impl TokenSink for Watched {
    type Handle = <HtmlTreeSink as TreeSink>::Handle;

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<Self::Handle> {
        // Faults within a tag are no end of it.
        if !matches!(token, Token::ParseError(_)) {
            self.n_tokens.set(self.n_tokens.get() + 1);
        }
        self.builder.process_token(token, line_number)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}
