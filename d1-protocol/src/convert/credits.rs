//! What is told about credits, and what is asked.

use super::values::{FromWire, ToWire, all_to_wire, invalid, line, list, mirror, optional, parsed};
use crate::{
    WireError,
    api::{
        BalanceView, CapList, CapView, EntriesQuery, EntryList, EntryView, ExpiryView, GrantList,
        GrantView, MAX_LINES, QuoteQuery, QuoteStepView, QuoteView,
    },
    limits::{MAX_CAPS, MAX_GRANTS, MAX_RATES},
    wire::api as wire,
};
use d1_core::{CapScope, Meter, Plan, Rate, Source};

mirror!(Source, wire::Source, "quote.from", { Npm, Cargo, Pipx, Go });
mirror!(Meter, wire::Meter, "rate.meter", { Millisecond, OutputByte });
mirror!(CapScope, wire::CapScope, "cap.scope", { Task, Device, Day, Account, Organisation });

impl ToWire for BalanceView {
    type Wire = wire::BalanceReply;
    fn to_wire(&self) -> wire::BalanceReply {
        wire::BalanceReply {
            account_id: self.account.to_string(),
            posted_micro: self.posted_micro,
            held_micro: self.held_micro,
            available_micro: self.available_micro,
            frozen: self.frozen,
            expires_next: self.expires_next.as_ref().map(ToWire::to_wire),
        }
    }
}

impl FromWire for BalanceView {
    type Wire = wire::BalanceReply;
    fn from_wire(wire: wire::BalanceReply) -> Result<Self, WireError> {
        Ok(Self {
            schema: Self::SCHEMA.to_owned(),
            account: parsed("balance.account_id", &wire.account_id)?,
            posted_micro: wire.posted_micro,
            held_micro: wire.held_micro,
            available_micro: wire.available_micro,
            frozen: wire.frozen,
            expires_next: optional(wire.expires_next)?,
        })
    }
}

impl ToWire for ExpiryView {
    type Wire = wire::balance_reply::Expiry;
    fn to_wire(&self) -> wire::balance_reply::Expiry {
        wire::balance_reply::Expiry { amount_micro: self.amount_micro, at: self.at }
    }
}

impl FromWire for ExpiryView {
    type Wire = wire::balance_reply::Expiry;
    fn from_wire(wire: wire::balance_reply::Expiry) -> Result<Self, WireError> {
        Ok(Self { amount_micro: wire.amount_micro, at: wire.at })
    }
}

impl ToWire for EntriesQuery {
    type Wire = wire::EntriesRequest;
    fn to_wire(&self) -> wire::EntriesRequest {
        wire::EntriesRequest {
            after: self.after,
            since: self.since,
            // What does not fit is far past the bound, and is refused there.
            limit: self.limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
        }
    }
}

impl FromWire for EntriesQuery {
    type Wire = wire::EntriesRequest;
    fn from_wire(wire: wire::EntriesRequest) -> Result<Self, WireError> {
        let limit = wire.limit.map(usize::try_from).transpose();
        Ok(Self {
            after: wire.after,
            since: wire.since,
            limit: limit.map_err(|why| invalid("entries.limit", why))?,
        })
    }
}

impl ToWire for EntryList {
    type Wire = wire::EntriesReply;
    fn to_wire(&self) -> wire::EntriesReply {
        wire::EntriesReply {
            opening_micro: self.opening_micro,
            entries: all_to_wire(&self.entries),
            closing_micro: self.closing_micro,
            next: self.next,
        }
    }
}

impl FromWire for EntryList {
    type Wire = wire::EntriesReply;
    fn from_wire(wire: wire::EntriesReply) -> Result<Self, WireError> {
        Ok(Self {
            schema: Self::SCHEMA.to_owned(),
            opening_micro: wire.opening_micro,
            entries: list("entries", MAX_LINES, wire.entries)?,
            closing_micro: wire.closing_micro,
            next: wire.next,
        })
    }
}

impl ToWire for EntryView {
    type Wire = wire::entries_reply::Entry;
    fn to_wire(&self) -> wire::entries_reply::Entry {
        wire::entries_reply::Entry {
            seq: self.seq,
            at: self.at,
            kind: self.kind.clone(),
            change_micro: self.change_micro,
            balance_micro: self.balance_micro,
            hold_id: self.hold.as_ref().map(ToString::to_string),
            grant_id: self.grant.clone(),
        }
    }
}

impl FromWire for EntryView {
    type Wire = wire::entries_reply::Entry;
    fn from_wire(wire: wire::entries_reply::Entry) -> Result<Self, WireError> {
        Ok(Self {
            seq: wire.seq,
            at: wire.at,
            kind: line("entry.kind", wire.kind)?,
            change_micro: wire.change_micro,
            balance_micro: wire.balance_micro,
            hold: wire.hold_id.map(|id| parsed("entry.hold_id", &id)).transpose()?,
            grant: wire.grant_id.map(|id| line("entry.grant_id", id)).transpose()?,
        })
    }
}

impl ToWire for GrantList {
    type Wire = wire::GrantsReply;
    fn to_wire(&self) -> wire::GrantsReply {
        wire::GrantsReply { grants: all_to_wire(&self.grants) }
    }
}

impl FromWire for GrantList {
    type Wire = wire::GrantsReply;
    fn from_wire(wire: wire::GrantsReply) -> Result<Self, WireError> {
        let grants = list("grants", MAX_GRANTS, wire.grants)?;
        Ok(Self { schema: Self::SCHEMA.to_owned(), grants })
    }
}

