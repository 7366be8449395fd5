//! The first process of a sandbox: puts up the walls around itself, then starts the command.
//!
//! 1. [`view`]: a file tree made of nothing but what was given, and nothing else below it.
//! 2. [`limits`], [`identity`]: bounds, the task's user, no capabilities, no way to get any.
//! 3. [`paths`] (Landlock) and [`calls`] (seccomp, most of it in [`numbers`]), built after the
//!    mounts: their rules bind to what is there then.
//! 4. [`watch`]: starts the command, reaps, counts, and ends everything with itself; [`census`]
//!    is what it sees, [`held`] what it does not see in any process, [`room`] what is left on
//!    the disks; [`still`] notices when nothing happens any more.
//!
//! [`tried`] asks from inside whether the walls hold.

mod calls;
mod census;
mod gate_tried;
mod held;
mod identity;
mod limits;
mod main;
mod network;
mod numbers;
mod paths;
mod resolver;
mod room;
mod still;
mod tree;
mod tried;
mod view;
mod watch;

pub(super) use main::main;
