//! Executors with one flaw each.

use crate::{
    broken_laws,
    furnished::{examinee, furnished},
};
use d1_core::{
    Action, Baseline, Ended, Executor, ExecutorError, Facts, Job, Outcome, Output, Preview,
    ProbeAnswer, Probed, Problem, Proposal, Query, Resource, State, Step, Stop, Stream, TaskId,
    conformance, memory::MemoryMachine,
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What is wrong with an executor.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    AskingWrites,
    PreviewWrites,
    PreviewShrugs,
    PrepareWrites,
    PrepareSeesNothing,
    ProbeAlwaysSaysDone,
    ProbeAlwaysSaysNotDone,
    ProbeWrites,
    RevertForgetsAFile,
    RevertTakesFromStrangers,
    RevertIgnoresOthersNeeds,
    ReportsChangesTwice,
    LeavesAChangeOut,
    TellsAChangeTwice,
    NeverStops,
    StopsTheStubborn,
    NeverRunsOutOfTime,
    StartsWhatIsCalledOff,
    SwapsOutput,
    LosesOutputThatHasToWait,
    GivesOutputInOnePiece,
    RecordsEverything,
    CountsWhatItKept,
    NeedsAReader,
    FailsInsteadOfRefusing,
    RefusesInsteadOfFailing,
    AnswersOnlyWhatItKnows,
}

use Flaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 27] = [
    (F::AskingWrites, &["asking_changes_nothing"]),
    (F::PreviewWrites, &["a_preview_changes_nothing"]),
    (F::PreviewShrugs, &["a_preview_foretells_every_change", "what_is_refused_is_never_present"]),
    (
        F::PrepareWrites,
        &[
            "preparing_changes_nothing",
            "an_undo_restores_everything",
            "undoing_all_in_reverse_restores_everything",
            "an_undo_done_twice_is_no_change",
            "what_is_called_off_before_it_began_changes_nothing",
        ],
    ),
    (
        F::PrepareSeesNothing,
        &[
            "every_change_begins_at_the_baseline",
            "a_probe_after_the_work_tells_the_receipt",
            "a_probe_of_half_the_work_says_neither",
            "a_probe_of_an_undo_tells_what_it_changed",
        ],
    ),
    (
        F::ProbeAlwaysSaysDone,
        &[
            "a_probe_before_the_work_says_not_done",
            "a_probe_of_half_the_work_says_neither",
            "a_probe_of_an_undo_tells_what_it_changed",
        ],
    ),
    (
        F::ProbeAlwaysSaysNotDone,
        &[
            "a_probe_after_the_work_tells_the_receipt",
            "a_probe_of_half_the_work_says_neither",
            "a_probe_of_an_undo_tells_what_it_changed",
            "a_program_that_may_have_run_is_never_not_done",
        ],
    ),
    (F::ProbeWrites, &["a_probe_changes_nothing"]),
    (
        F::RevertForgetsAFile,
        &[
            "an_undo_restores_everything",
            "undoing_all_in_reverse_restores_everything",
            "an_undo_leaves_what_has_changed_since",
            "a_probe_of_half_the_work_says_neither",
        ],
    ),
    (F::RevertTakesFromStrangers, &["an_undo_leaves_what_has_changed_since"]),
    (F::RevertIgnoresOthersNeeds, &["an_undo_keeps_what_others_need"]),
    (F::ReportsChangesTwice, &["doing_it_twice_is_no_change", "an_undo_done_twice_is_no_change"]),
    (
        F::LeavesAChangeOut,
        &[
            "a_preview_foretells_every_change",
            "what_is_done_is_different",
            "an_undo_restores_everything",
            "undoing_all_in_reverse_restores_everything",
            "an_undo_done_twice_is_no_change",
            "a_probe_after_the_work_tells_the_receipt",
            "a_probe_of_half_the_work_says_neither",
            "a_probe_of_an_undo_tells_what_it_changed",
        ],
    ),
    (
        F::TellsAChangeTwice,
        &[
            "a_preview_foretells_every_change",
            "every_change_is_told_once",
            "an_undo_restores_everything",
            "undoing_all_in_reverse_restores_everything",
            "a_probe_after_the_work_tells_the_receipt",
            "a_probe_of_half_the_work_says_neither",
            "a_probe_of_an_undo_tells_what_it_changed",
        ],
    ),
    (
        F::NeverStops,
        &[
            "what_is_called_off_before_it_began_changes_nothing",
            "a_job_that_is_called_off_ends_as_cancelled",
            "a_job_that_is_killed_ends_as_killed",
            "what_is_not_interruptible_can_be_killed",
        ],
    ),
    (F::StopsTheStubborn, &["what_is_not_interruptible_is_not_called_off"]),
    (
        F::NeverRunsOutOfTime,
        &["a_job_ends_when_its_time_is_over", "what_is_not_interruptible_is_not_called_off"],
    ),
    (F::StartsWhatIsCalledOff, &["what_is_called_off_before_it_began_changes_nothing"]),
    (F::SwapsOutput, &["output_comes_whole_and_in_order"]),
    (
        F::LosesOutputThatHasToWait,
        &["output_comes_whole_and_in_order", "all_that_is_written_is_counted"],
    ),
    (F::GivesOutputInOnePiece, &["output_comes_in_small_pieces"]),
    (F::RecordsEverything, &["the_record_of_output_is_short"]),
    (F::CountsWhatItKept, &["all_that_is_written_is_counted"]),
    (F::NeedsAReader, &["a_reader_that_is_gone_stops_nothing"]),
    (F::FailsInsteadOfRefusing, &["what_cannot_be_done_here_is_refused"]),
    (
        F::RefusesInsteadOfFailing,
        &["a_program_that_may_have_run_is_never_not_done", "a_program_that_fails_is_an_outcome"],
    ),
    (F::AnswersOnlyWhatItKnows, &["every_question_is_answered"]),
];

