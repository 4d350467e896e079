//! What comes out of a combination, without the engine: page by page, request by request, as the
//! language page says it.

use super::combo::{Auth, Combo, Each, Fault, Gone, LIMIT, MAX_ITEMS, MAX_PAGES, Paging, Poll, Reply, SESSION, SIZE, Tail, Thing, When};
use std::collections::{BTreeMap, HashSet};

/// What one run comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Expected {
    pub failed: bool,
    pub warnings: usize,
    pub closed: bool,
    /// `name value tag tag …`, in order.
    pub metrics: Vec<String>,
}

/// The combination from run to run.
pub struct Model {
    combo: Combo,
    /// Requests so far, as the server counts them.
    pub asked: BTreeMap<String, usize>,
    kept: BTreeMap<usize, Item>,
    login_kept: bool,
}

/// Why a request failed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Status(u16),
    Connect,
    Timeout,
    NotReady,
    Expect,
}

#[derive(Clone, Debug, Default)]
struct Item {
    pages: Vec<Vec<Thing>>,
    capped: bool,
    failure: Option<Failure>,
    from_cache: bool,
}

impl Model {
    pub fn new(combo: Combo) -> Model {
        Model { combo, asked: BTreeMap::new(), kept: BTreeMap::new(), login_kept: false }
    }

    /// The next run.
    pub fn run(&mut self) -> Expected {
        if self.combo.auth == Auth::Login && !self.login_kept {
            *self.asked.entry("login".to_owned()).or_default() += 1;
            self.login_kept = true;
        }
        if self.combo.each != Each::None {
            *self.asked.entry("hosts".to_owned()).or_default() += 1;
        }
        let items: Vec<(usize, Item)> = self.wanted().into_iter().map(|item| (item, self.item(item))).collect();
        if items.iter().any(|(_, item)| matches!(item.failure, Some(Failure::Expect | Failure::Status(401 | 403)))) {
            self.kept.clear();
            self.login_kept = false;
        }
        self.log_in();
        self.expected(&items)
    }

    /// The logins of the source's own: one for all runs, and of a session another one when the first
    /// token is used up.
    fn log_in(&mut self) {
        let asked: usize = self.asked.iter().filter(|(key, _)| key.contains('/')).map(|(_, n)| n).sum();
        let logins = match self.combo.auth {
            Auth::OAuth2 => 1,
            Auth::Session | Auth::SessionInQuery => 1 + usize::from(asked > SESSION),
            _ => return,
        };
        self.asked.insert("login".to_owned(), logins);
    }

    /// The items for which the condition on items holds.
    fn wanted(&self) -> Vec<usize> {
        let skips = self.combo.when == When::Item && self.combo.each != Each::None;
        (usize::from(skips)..self.combo.items().len()).collect()
    }

    fn item(&mut self, item: usize) -> Item {
        if let Some(kept) = self.kept.get(&item) {
            return Item { from_cache: true, ..kept.clone() };
        }
        let mut last = Item::default();
        for address in self.combo.addresses() {
            last = self.address(address, item);
            if last.failure.is_none() {
                if self.combo.cached {
                    self.kept.insert(item, last.clone());
                }
                break;
            }
        }
        last
    }

    fn address(&mut self, address: &str, item: usize) -> Item {
        let mut out = Item::default();
        let all = self.combo.things(address, item);
        let pages = n_pages(self.combo.paging, all.len());
        for page in 0..pages {
            match self.ready(address, item, page) {
                Err(failure) => return Item { failure: Some(failure), ..out },
                Ok(None) => {
                    out.pages.push(Vec::new());
                    return out;
                }
                Ok(Some(())) => {}
            }
            let size = if self.combo.paging == Paging::None { all.len() } else { SIZE };
            let things = all.iter().skip(page * SIZE).take(size);
            let mut chosen: Vec<Thing> = things.filter(|thing| self.combo.when != When::Path || thing.active).cloned().collect();
            let more = page + 1 < pages;
            let paged = self.combo.paging != Paging::None;
            if paged && self.combo.tail == Tail::MaxItems {
                let room = MAX_ITEMS - out.pages.iter().map(Vec::len).sum::<usize>();
                let full = chosen.len() > room || (chosen.len() == room && more);
                chosen.truncate(room);
                if full {
                    out.pages.push(chosen);
                    return Item { capped: true, ..out };
                }
            }
            out.pages.push(chosen);
            if paged && self.combo.tail == Tail::MaxPages && more && page + 1 == MAX_PAGES {
                return Item { capped: true, ..out };
            }
        }
        out
    }

    /// A page that is ready; `None` where there is nothing.
    fn ready(&mut self, address: &str, item: usize, page: usize) -> Result<Option<()>, Failure> {
        loop {
            match self.settled(address, item, page)? {
                // Only the first page is waited for.
                Reply::Pending if self.combo.poll == Poll::Never => return Err(Failure::NotReady),
                Reply::Pending => {}
                Reply::Status(_) => return Ok(None),
                _ => return Ok(Some(())),
            }
        }
    }

