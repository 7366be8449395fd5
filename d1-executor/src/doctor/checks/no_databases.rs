//! Where we are built without SQLite there are no databases to look at.

use super::super::{check::Found, sight::Sight};

fn none() -> Found {
    Found::skipped("this program keeps no databases")
}

pub(super) async fn whole(_sight: Sight) -> Found {
    none()
}

pub(super) async fn queue(_sight: Sight) -> Found {
    none()
}

pub(super) async fn leftovers(_sight: Sight) -> Found {
    none()
}
