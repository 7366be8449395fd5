//! What can be wrong with a machine on purpose.

use crate::{AbsolutePath, Manager, PackageName, ServiceName};

/// Something that goes wrong until it is mended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Installing this package stops half way: it is left broken.
    PackageFails(Manager, PackageName),
    /// The manager's own program is gone: nothing can be asked of it or done by it.
    ManagerIsGone(Manager),
    /// This service cannot be started.
    ServiceFails(ServiceName),
    /// This file can be read, and neither written nor removed.
    FileIsReadOnly(AbsolutePath),
}