    fn settled(&mut self, address: &str, item: usize, page: usize) -> Result<Reply, Failure> {
        let (attempts, statuses): (usize, &[u16]) = match self.combo.fault {
            Fault::None | Fault::Unretried => (1, &[]),
            Fault::Busy | Fault::HangUp | Fault::Refused => (3, &[429, 500, 503]),
            Fault::BusyNow | Fault::Slow => (2, &[429, 500, 503]),
            Fault::Limited => (3, &[429]),
        };
        let mut last = Failure::Connect;
        for _ in 0..attempts {
            match self.attempt(address, item, page) {
                Ok(reply) => return Ok(reply),
                Err(failure) => last = failure,
            }
            let passes = match last {
                Failure::Status(status) => statuses.contains(&status),
                Failure::Connect | Failure::Timeout => self.combo.fault != Fault::Limited,
                Failure::NotReady | Failure::Expect => false,
            };
            if !passes {
                break;
            }
        }
        Err(last)
    }

    fn attempt(&mut self, address: &str, item: usize, page: usize) -> Result<Reply, Failure> {
        let mut reply = self.send(address, item, page);
        // A GET on a connection that is closed is sent once more, at once.
        if reply == Reply::HangUp && !self.combo.posts() {
            reply = self.send(address, item, page);
        }
        match reply {
            Reply::HangUp => Err(Failure::Connect),
            Reply::Late => Err(Failure::Timeout),
            Reply::Status(404) if self.combo.gone == Gone::Empty => Ok(reply),
            Reply::Status(status) => Err(Failure::Status(status)),
            Reply::Page { bad: true } => Err(Failure::Expect),
            Reply::Pending | Reply::Page { .. } => Ok(reply),
        }
    }

    fn send(&mut self, address: &str, item: usize, page: usize) -> Reply {
        let n = self.asked.entry(format!("{address}/{item}/{page}")).or_default();
        *n += 1;
        self.combo.reply(address, item, page, *n - 1)
    }

    fn expected(&self, items: &[(usize, Item)]) -> Expected {
        let names = self.combo.items();
        let tags = |item: usize| match self.combo.each {
            Each::None => String::new(),
            Each::One(_) => format!(" host:{}", names[item].0),
            Each::Two(_) => format!(" host:{} kind:{}", names[item].0, names[item].1),
        };
        let mut rows: Vec<(usize, &Thing)> = Vec::new();
        let mut requests = Vec::new();
        for (at, item) in items {
            for page in &item.pages {
                let kept: Vec<_> = page.iter().filter(|thing| self.combo.when != When::Row || thing.active).collect();
                requests.push(format!("request {} ok:true cached:{}{}", kept.len(), item.from_cache, tags(*at)));
                rows.extend(kept.into_iter().map(|thing| (*at, thing)));
            }
            if item.failure.is_some() {
                requests.push(format!("request 0 ok:false cached:false{}", tags(*at)));
            }
        }
        let row_metrics = self.row_metrics(&rows, tags);
        let failed = items.iter().filter(|(_, item)| item.failure.is_some()).count();
        let capped = items.iter().any(|(_, item)| item.capped);
        let n_pages: usize = items.iter().map(|(_, item)| item.pages.len()).sum();
        let shown = failed == 0 || self.combo.lenient;
        let mut metrics = Vec::new();
        if shown {
            metrics.extend(row_metrics.iter().cloned());
        }
        metrics.extend(requests);
        if shown {
            metrics.push(format!("count {}", row_metrics.len()));
            metrics.push(format!("pages {n_pages}"));
        }
        metrics.extend([format!("capped {}", u8::from(capped)), format!("failed {failed}"), format!("ok {}", u8::from(failed == 0))]);
        Expected {
            failed: failed > 0 && !self.combo.lenient,
            warnings: usize::from(capped) + usize::from(failed > 0 && self.combo.lenient),
            closed: failed == 0 && !capped,
            metrics,
        }
    }

    fn row_metrics(&self, rows: &[(usize, &Thing)], tags: impl Fn(usize) -> String) -> Vec<String> {
        let shown = |(item, thing): &(usize, &Thing)| format!("thing {} id:{}{}", thing.n, thing.id, tags(*item));
        match self.combo.tail {
            Tail::Limit => rows.iter().take(LIMIT).map(shown).collect(),
            Tail::Dedupe => {
                let mut seen = HashSet::new();
                rows.iter().filter(|(_, thing)| seen.insert(thing.n)).map(shown).collect()
            }
            Tail::Group => {
                let mut groups: Vec<(&str, usize)> = Vec::new();
                for (_, thing) in rows {
                    match groups.iter_mut().find(|(group, _)| *group == thing.group) {
                        Some((_, count)) => *count += 1,
                        None => groups.push((&thing.group, 1)),
                    }
                }
                groups.into_iter().map(|(group, count)| format!("thing {count} id:{group}")).collect()
            }
            Tail::None | Tail::MaxItems | Tail::MaxPages => rows.iter().map(shown).collect(),
        }
    }
}

/// How many pages are asked for: one more where only an empty or a short one says that it was the
/// last.
fn n_pages(paging: Paging, n_things: usize) -> usize {
    match paging {
        Paging::None => 1,
        Paging::Page | Paging::PageInJson | Paging::Offset => n_things / SIZE + 1,
        Paging::PageWithoutSize | Paging::OffsetWithoutLimit => n_things.div_ceil(SIZE) + 1,
        _ => n_things.div_ceil(SIZE).max(1),
    }
}
