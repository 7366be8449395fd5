//! What a device is asked to preview.
//!
//! A peer that tells only actions means steps that write, and need nothing beyond them.

use super::values::{
    FromWire, ToWire, all_parsed, all_to_text, all_to_wire, counted, invalid, list,
};
use crate::{
    WireError,
    limits::{MAX_CLAIMS, MAX_PREVIEWS},
    wire,
};
use d1_core::{AbsolutePath, Action, Effect, HostName, Proposal};

/// What a step says it does to the machine.
struct Claims {
    effect: Effect,
    touches: Vec<AbsolutePath>,
    network: Vec<HostName>,
}

impl FromWire for Claims {
    type Wire = wire::Claims;
    fn from_wire(wire: wire::Claims) -> Result<Self, WireError> {
        Ok(Self {
            effect: Effect::from_wire(wire.effect)?,
            touches: all_parsed("Claims.touches", MAX_CLAIMS, &wire.touches)?,
            network: all_parsed("Claims.network", MAX_CLAIMS, &wire.network)?,
        })
    }
}

pub(super) fn to_wire(proposals: &[Proposal]) -> (Vec<wire::Action>, Vec<wire::Claims>) {
    let actions: Vec<Action> = proposals.iter().map(|what| what.action.clone()).collect();
    let claims = proposals.iter().map(|what| wire::Claims {
        effect: what.effect.to_wire(),
        touches: all_to_text(&what.touches),
        network: all_to_text(&what.network),
    });
    (all_to_wire(&actions), claims.collect())
}

pub(super) fn from_wire(
    actions: Vec<wire::Action>,
    claims: Vec<wire::Claims>,
) -> Result<Vec<Proposal>, WireError> {
    const CLAIMS: &str = "PreviewRequest.claims";
    let actions: Vec<Action> = list("PreviewRequest.actions", MAX_PREVIEWS, actions)?;
    counted(CLAIMS, MAX_PREVIEWS, claims.len())?;
    if claims.is_empty() {
        return Ok(actions.into_iter().map(Proposal::from).collect());
    }
    if claims.len() != actions.len() {
        return Err(invalid(CLAIMS, "there is one for each action, or none at all"));
    }
    let claims: Vec<Claims> = list(CLAIMS, MAX_PREVIEWS, claims)?;
    let both = actions.into_iter().zip(claims);
    Ok(both
        .map(|(action, Claims { effect, touches, network })| Proposal {
            action,
            effect,
            touches,
            network,
        })
        .collect())
}