#[tokio::test(start_paused = true)]
async fn a_broken_executor_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let make = || async move {
            let inner = Arc::new(furnished());
            examinee(&inner.clone(), Arc::new(FlawedExecutor { inner, flaw }))
        };
        assert_eq!(broken_laws(conformance::executor(make)).await, expected, "{flaw:?}");
    }
}

#[derive(Debug)]
struct FlawedExecutor {
    inner: Arc<MemoryMachine>,
    flaw: Flaw,
}

impl FlawedExecutor {
    /// Leaves a mark that nobody asked for.
    fn scribble(&self) {
        self.inner.write(&"/tmp/scribble".parse().unwrap(), b"I was here");
    }

    /// The job as this flaw understands it.
    fn misread(&self, job: &Job) -> Job {
        let mut job = job.clone();
        if let Action::Revert(revert) = &mut job.step.action {
            match self.flaw {
                F::RevertForgetsAFile => {
                    let is_file = |resource: &Resource| matches!(resource, Resource::File(_));
                    let file = revert.changes.iter().position(|one| is_file(&one.resource));
                    file.map(|at| revert.changes.remove(at));
                }
                F::RevertTakesFromStrangers => {
                    for change in &mut revert.changes {
                        change.after = self.inner.look(&change.resource);
                    }
                }
                F::RevertIgnoresOthersNeeds => job.needed_elsewhere.clear(),
                _ => {}
            }
        }
        match self.flaw {
            F::StopsTheStubborn => job.step.interruptible = true,
            F::NeverRunsOutOfTime => job.step.timeout = Step::MAX_TIMEOUT,
            _ => {}
        }
        job
    }

    /// How the job ended, as this flaw tells it.
    fn retell(&self, mut ended: Ended) -> Result<Ended, ExecutorError> {
        match self.flaw {
            F::ReportsChangesTwice if ended.outcome == Outcome::NoChange => {
                ended.outcome = Outcome::Succeeded;
            }
            F::LeavesAChangeOut => drop(ended.changes.pop()),
            F::TellsAChangeTwice => ended.changes.extend(ended.changes.first().cloned()),
            F::RecordsEverything => ended.stdout = ended.stdout.repeat(2),
            F::CountsWhatItKept => ended.usage.output_bytes = ended.stdout.len() as u64,
            F::RefusesInsteadOfFailing if ended.outcome == Outcome::Failed => {
                let problem = ended.problem.unwrap();
                return Err(ExecutorError::Refused(Box::new(problem)));
            }
            F::StartsWhatIsCalledOff if ended.outcome == Outcome::Cancelled => self.scribble(),
            _ => {}
        }
        Ok(ended)
    }
}

