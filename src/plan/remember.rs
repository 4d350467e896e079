//! What a plan remembers of a run: only what its spec mentions.

use super::compile::{Graph, Reach};
use super::{PreviousPlan, RememberPlan, is_need};
use crate::spec::Spec;
use crate::spec::state::Mention;

/// Finds the sources behind every name of `state`, and behind everything that `previous` keeps.
pub fn plan(spec: &Spec, graph: &Graph) -> RememberPlan {
    let needs = |state: &crate::spec::state::StateSpec| {
        let mut reach = Reach::default();
        state.next.iter().for_each(|next| graph.code(&next.0, &mut reach));
        reach.needs.into_iter().collect()
    };
    RememberPlan {
        state: spec.state.iter().map(needs).collect(),
        previous: spec.previous.iter().filter_map(|mention| previous(mention, spec, graph)).collect(),
    }
}

/// What comes from the answer of a source moves when the source worked; its status moves always.
fn previous(mention: &Mention, spec: &Spec, graph: &Graph) -> Option<PreviousPlan> {
    let name = spec.names.find(mention.keys.first()?)?;
    let member = mention.keys.get(1).map(|member| &**member);
    let needs = match (graph.sources.get(&name), graph.lets.get(&name)) {
        (Some(source), _) if is_need(member) => vec![*source],
        (Some(_), _) => Vec::new(),
        (None, reach) => reach.map(|reach| reach.needs.iter().copied().collect()).unwrap_or_default(),
    };
    Some(PreviousPlan { name, keys: mention.keys.clone(), needs, span: mention.span })
}
