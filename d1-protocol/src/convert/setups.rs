//! Setups as clients see them, and what is asked of them.

use super::{
    command::unless_unsaid,
    values::{
        FromWire, ToWire, all_parsed, all_to_text, all_to_wire, digest, digest_to_wire, line, list,
        optional, parsed, required, text, texts,
    },
};
use crate::{
    WireError,
    api::{CreateRequest, ReceiptView, SetupList, SetupView, StepView},
    limits::{MAX_CHANGES, MAX_PAGE, MAX_RECEIPTS, MAX_TEXT_BYTES, MAX_VIEW_STEPS},
    wire::api as wire,
};
use d1_core::{Effect, Install, Outcome};

impl ToWire for CreateRequest {
    type Wire = wire::CreateSetupRequest;
    fn to_wire(&self) -> wire::CreateSetupRequest {
        wire::CreateSetupRequest {
            install: all_to_text(&self.install),
            from: self.from.map(|source| source.to_wire()),
            allow_hosts: self.allow_hosts.iter().map(|host| host.as_str().to_owned()).collect(),
            device_id: self.device.to_string(),
            approve: self.approve,
            idempotency_key: None,
            deliver_within_seconds: self.deliver_within_seconds,
            on_disconnect: self.on_disconnect.to_wire(),
        }
    }
}

impl FromWire for CreateRequest {
    type Wire = wire::CreateSetupRequest;
    fn from_wire(wire: wire::CreateSetupRequest) -> Result<Self, WireError> {
        Ok(Self {
            install: all_parsed("create.install", Install::MAX_THINGS, &wire.install)?,
            from: optional(wire.from)?,
            allow_hosts: all_parsed("create.allow_hosts", Install::MAX_HOSTS, &wire.allow_hosts)?,
            device: parsed("create.device_id", &wire.device_id)?,
            approve: wire.approve,
            deliver_within_seconds: wire.deliver_within_seconds,
            on_disconnect: unless_unsaid(wire.on_disconnect)?,
        })
    }
}

impl ToWire for SetupView {
    type Wire = wire::SetupReply;
    fn to_wire(&self) -> wire::SetupReply {
        wire::SetupReply {
            setup_id: self.id.to_string(),
            intent: self.intent.clone(),
            device_id: self.device.to_string(),
            state: self.state.clone(),
            plan: digest_to_wire(&self.plan),
            steps: all_to_wire(&self.steps),
            receipts: all_to_wire(&self.receipts),
            follow_up: self.follow_up.clone(),
            quoted_micro: self.quoted_micro,
            price_list: self.price_list.clone(),
            quoted_until: self.quoted_until,
            asks: self.asks.as_ref().map(ToWire::to_wire),
            charged_micro: self.charged_micro,
            undo_of: self.undo_of.map(|id| id.to_string()),
            undone_by: self.undone_by.map(|id| id.to_string()),
            created_at: self.created_at,
            changed_at: self.changed_at,
            waits_until: self.waits_until,
            on_disconnect: self.on_disconnect.to_wire(),
        }
    }
}

impl FromWire for SetupView {
    type Wire = wire::SetupReply;
    fn from_wire(wire: wire::SetupReply) -> Result<Self, WireError> {
        let id = |field, id: Option<String>| id.map(|id| parsed(field, &id)).transpose();
        Ok(Self {
            schema: Self::SCHEMA.to_owned(),
            id: parsed("setup.setup_id", &wire.setup_id)?,
            intent: text("setup.intent", MAX_TEXT_BYTES, wire.intent)?,
            device: parsed("setup.device_id", &wire.device_id)?,
            state: line("setup.state", wire.state)?,
            plan: digest("setup.plan", &wire.plan)?,
            steps: list("setup.steps", MAX_VIEW_STEPS, wire.steps)?,
            receipts: list("setup.receipts", MAX_RECEIPTS, wire.receipts)?,
            follow_up: texts("setup.follow_up", MAX_CHANGES, MAX_TEXT_BYTES, wire.follow_up)?,
            quoted_micro: wire.quoted_micro,
            price_list: line("setup.price_list", wire.price_list)?,
            quoted_until: wire.quoted_until,
            asks: optional(wire.asks)?,
            charged_micro: wire.charged_micro,
            undo_of: id("setup.undo_of", wire.undo_of)?,
            undone_by: id("setup.undone_by", wire.undone_by)?,
            created_at: wire.created_at,
            changed_at: wire.changed_at,
            waits_until: wire.waits_until,
            on_disconnect: unless_unsaid(wire.on_disconnect)?,
        })
    }
}

