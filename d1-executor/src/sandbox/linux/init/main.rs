//! From the order to the command.

use super::{calls, identity, limits, network, paths, tried, view, watch};
use crate::sandbox::{
    linux::{
        child::{LIFE, ORDER, WORDS},
        order::{Failure, Mode, Order, Word, say},
        rights,
    },
    wall::{Missing, Wall},
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, FdFlags, fcntl_setfd},
    net::{Shutdown, shutdown},
    stdio::{dup2_stderr, dup2_stdout},
};
use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, FromRawFd as _, OwnedFd},
};

/// The walls as they go up.
pub(super) struct Walls {
    pub(super) order: Order,
    pub(super) missing: Missing,
}

/// Why it goes no further.
pub(super) type Stop = Failure;

impl Walls {
    /// Notes that a wall could not be put up, unless all of them have to be.
    pub(super) fn put_up(&mut self, wall: Wall, how: Result<(), String>) -> Result<(), Stop> {
        match how {
            Ok(()) => Ok(()),
            Err(why) if self.order.strict => Err(Failure::Wall { wall, why }),
            Err(why) => {
                self.missing.insert(wall, why);
                Ok(())
            }
        }
    }
}

/// What it stands on when nothing else can be done.
pub(super) fn set_up(doing: &str) -> impl FnOnce(rustix::io::Errno) -> Stop {
    move |error| Failure::SetUp { doing: doing.to_owned(), why: io::Error::from(error).to_string() }
}

/// Does everything, and ends this process.
pub(in crate::sandbox::linux) fn main() -> ! {
    let words = File::from(inherited(WORDS));
    let life = inherited(LIFE);
    let code = match work(&words, &life) {
        Ok(()) => 0,
        Err(failure) => {
            // Whoever should hear it may be gone.
            let _unheard = say(&words, &Word::Failed(failure));
            1
        }
    };
    // SAFETY: ends this process, and with it every process of its namespace; nothing that runs
    // at the end of an ordinary program belongs to us.
    unsafe { libc::_exit(code) }
}

fn inherited(number: i32) -> OwnedFd {
    // SAFETY: these numbers were given to this process by its maker, and nobody else uses them.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// Hears what is to be done, and takes the order off what came with it; none when whoever made us
/// never has anything for us to do.
fn hear(post: &OwnedFd) -> Result<Option<(Order, Vec<OwnedFd>)>, Stop> {
    let unread = |why: String| Failure::SetUp { doing: "read its order".into(), why };
    let Some(mut came) = rights::receive(post).map_err(set_up("hear its order"))? else {
        return Ok(None);
    };
    if came.is_empty() {
        return Err(unread("it did not come whole".into()));
    }
    let order = Order::open(came.remove(0)).map_err(|error| unread(error.to_string()))?;
    Ok(Some((order, came)))
}

/// Takes the places for words off what came; what lends and hands out is left.
fn take_output(came: &mut Vec<OwnedFd>) -> Result<(), Stop> {
    if came.len() < 2 {
        let why = "they did not come with the order".to_owned();
        return Err(Failure::SetUp { doing: "take the places for its words".into(), why });
    }
    let stderr = came.remove(1);
    let stdout = came.remove(0);
    dup2_stdout(&stdout).and_then(|()| dup2_stderr(&stderr)).map_err(set_up("take its output"))
}

fn work(words: &File, life: &OwnedFd) -> Result<(), Stop> {
    let post = inherited(ORDER);
    for descriptor in [post.as_fd(), life.as_fd(), words.as_fd()] {
        fcntl_setfd(descriptor, FdFlags::CLOEXEC).map_err(set_up("keep its descriptors"))?;
    }
    let Some((order, came)) = hear(&post)? else { return Ok(()) };
    let walls = if order.ahead { ahead(order, came, &post)? } else { Some(now(order, came)?) };
    drop(post);
    let Some(mut walls) = walls else { return Ok(()) };
    let limits = limits::set(&walls.order.limits, walls.order.unconfined);
    walls.put_up(Wall::Limits, limits)?;
    if walls.order.argv.is_empty() {
        let found = tried::try_all(&walls);
        let _unheard = say(words, &Word::Tried(found));
        // Stay until whoever tries us has looked from outside, too.
        let _gone = rustix::io::read(life, &mut [0; 1]);
        return Ok(());
    }
    watch::run(walls, words, life)
}

/// Puts up the walls of this order.
fn now(order: Order, mut came: Vec<OwnedFd>) -> Result<Walls, Stop> {
    take_output(&mut came)?;
    let door = order.network.as_ref().and_then(|_| came.pop());
    let lent = came;
    if let (Some(doors), Some(door)) = (&order.network, door) {
        network::open(doors, &door)?;
    }
    let mut walls = Walls { order, missing: Missing::new() };
    if walls.order.mode == Mode::Bare {
        identity::adopt_orphans()?;
        view::check_script(&walls.order)?;
    } else {
        view::build(&walls.order, &lent)?;
    }
    drop(lent);
    if !walls.order.unconfined {
        restrict(&mut walls)?;
    }
    Ok(walls)
}

/// Puts up the walls, and waits for the order that they are for; none when it never comes, or
/// when the mounts of the machine change before: what was shown would not be what is there.
fn ahead(order: Order, mut came: Vec<OwnedFd>, post: &OwnedFd) -> Result<Option<Walls>, Stop> {
    let mounts = came.pop();
    let mut walls = Walls { order, missing: Missing::new() };
    view::build(&walls.order, &[])?;
    restrict(&mut walls)?;
    if let Some(mounts) = mounts {
        let mut both = [PollFd::new(post, PollFlags::IN), PollFd::new(&mounts, PollFlags::PRI)];
        while poll(&mut both, None) == Err(Errno::INTR) {}
        if !both[1].revents().is_empty() {
            // What came before is heard all the same; what comes after is told that we are gone.
            shutdown(post, Shutdown::Read).map_err(set_up("take no more orders"))?;
        }
    }
    let Some((order, mut came)) = hear(post)? else { return Ok(None) };
    take_output(&mut came)?;
    let view = std::mem::take(&mut walls.order.view);
    walls.order = Order { view, ..order };
    Ok(Some(walls))
}

/// The walls that bind whatever runs in here, and all it starts.
fn restrict(walls: &mut Walls) -> Result<(), Stop> {
    identity::drop_all(walls)?;
    let paths = paths::restrict(&walls.order);
    walls.put_up(Wall::Landlock, paths)?;
    let calls = calls::filter(walls.order.packages);
    walls.put_up(Wall::Seccomp, calls)?;
    Ok(())
}
