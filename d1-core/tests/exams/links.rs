//! Links: a pair in memory, a relay that changes nothing, and relays with one flaw each.

use crate::broken_laws;
use d1_core::{
    Action, DeviceLink, FileChange, FromDevice, Link, LinkReceiver, LinkSender, OrchestratorLink,
    Supervisor, ToDevice, WeakLinkSender,
    conformance::{self, Ends},
};
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc;

/// What is wrong with a relay between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    SwapsNeighbours,
    SaysTwice,
    LosesWhatHasToWait,
    WaitsForever,
    HoldsWithoutBound,
    ShortensWhatIsLarge,
    DiesOfWhatIsTooLarge,
    NeverTellsTheEnd,
    LosesTheLastWord,
    ListensToTheGone,
    HasOneEarAtATime,
    IsAPartyLine,
}

use Flaw as F;

/// Every law about what is heard.
const ALL_THAT_IS_HEARD: [&str; 12] = [
    "a_device_hears_everything_in_order",
    "an_orchestrator_hears_everything_in_order",
    "both_ends_may_speak_at_once",
    "a_word_arrives_exactly_as_it_was_said",
    "every_link_is_its_own_conversation",
    "a_slow_device_slows_its_orchestrator",
    "a_slow_orchestrator_slows_its_device",
    "an_order_too_large_harms_no_other",
    "a_report_too_large_harms_no_other",
    "a_device_hears_all_before_the_end",
    "an_orchestrator_hears_all_before_the_end",
    "one_who_is_speaking_hears_the_last_words",
];

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 12] = [
    (F::SwapsNeighbours, &ALL_THAT_IS_HEARD),
    (F::SaysTwice, &ALL_THAT_IS_HEARD),
    (
        F::LosesWhatHasToWait,
        &["a_slow_device_slows_its_orchestrator", "a_slow_orchestrator_slows_its_device"],
    ),
    (
        F::WaitsForever,
        &["a_slow_device_slows_its_orchestrator", "a_slow_orchestrator_slows_its_device"],
    ),
    (
        F::HoldsWithoutBound,
        &["a_slow_device_slows_its_orchestrator", "a_slow_orchestrator_slows_its_device"],
    ),
    (
        F::ShortensWhatIsLarge,
        &[
            "a_word_arrives_exactly_as_it_was_said",
            "an_order_too_large_harms_no_other",
            "a_report_too_large_harms_no_other",
        ],
    ),
    (
        F::DiesOfWhatIsTooLarge,
        &["an_order_too_large_harms_no_other", "a_report_too_large_harms_no_other"],
    ),
    (
        F::NeverTellsTheEnd,
        &[
            "every_link_is_its_own_conversation",
            "an_order_too_large_harms_no_other",
            "a_report_too_large_harms_no_other",
            "a_device_hears_all_before_the_end",
            "an_orchestrator_hears_all_before_the_end",
            "one_who_is_speaking_hears_the_last_words",
            "nothing_can_be_said_to_a_device_that_is_gone",
            "nothing_can_be_said_to_an_orchestrator_that_is_gone",
        ],
    ),
    (F::LosesTheLastWord, &ALL_THAT_IS_HEARD),
    (
        F::ListensToTheGone,
        &[
            "nothing_can_be_said_to_a_device_that_is_gone",
            "nothing_can_be_said_to_an_orchestrator_that_is_gone",
        ],
    ),
    (
        F::HasOneEarAtATime,
        &[
            "an_orchestrator_hears_everything_in_order",
            "both_ends_may_speak_at_once",
            "a_word_arrives_exactly_as_it_was_said",
            "every_link_is_its_own_conversation",
            "a_slow_orchestrator_slows_its_device",
        ],
    ),
    (F::IsAPartyLine, &["every_link_is_its_own_conversation"]),
];

#[tokio::test(start_paused = true)]
async fn a_pair_in_memory_obeys_every_law() {
    conformance::transport(|| async { Link::pair() }).await;
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_changes_nothing_obeys_every_law() {
    let relays = Relays::default();
    conformance::transport(|| async { relays.connect(F::None) }).await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_link_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let relays = Relays::default();
        let broken = broken_laws(conformance::transport(|| async { relays.connect(flaw) })).await;
        assert_eq!(broken, expected, "{flaw:?}");
    }
}

/// Links whose ends speak through a relay.
#[derive(Default)]
struct Relays {
    supervisor: Supervisor,
    /// The device of the link before.
    neighbour: Mutex<Option<WeakLinkSender<ToDevice>>>,
}

impl Relays {
    fn connect(&self, flaw: Flaw) -> Ends {
        let (ours, near): (OrchestratorLink, DeviceLink) = Link::pair();
        let (far, theirs): (OrchestratorLink, DeviceLink) = Link::pair();
        let neighbour = self.neighbour.lock().unwrap().replace(far.tx.downgrade());
        let ear = Arc::new(tokio::sync::Mutex::new(()));
        let neighbour = neighbour.filter(|_| flaw == F::IsAPartyLine);
        self.relay(flaw, near.rx, far.tx, neighbour, Arc::clone(&ear));
        self.relay(flaw, far.rx, near.tx, None, ear);
        (ours, theirs)
    }