impl ToWire for GrantView {
    type Wire = wire::grants_reply::Grant;
    fn to_wire(&self) -> wire::grants_reply::Grant {
        wire::grants_reply::Grant {
            grant_id: self.id.clone(),
            source: self.source.clone(),
            priority: self.priority.into(),
            amount_micro: self.amount_micro,
            free_micro: self.free_micro,
            held_micro: self.held_micro,
            spent_micro: self.spent_micro,
            lapsed_micro: self.lapsed_micro,
            from: self.from,
            until: self.until,
        }
    }
}

impl FromWire for GrantView {
    type Wire = wire::grants_reply::Grant;
    fn from_wire(wire: wire::grants_reply::Grant) -> Result<Self, WireError> {
        let priority = u8::try_from(wire.priority);
        Ok(Self {
            id: line("grant.grant_id", wire.grant_id)?,
            source: line("grant.source", wire.source)?,
            priority: priority.map_err(|why| invalid("grant.priority", why))?,
            amount_micro: wire.amount_micro,
            free_micro: wire.free_micro,
            held_micro: wire.held_micro,
            spent_micro: wire.spent_micro,
            lapsed_micro: wire.lapsed_micro,
            from: wire.from,
            until: wire.until,
        })
    }
}

impl ToWire for QuoteQuery {
    type Wire = wire::QuoteRequest;
    fn to_wire(&self) -> wire::QuoteRequest {
        wire::QuoteRequest {
            install: self.install.clone(),
            from: self.from.as_ref().map(ToWire::to_wire),
            device_id: self.device.to_string(),
        }
    }
}

impl FromWire for QuoteQuery {
    type Wire = wire::QuoteRequest;
    fn from_wire(wire: wire::QuoteRequest) -> Result<Self, WireError> {
        Ok(Self {
            install: line("quote.install", wire.install)?,
            from: optional(wire.from)?,
            device: parsed("quote.device_id", &wire.device_id)?,
        })
    }
}

impl ToWire for QuoteView {
    type Wire = wire::QuoteReply;
    fn to_wire(&self) -> wire::QuoteReply {
        wire::QuoteReply {
            intent: self.intent.clone(),
            price_list: self.price_list.clone(),
            changes_at: self.changes_at,
            most_micro: self.most_micro,
            parts: self.parts.get(),
            steps: all_to_wire(&self.steps),
        }
    }
}

impl FromWire for QuoteView {
    type Wire = wire::QuoteReply;
    fn from_wire(wire: wire::QuoteReply) -> Result<Self, WireError> {
        Ok(Self {
            schema: Self::SCHEMA.to_owned(),
            intent: line("quote.intent", wire.intent)?,
            price_list: line("quote.price_list", wire.price_list)?,
            changes_at: wire.changes_at,
            most_micro: wire.most_micro,
            parts: wire.parts.try_into().map_err(|why| invalid("quote.parts", why))?,
            steps: list("quote.steps", Plan::MAX_STEPS, wire.steps)?,
        })
    }
}

impl ToWire for QuoteStepView {
    type Wire = wire::quote_reply::Step;
    fn to_wire(&self) -> wire::quote_reply::Step {
        wire::quote_reply::Step {
            step_id: self.step.to_string(),
            title: self.title.clone(),
            most_micro: self.most_micro,
            flat_micro: self.flat_micro,
            rates: all_to_wire(&self.rates),
        }
    }
}

impl FromWire for QuoteStepView {
    type Wire = wire::quote_reply::Step;
    fn from_wire(wire: wire::quote_reply::Step) -> Result<Self, WireError> {
        Ok(Self {
            step: parsed("quote.step_id", &wire.step_id)?,
            title: line("quote.title", wire.title)?,
            most_micro: wire.most_micro,
            flat_micro: wire.flat_micro,
            rates: list("quote.rates", MAX_RATES, wire.rates)?,
        })
    }
}

impl ToWire for Rate {
    type Wire = wire::quote_reply::Rate;
    fn to_wire(&self) -> wire::quote_reply::Rate {
        let Self { ref meter, parts, up_to } = *self;
        wire::quote_reply::Rate { meter: meter.to_wire(), parts, up_to }
    }
}

impl FromWire for Rate {
    type Wire = wire::quote_reply::Rate;
    fn from_wire(wire: wire::quote_reply::Rate) -> Result<Self, WireError> {
        Ok(Self { meter: Meter::from_wire(wire.meter)?, parts: wire.parts, up_to: wire.up_to })
    }
}

impl ToWire for CapList {
    type Wire = wire::CapsReply;
    fn to_wire(&self) -> wire::CapsReply {
        wire::CapsReply { caps: all_to_wire(&self.caps) }
    }
}

impl FromWire for CapList {
    type Wire = wire::CapsReply;
    fn from_wire(wire: wire::CapsReply) -> Result<Self, WireError> {
        let caps = list("caps", MAX_CAPS, wire.caps)?;
        Ok(Self { schema: Self::SCHEMA.to_owned(), caps })
    }
}

impl ToWire for CapView {
    type Wire = wire::caps_reply::Cap;
    fn to_wire(&self) -> wire::caps_reply::Cap {
        wire::caps_reply::Cap {
            scope: self.scope.to_wire(),
            most_micro: self.most_micro,
            used_micro: self.used_micro,
        }
    }
}

impl FromWire for CapView {
    type Wire = wire::caps_reply::Cap;
    fn from_wire(wire: wire::caps_reply::Cap) -> Result<Self, WireError> {
        Ok(Self {
            scope: CapScope::from_wire(wire.scope)?,
            most_micro: wire.most_micro,
            used_micro: wire.used_micro,
        })
    }
}