impl ToWire for StepView {
    type Wire = wire::setup_reply::Step;
    fn to_wire(&self) -> wire::setup_reply::Step {
        wire::setup_reply::Step {
            step_id: self.id.to_string(),
            title: self.title.clone(),
            effect: self.effect.to_wire(),
            needs_root: self.needs_root,
            undo: Some(self.undo.to_wire()),
            state: self.state.clone(),
            attempt: self.attempt,
            outcome: self.outcome.map(|outcome| outcome.to_wire()),
            duration_ms: self.duration_ms,
            problem: self.problem.as_ref().map(ToWire::to_wire),
            price_micro: self.price_micro,
        }
    }
}

impl FromWire for StepView {
    type Wire = wire::setup_reply::Step;
    fn from_wire(wire: wire::setup_reply::Step) -> Result<Self, WireError> {
        Ok(Self {
            id: parsed("setup.step.step_id", &wire.step_id)?,
            title: line("setup.step.title", wire.title)?,
            effect: Effect::from_wire(wire.effect)?,
            needs_root: wire.needs_root,
            undo: required("setup.step.undo", wire.undo)?,
            state: line("setup.step.state", wire.state)?,
            attempt: wire.attempt,
            outcome: wire.outcome.map(Outcome::from_wire).transpose()?,
            duration_ms: wire.duration_ms,
            problem: optional(wire.problem)?,
            price_micro: wire.price_micro,
        })
    }
}

impl ToWire for ReceiptView {
    type Wire = wire::setup_reply::Receipt;
    fn to_wire(&self) -> wire::setup_reply::Receipt {
        wire::setup_reply::Receipt {
            step_id: self.step.as_ref().map(ToString::to_string),
            attempt: self.attempt,
            changes: all_to_wire(&self.changes),
            kept: self.kept.clone(),
            opaque: self.opaque,
            manifest: Some(self.manifest.to_wire()),
            isolation: self.isolation.clone(),
            protection: Some(self.protection.to_wire()),
            grant: self.grant.as_ref().map(digest_to_wire).unwrap_or_default(),
        }
    }
}

impl FromWire for ReceiptView {
    type Wire = wire::setup_reply::Receipt;
    fn from_wire(wire: wire::setup_reply::Receipt) -> Result<Self, WireError> {
        let step = wire.step_id.map(|id| parsed("setup.receipt.step_id", &id));
        let grant = Some(wire.grant).filter(|grant| !grant.is_empty());
        Ok(Self {
            step: step.transpose()?,
            attempt: wire.attempt,
            changes: list("setup.receipt.changes", MAX_CHANGES, wire.changes)?,
            kept: texts("setup.receipt.kept", MAX_CHANGES, MAX_TEXT_BYTES, wire.kept)?,
            opaque: wire.opaque,
            manifest: optional(wire.manifest)?.unwrap_or_default(),
            isolation: line("setup.receipt.isolation", wire.isolation)?,
            protection: optional(wire.protection)?.unwrap_or_default(),
            grant: grant.map(|grant| digest("setup.receipt.grant", &grant)).transpose()?,
        })
    }
}

impl ToWire for SetupList {
    type Wire = wire::SetupsReply;
    fn to_wire(&self) -> wire::SetupsReply {
        wire::SetupsReply {
            setups: all_to_wire(&self.setups),
            cursor: self.cursor.map(|id| id.to_string()),
        }
    }
}

impl FromWire for SetupList {
    type Wire = wire::SetupsReply;
    fn from_wire(wire: wire::SetupsReply) -> Result<Self, WireError> {
        let cursor = wire.cursor.map(|id| parsed("setups.cursor", &id));
        Ok(Self {
            schema: Self::SCHEMA.to_owned(),
            setups: list("setups.setups", MAX_PAGE, wire.setups)?,
            cursor: cursor.transpose()?,
        })
    }
}
