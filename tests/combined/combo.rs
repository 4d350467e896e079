//! One combination of features: a value for each dimension.

/// How the requests log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    None,
    Basic,
    Bearer,
    Header,
    /// In the address.
    UserInfo,
    /// A token of another source, kept between runs.
    Login,
    Digest,
    SigV4,
    OAuth2,
    /// A token in a header, which has to be renewed after some requests.
    Session,
    /// The same in the address.
    SessionInQuery,
}

/// How further pages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    None,
    Page,
    /// Until an empty one, counted from 0.
    PageWithoutSize,
    PageInJson,
    Offset,
    OffsetWithoutLimit,
    Cursor,
    CursorInJson,
    CursorInHeaders,
    CursorInUrl,
    /// Nothing but the cursor.
    CursorOnly,
    NextUrl,
    NextUrlAbsolute,
    LinkHeader,
}

/// The loops before the requests, with requests at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    None,
    One(usize),
    Two(usize),
}

/// What goes wrong with one request for one item, and what is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// 503 twice; three attempts.
    Busy,
    /// 503 once with `Retry-After: 0`; two attempts, with a backoff that would not end.
    BusyNow,
    /// 429 three times; three attempts.
    Limited,
    /// A closed connection twice; three attempts.
    HangUp,
    /// No answer in time once; two attempts.
    Slow,
    /// 503 once; one attempt.
    Unretried,
    /// 403 once; three attempts, but not for that.
    Refused,
}

/// The answers that are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    None,
    /// All are.
    Ready,
    /// Two for each item.
    Soon,
    /// All of one item.
    Never,
}

/// The condition on answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    None,
    Holds,
    /// Not on one page of one item.
    Broken,
}

/// A condition on items or rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    None,
    Item,
    Row,
    /// In the path of `rows`.
    Path,
}

/// One item that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    No,
    Failure,
    /// `empty_status` has its status.
    Empty,
}

/// The addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urls {
    One,
    /// The first one never works.
    DeadFirst,
    /// The first one works for one page.
    HalfFirst,
    /// The second one always works.
    SpareLast,
}

/// What is left of all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    None,
    Limit,
    Dedupe,
    Group,
    MaxItems,
    MaxPages,
}

pub const AUTHS: &[Auth] = &[
    Auth::None,
    Auth::Basic,
    Auth::Bearer,
    Auth::Header,
    Auth::UserInfo,
    Auth::Login,
    Auth::Digest,
    Auth::SigV4,
    Auth::OAuth2,
    Auth::Session,
    Auth::SessionInQuery,
];
pub const PAGINGS: &[Paging] = &[
    Paging::None,
    Paging::Page,
    Paging::PageWithoutSize,
    Paging::PageInJson,
    Paging::Offset,
    Paging::OffsetWithoutLimit,
    Paging::Cursor,
    Paging::CursorInJson,
    Paging::CursorInHeaders,
    Paging::CursorInUrl,
    Paging::CursorOnly,
    Paging::NextUrl,
    Paging::NextUrlAbsolute,
    Paging::LinkHeader,
];
pub const EACHES: &[Each] = &[Each::None, Each::One(1), Each::One(3), Each::One(8), Each::Two(3)];
pub const FAULTS: &[Fault] =
    &[Fault::None, Fault::Busy, Fault::BusyNow, Fault::Limited, Fault::HangUp, Fault::Slow, Fault::Unretried, Fault::Refused];
pub const POLLS: &[Poll] = &[Poll::None, Poll::Ready, Poll::Soon, Poll::Never];
pub const EXPECTS: &[Expect] = &[Expect::None, Expect::Holds, Expect::Broken];
pub const WHENS: &[When] = &[When::None, When::Item, When::Row, When::Path];
pub const GONES: &[Gone] = &[Gone::No, Gone::Failure, Gone::Empty];
pub const URLS: &[Urls] = &[Urls::One, Urls::DeadFirst, Urls::HalfFirst, Urls::SpareLast];
pub const TAILS: &[Tail] = &[Tail::None, Tail::Limit, Tail::Dedupe, Tail::Group, Tail::MaxItems, Tail::MaxPages];

/// How many values each dimension has, in the order of [`Combo::of`].
pub fn sizes() -> Vec<usize> {
    let lists = [AUTHS.len(), PAGINGS.len(), EACHES.len(), FAULTS.len(), POLLS.len(), EXPECTS.len(), WHENS.len(), GONES.len()];
    lists.into_iter().chain([URLS.len(), TAILS.len(), 2, 2]).collect()
}

/// One combination.
#[derive(Clone, Copy, Debug)]
pub struct Combo {
    pub auth: Auth,
    pub paging: Paging,
    pub each: Each,
    pub fault: Fault,
    pub poll: Poll,
    pub expect: Expect,
    pub when: When,
    pub gone: Gone,
    pub urls: Urls,
    pub tail: Tail,
    pub cached: bool,
    pub lenient: bool,
}

