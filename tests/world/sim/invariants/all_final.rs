//! Everything comes to an end.

use super::{AtRest, Invariant};
use d1_core::SetupState;

/// After the storm everything that somebody said yes to comes to an end, and is forgotten by
/// the device.
pub(super) const EVERYTHING_COMES_TO_AN_END: Invariant =
    Invariant { promise: "every task is final after the world has healed", check };

fn check(world: &AtRest) -> Result<(), String> {
    for id in &world.approved {
        match world.setup(*id).map(|setup| setup.state) {
            None => return Err(format!("setup {id} was approved and is gone")),
            Some(SetupState::AwaitingApproval) => {
                return Err(format!("setup {id} was approved and waits for a yes"));
            }
            Some(SetupState::Running | SetupState::Stopping(_) | SetupState::Finished(_)) => {}
        }
    }
    for setup in &world.setups {
        if setup.state.is_under_way() {
            return Err(format!("setup {} is {} for ever", setup.id, setup.state.name()));
        }
        let open = setup.tasks.iter().find(|task| setup.is_over() && !task.state.is_over());
        if let Some(task) = open
            && setup.state != SetupState::Finished(d1_core::SetupOutcome::Declined)
        {
            return Err(format!("task {} is {:?} for ever", task.id, task.state));
        }
    }
    match world.remembered.first() {
        Some(entry) => Err(format!("a device never forgets task {}", entry.command.task)),
        None => Ok(()),
    }
}
