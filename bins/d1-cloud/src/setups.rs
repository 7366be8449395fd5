//! What can be done with setups, however it is asked: as one person, and no more than they may.
//!
//! What is asked for and decided is in the audit log before it is done.

use crate::{
    compose::App,
    place,
    refusal::Refusal,
    who::{Who, insufficient},
};
use d1_core::{Category, DeviceId, Intent, Page, Problem, Progress, Scope, SetupId, SetupState};
use d1_orchestrator::Draft;
use d1_protocol::{
    CallRefusal,
    api::{
        CancelRequest, CreateRequest, Devices, PlanView, Purged, ResumeRequest, SetupList,
        SetupView, SignRequest,
    },
};
use futures_util::{Stream, StreamExt as _};

/// How many setups one page has.
const PAGE: usize = 50;
/// The longest idempotency key.
const MAX_KEY: usize = 200;

type Answer = Result<SetupView, Refusal>;

/// The setups of whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Setups {
    pub(crate) app: App,
    pub(crate) who: Who,
}

impl Setups {
    /// Plans and keeps a setup; starts it when the request says so. Said again with the same
    /// key, it is done once.
    pub(crate) async fn create(&self, request: CreateRequest, key: Option<&str>) -> Answer {
        let (app, device) = (&self.app, request.device);
        app.takes_on()?;
        let terms = request.terms()?;
        let key = key.map(checked_key).transpose()?;
        if request.approve && !self.who.scopes.has(Scope::SetupApprove) {
            return Err(insufficient(Scope::SetupApprove));
        }
        app.limits.device(self.who.account, device).await?;
        app.people.is_owner(self.who.account, device).await?;
        let mut draft = app.engine.draft(self.who.account, device, request.intent()).await?;
        draft.terms = terms;
        let setup = self.keep(device, draft, key).await?;
        if request.approve && setup.state == SetupState::AwaitingApproval {
            return self.say_yes(setup.id).await;
        }
        Ok(SetupView::from(&setup))
    }

    /// One setup.
    pub(crate) async fn get(&self, id: SetupId) -> Answer {
        Ok(SetupView::from(&self.app.engine.get(self.who.account, id).await?))
    }

    /// Setups, newest first, before this one.
    pub(crate) async fn list(&self, before: Option<SetupId>) -> Result<SetupList, Refusal> {
        let page = Page { before, limit: PAGE + 1 };
        let mut setups = self.app.engine.list(self.who.account, page).await?;
        let more = setups.len() > PAGE;
        setups.truncate(PAGE);
        let cursor = setups.last().map(|setup| setup.id).filter(|_| more);
        let setups = setups.iter().map(SetupView::from).collect();
        Ok(SetupList { schema: SetupList::SCHEMA.to_owned(), setups, cursor })
    }

    /// Says yes.
    pub(crate) async fn approve(&self, id: SetupId) -> Answer {
        self.app.engine.get(self.who.account, id).await?;
        self.say_yes(id).await
    }

    /// Stops it, or writes it off.
    pub(crate) async fn cancel(&self, id: SetupId, how: CancelRequest) -> Answer {
        self.app.engine.get(self.who.account, id).await?;
        let (engine, CancelRequest { mode, write_off }) = (&self.app.engine, how);
        let decided = if write_off { "write off" } else { "stop" };
        self.app.note_decided(&self.who, id, decided).await?;
        let setup =
            if write_off { engine.write_off(id).await } else { engine.stop(id, mode).await };
        Ok(SetupView::from(&setup?))
    }

    /// Goes on with it.
    pub(crate) async fn resume(&self, id: SetupId, how: ResumeRequest) -> Answer {
        self.app.engine.get(self.who.account, id).await?;
        self.app.note_decided(&self.who, id, "resume").await?;
        Ok(SetupView::from(&self.app.engine.resume(id, how.force).await?))
    }