    fn relay<W: Word>(
        &self,
        flaw: Flaw,
        mut from: LinkReceiver<W>,
        to: LinkSender<W>,
        neighbour: Option<WeakLinkSender<W>>,
        ear: Arc<tokio::sync::Mutex<()>>,
    ) {
        let hoard = (flaw == F::HoldsWithoutBound).then(|| self.hoard(to.clone()));
        self.supervisor.run("relay", async move {
            let mut relay = Relay { flaw, to, kept: None, neighbour, hoard };
            let _one_ear = match flaw {
                F::HasOneEarAtATime => Some(ear.lock().await),
                _ => None,
            };
            loop {
                let gone = flaw != F::ListensToTheGone;
                let word = tokio::select! {
                    word = from.recv() => word,
                    () = relay.to.closed(), if gone => break,
                };
                let Some(word) = word else { break };
                if !relay.pass_on(word).await {
                    break;
                }
            }
            if flaw == F::NeverTellsTheEnd {
                std::future::pending::<()>().await;
            }
            if flaw == F::ListensToTheGone {
                while from.recv().await.is_some() {}
            }
        });
    }

    /// A queue that grows and grows.
    fn hoard<W: Word>(&self, to: LinkSender<W>) -> mpsc::UnboundedSender<W> {
        let (tx, mut rx) = mpsc::unbounded_channel();
        self.supervisor.run("hoard", async move {
            while let Some(word) = rx.recv().await {
                if to.send(word).await.is_err() {
                    break;
                }
            }
        });
        tx
    }
}

/// One direction of a relay.
struct Relay<W> {
    flaw: Flaw,
    to: LinkSender<W>,
    kept: Option<W>,
    neighbour: Option<WeakLinkSender<W>>,
    hoard: Option<mpsc::UnboundedSender<W>>,
}

impl<W: Word> Relay<W> {
    /// Passes a word on; false when there is nobody to pass it on to.
    async fn pass_on(&mut self, mut word: W) -> bool {
        match self.flaw {
            F::SwapsNeighbours | F::LosesTheLastWord => {
                let Some(before) = self.kept.replace(word) else { return true };
                if self.flaw == F::LosesTheLastWord {
                    return self.to.send(before).await.is_ok();
                }
                let after = self.kept.take().unwrap();
                self.to.send(after).await.is_ok() && self.to.send(before).await.is_ok()
            }
            F::SaysTwice => {
                self.to.send(word.clone()).await.is_ok() && self.to.send(word).await.is_ok()
            }
            F::LosesWhatHasToWait => {
                let _lost_when_full = self.to.try_send(word);
                true
            }
            F::WaitsForever => {
                if self.to.waiting() == OrchestratorLink::DEPTH {
                    std::future::pending::<()>().await;
                }
                self.to.send(word).await.is_ok()
            }
            F::HoldsWithoutBound => match &self.hoard {
                Some(hoard) => hoard.send(word).is_ok(),
                None => false,
            },
            F::ShortensWhatIsLarge => {
                word.shorten(60_000);
                self.to.send(word).await.is_ok()
            }
            F::DiesOfWhatIsTooLarge => word.size() < 300_000 && self.to.send(word).await.is_ok(),
            F::IsAPartyLine => {
                if let Some(neighbour) = self.neighbour.as_ref().and_then(|one| one.upgrade()) {
                    let _overheard = neighbour.try_send(word.clone());
                }
                self.to.send(word).await.is_ok()
            }
            F::None | F::NeverTellsTheEnd | F::ListensToTheGone | F::HasOneEarAtATime => {
                self.to.send(word).await.is_ok() || self.flaw == F::ListensToTheGone
            }
        }
    }
}

/// What the relays do to words.
trait Word: Clone + Debug + Send + 'static {
    fn size(&self) -> usize;
    fn shorten(&mut self, to: usize);
}

impl Word for ToDevice {
    fn size(&self) -> usize {
        self.clone().content().map_or(0, |content| content.len())
    }

    fn shorten(&mut self, to: usize) {
        if let Some(content) = self.content() {
            content.truncate(to);
        }
    }
}

trait Content {
    fn content(&mut self) -> Option<&mut String>;
}

impl Content for ToDevice {
    fn content(&mut self) -> Option<&mut String> {
        let Self::Run(order) = self else { return None };
        let Action::File(file) = &mut order.step.action else { return None };
        match &mut file.change {
            FileChange::Write { content, .. } => Some(content),
            _ => None,
        }
    }
}

impl Word for FromDevice {
    fn size(&self) -> usize {
        match self {
            Self::Output(chunk) => chunk.output.bytes.len(),
            _ => 0,
        }
    }

    fn shorten(&mut self, to: usize) {
        if let Self::Output(chunk) = self {
            chunk.output.bytes.truncate(to);
        }
    }
}
