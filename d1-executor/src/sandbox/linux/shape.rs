//! What two commands have in common when the same walls do for both.

use super::order::{Mode, Order};
use crate::sandbox::grant::Limits;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The walls of a command without the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape(Order);

impl Shape {
    /// That of `order`; none when its walls depend on what cannot be looked at again in no time:
    /// on what is in the places it may change, on a script, or on a network.
    pub(super) fn of(order: &Order) -> Option<Self> {
        let view = &order.view;
        let only_reads = view.write.is_empty() && view.reopened.is_empty();
        let stands_alone = order.network.is_none() && order.script.is_none();
        let has_all_walls = order.mode != Mode::Bare && !order.packages && !order.unconfined;
        (only_reads && stands_alone && has_all_walls).then(|| {
            Self(Order {
                argv: Vec::new(),
                env: BTreeMap::new(),
                cwd: PathBuf::from("/"),
                limits: Limits { scratch_bytes: order.limits.scratch_bytes, ..Limits::USUAL },
                ahead: true,
                ..order.clone()
            })
        })
    }

    /// The order to put them up, for this user and group; for who we are when there is none.
    pub(super) fn order(&self, user: Option<u32>) -> Order {
        let user = user.map_or(self.0.user, |user| (user, user));
        Order { user, ..self.0.clone() }
    }

    /// The places of the machine that are shown, or kept from being seen.
    pub(super) fn places(&self) -> impl Iterator<Item = &Path> {
        let guarded = self.0.view.guards.iter().map(|(path, _guard)| path);
        self.0.view.read.iter().chain(guarded).map(PathBuf::as_path)
    }
}