    /// The plan of one setup, whole.
    pub(crate) async fn plan(&self, id: SetupId) -> Result<PlanView, Refusal> {
        Ok(PlanView::from(&self.app.engine.get(self.who.account, id).await?))
    }

    /// Takes a person's signature along to the device.
    pub(crate) async fn sign(&self, id: SetupId, signed: SignRequest) -> Answer {
        self.app.engine.get(self.who.account, id).await?;
        self.app.note_decided(&self.who, id, "sign").await?;
        Ok(SetupView::from(&self.app.engine.sign(id, &signed.grant).await?))
    }

    /// Takes back what a setup changed, by a setup of its own.
    pub(crate) async fn undo(&self, id: SetupId) -> Answer {
        let (app, account) = (&self.app, self.who.account);
        app.takes_on()?;
        let original = app.engine.get(account, id).await?;
        app.limits.device(account, original.device).await?;
        let draft = app.engine.draft(account, original.device, Intent::Undo(id)).await?;
        let setup = self.keep(original.device, draft, None).await?;
        self.say_yes(setup.id).await
    }

    /// Tells what happens after the piece of news of this number, until the setup is over. Where
    /// the store fails it ends with that; whoever follows asks again from where they were.
    pub(crate) async fn follow(
        &self,
        id: SetupId,
        after: u64,
    ) -> Result<impl Stream<Item = Result<Progress, CallRefusal>> + Send + use<>, Refusal> {
        self.app.engine.get(self.who.account, id).await?;
        let place = place::stream(&self.app, self.who.account).await?;
        let news = self.app.engine.follow(id, after);
        Ok(news.map(move |news| {
            let _kept_as_long_as_the_stream = &place;
            news.map_err(|error| Refusal::from(error).into())
        }))
    }

    /// The devices that are linked, to whichever server.
    pub(crate) async fn devices(&self) -> Result<Devices, Refusal> {
        crate::routes::linked(&self.app, self.who.account).await
    }

    /// Ends what waits for a device that is away. Another's device is as unknown as one that there
    /// is not.
    pub(crate) async fn purge(&self, device: DeviceId) -> Result<Purged, Refusal> {
        let (app, account) = (&self.app, self.who.account);
        if app.people.owner(device).await? != Some(account) {
            let title = format!("no device `{device}` was ever linked to this account");
            return Err(Problem::new("D1-API-003", Category::Usage, title)
                .leaving("nothing was changed")
                .into());
        }
        let mut setups = Vec::new();
        for setup in app.engine.waiting(account, device).await? {
            app.note_decided(&self.who, setup.id, "purge").await?;
            if app.engine.end_waiting(&setup).await? {
                setups.push(setup.id);
            }
        }
        Ok(Purged { schema: Purged::SCHEMA.to_owned(), setups })
    }

    async fn say_yes(&self, id: SetupId) -> Answer {
        self.app.note_decided(&self.who, id, "approve").await?;
        Ok(SetupView::from(&self.app.engine.approve(id).await?))
    }

    async fn keep(
        &self,
        device: DeviceId,
        draft: Draft,
        key: Option<&str>,
    ) -> Result<d1_core::Setup, Refusal> {
        let id = SetupId::generate();
        self.app.note_asked(&self.who, (id, device), &draft).await?;
        Ok(self.app.engine.create(id, self.who.account, device, draft, key).await?)
    }
}

/// The key of a request that may be repeated (draft-ietf-httpapi-idempotency-key-header).
pub(crate) fn checked_key(key: &str) -> Result<&str, Refusal> {
    let visible = |c: char| (' '..='~').contains(&c);
    if (1..=MAX_KEY).contains(&key.len()) && key.chars().all(visible) {
        return Ok(key);
    }
    let title = format!("the Idempotency-Key is not 1 to {MAX_KEY} visible characters");
    Err(Problem::new("D1-API-002", Category::Usage, title).leaving("nothing was changed").into())
}