/// Requests with one token of a session.
pub const SESSION: usize = 3;
/// Rows of a full page.
pub const SIZE: usize = 2;
/// Pages at most, for [`Tail::MaxPages`].
pub const MAX_PAGES: usize = 2;
/// Rows at most, for [`Tail::MaxItems`].
pub const MAX_ITEMS: usize = 3;
/// Rows at most, for [`Tail::Limit`].
pub const LIMIT: usize = 4;

impl Combo {
    /// The combination of these values.
    pub fn of(row: &[usize]) -> Combo {
        Combo {
            auth: AUTHS[row[0]],
            paging: PAGINGS[row[1]],
            each: EACHES[row[2]],
            fault: FAULTS[row[3]],
            poll: POLLS[row[4]],
            expect: EXPECTS[row[5]],
            when: WHENS[row[6]],
            gone: GONES[row[7]],
            urls: URLS[row[8]],
            tail: TAILS[row[9]],
            cached: row[10] == 1,
            lenient: row[11] == 1,
        }
    }

    /// The items of the loops: host and kind, `-` where there is none.
    pub fn items(&self) -> Vec<(String, String)> {
        let pair = |host: String, kind: &str| (host, kind.to_owned());
        match self.each {
            Each::None => vec![pair("-".to_owned(), "-")],
            Each::One(_) => (0..5).map(|n| pair(format!("h{n}"), "-")).collect(),
            Each::Two(_) => (0..3).flat_map(|n| ["cpu", "mem"].map(|kind| pair(format!("h{n}"), kind))).collect(),
        }
    }

    /// How many things an item has: short, full and no pages.
    pub fn n_things(&self, item: usize) -> usize {
        if self.each == Each::None { 5 } else { [3, 5, 0, 4, 2, 6][item] }
    }

    /// The item with which something goes wrong.
    pub fn target(&self) -> usize {
        usize::from(self.each != Each::None)
    }

    /// The item that is not there.
    pub fn gone_item(&self) -> Option<usize> {
        (self.gone != Gone::No).then(|| self.items().len() - 1)
    }

    /// The page with which something goes wrong.
    pub fn target_page(&self) -> usize {
        usize::from(self.paging != Paging::None)
    }

    /// How often the request at the target goes wrong.
    pub fn n_faults(&self) -> usize {
        match self.fault {
            Fault::None => 0,
            Fault::BusyNow | Fault::Slow | Fault::Unretried | Fault::Refused => 1,
            Fault::Busy | Fault::HangUp => 2,
            Fault::Limited => 3,
        }
    }

    /// The addresses, in the order in which they are tried.
    pub fn addresses(&self) -> &'static [&'static str] {
        match self.urls {
            Urls::One => &["main"],
            Urls::DeadFirst => &["dead", "main"],
            Urls::HalfFirst => &["half", "main"],
            Urls::SpareLast => &["main", "spare"],
        }
    }

    /// True if a token has to be renewed.
    pub fn has_session(&self) -> bool {
        matches!(self.auth, Auth::Session | Auth::SessionInQuery)
    }

    /// True if the requests are POSTs.
    pub fn posts(&self) -> bool {
        matches!(self.paging, Paging::PageInJson | Paging::CursorInJson)
    }
}

/// One thing of an item.
#[derive(Clone, Debug)]
pub struct Thing {
    pub id: String,
    pub n: usize,
    pub active: bool,
    pub group: String,
}

impl Combo {
    /// The things that an address has of an item.
    pub fn things(&self, address: &str, item: usize) -> Vec<Thing> {
        let (host, kind) = &self.items()[item];
        let n_things = if address == "half" { 3 } else { self.n_things(item) };
        let thing =
            |at: usize| Thing { id: format!("{address}-{host}-{kind}-{at}"), n: at % 3, active: at >= SIZE, group: format!("g{}", at % 2) };
        (0..n_things).map(thing).collect()
    }
}

/// What the server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status without a document.
    Status(u16),
    /// No answer: the connection is closed.
    HangUp,
    /// No answer in time.
    Late,
    /// Not ready.
    Pending,
    /// The page; bad where `expect` is not to hold.
    Page { bad: bool },
}

impl Combo {
    /// What the `nth` request for a page comes to.
    pub fn reply(&self, address: &str, item: usize, page: usize, nth: usize) -> Reply {
        let main = address == "main";
        if address == "dead" || (address == "half" && page > 0) {
            return Reply::Status(410);
        }
        if main && self.gone_item() == Some(item) {
            return Reply::Status(404);
        }
        let mut nth = nth;
        let at_target = main && item == self.target();
        if at_target && page == self.target_page() {
            if nth < self.n_faults() {
                return match self.fault {
                    Fault::Limited => Reply::Status(429),
                    Fault::HangUp => Reply::HangUp,
                    Fault::Slow => Reply::Late,
                    Fault::Refused => Reply::Status(403),
                    _ => Reply::Status(503),
                };
            }
            nth -= self.n_faults();
        }
        let pending = match self.poll {
            Poll::Soon => page == 0 && nth < 2,
            Poll::Never => page == 0 && at_target,
            Poll::None | Poll::Ready => false,
        };
        if pending {
            return Reply::Pending;
        }
        Reply::Page { bad: self.expect == Expect::Broken && at_target && page == self.target_page() }
    }
}