/// What comes out of the machine, as this flaw passes it on.
async fn garble(flaw: Flaw, mut from: mpsc::Receiver<Output>, to: mpsc::Sender<Output>) -> bool {
    let mut all = Vec::new();
    while let Some(piece) = from.recv().await {
        match flaw {
            F::SwapsOutput | F::GivesOutputInOnePiece => all.push(piece),
            F::LosesOutputThatHasToWait => drop(to.try_send(piece)),
            _ => {
                let heard = to.send(piece).await.is_ok();
                if !heard && matches!(flaw, F::NeedsAReader) {
                    return false;
                }
            }
        }
    }
    if matches!(flaw, F::GivesOutputInOnePiece) {
        let stdout = all.iter().filter(|piece| piece.stream == Stream::Stdout);
        let bytes = stdout.flat_map(|piece| piece.bytes.clone()).collect::<Vec<_>>();
        all.retain(|piece| piece.stream != Stream::Stdout);
        all.push(Output { stream: Stream::Stdout, bytes });
    }
    for piece in all.into_iter().rev().filter(|piece| !piece.bytes.is_empty()) {
        let _nobody_listens = to.send(piece).await;
    }
    true
}

#[async_trait::async_trait]
impl Executor for FlawedExecutor {
    async fn facts(&self, queries: &[Query]) -> Result<Facts, ExecutorError> {
        let some = match self.flaw {
            F::AnswersOnlyWhatItKnows => &queries[..queries.len().min(3)],
            F::AskingWrites => {
                self.scribble();
                queries
            }
            _ => queries,
        };
        self.inner.facts(some).await
    }

    async fn preview(&self, what: &Proposal) -> Result<Preview, ExecutorError> {
        match self.flaw {
            F::PreviewWrites => self.scribble(),
            F::PreviewShrugs => return Ok(Preview::present()),
            _ => {}
        }
        self.inner.preview(what).await
    }

    async fn prepare(&self, task: TaskId, what: &Proposal) -> Result<Baseline, ExecutorError> {
        let baseline = self.inner.prepare(task, what).await?;
        match self.flaw {
            F::PrepareWrites => self.scribble(),
            F::PrepareSeesNothing => return Ok(Baseline::default()),
            _ => {}
        }
        Ok(baseline)
    }

    async fn run(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        let never = Stop::new();
        let stop = if matches!(self.flaw, F::NeverStops) { &never } else { stop };
        let misread = self.misread(job);
        let (tx, rx) = mpsc::channel(1);
        let run = async {
            let ended = self.inner.run(&misread, &tx, stop).await;
            drop(tx);
            ended
        };
        let (ended, heard) = tokio::join!(run, garble(self.flaw, rx, output.clone()));
        if !heard {
            let problem = Problem::new("D1-TEST-001", d1_core::Category::Task, "nobody listens");
            return Ok(Ended::quietly(Outcome::Failed).because(problem));
        }
        match (self.flaw, ended) {
            (F::FailsInsteadOfRefusing, Err(ExecutorError::Refused(problem))) => {
                Ok(Ended::quietly(Outcome::Failed).because(*problem))
            }
            (_, ended) => self.retell(ended?),
        }
    }

    async fn probe(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
    ) -> Result<Probed, ExecutorError> {
        let found = self.inner.probe(job, output).await?;
        Ok(match self.flaw {
            F::ProbeAlwaysSaysDone => Probed { answer: ProbeAnswer::Done, ..found },
            F::ProbeAlwaysSaysNotDone => Probed { answer: ProbeAnswer::NotDone, ..found },
            F::ProbeWrites => {
                self.inner.put(Resource::File("/tmp/x".parse().unwrap()), State::Present);
                found
            }
            _ => found,
        })
    }
}
