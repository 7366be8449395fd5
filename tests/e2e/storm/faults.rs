//! What goes wrong, one after the other: each ends before the next begins, and leaves everything
//! alive.

use super::{database, place::Place};
use d1_world::signal;
use std::time::Duration;
use tokio::{task::block_in_place, time::Instant};

/// The longest that something stands still, or is cut off: longer than a server takes to find
/// out that another one does not answer.
const LONGEST_MS: u64 = 4_000;
/// The longest between two faults.
const PAUSE_MS: u64 = 600;

/// One thing that goes wrong, with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A server is killed, and starts again.
    KillServer(usize),
    /// A server stands still for a while.
    StopServer(usize),
    /// A daemon is killed, and starts again after a while.
    KillDaemon(usize),
    /// A daemon stands still for a while.
    StopDaemon(usize),
    /// A machine is cut off from every server for a while.
    CutOff(usize),
    /// A machine's link breaks, and its next one is to another server.
    Move(usize, usize),
    /// Redis is killed, forgets everything, and starts again.
    KillRedis,
    /// Redis stands still for a while.
    StopRedis,
    /// PostgreSQL ends as in a power cut, and starts again.
    KillPostgres,
    /// PostgreSQL stands still for a while, with all that it does for its clients.
    StopPostgres,
}

/// Faults in the order of a seed (xorshift64*, of which the upper half is taken).
pub(super) struct Faults(u64);

impl Faults {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below this one.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % bound
    }

    fn one_of<T>(&mut self, these: &[T]) -> usize {
        usize::try_from(self.below(these.len() as u64)).unwrap()
    }

    fn next(&mut self, place: &Place) -> Fault {
        let (server, machine) = (self.one_of(&place.nodes), self.one_of(&place.machines));
        match self.below(17) {
            0 | 1 => Fault::KillServer(server),
            2 | 3 => Fault::StopServer(server),
            4 | 5 => Fault::KillDaemon(machine),
            6 => Fault::StopDaemon(machine),
            7 | 8 => Fault::CutOff(machine),
            9..12 => Fault::Move(machine, server),
            12 => Fault::KillRedis,
            13 => Fault::StopRedis,
            14 | 15 => Fault::KillPostgres,
            _ => Fault::StopPostgres,
        }
    }

    /// One fault after the other, for so long. Tells which.
    pub(super) async fn rage(mut self, place: &mut Place, long: Duration) -> Vec<Fault> {
        let (began, mut faults) = (Instant::now(), Vec::new());
        while began.elapsed() < long {
            let fault = self.next(place);
            faults.push(fault);
            let lasts = Duration::from_millis(self.below(LONGEST_MS));
            happen(fault, place, lasts).await;
            tokio::time::sleep(Duration::from_millis(self.below(PAUSE_MS))).await;
        }
        faults
    }
}

async fn happen(fault: Fault, place: &mut Place, lasts: Duration) {
    match fault {
        Fault::KillServer(server) => {
            block_in_place(|| place.nodes[server].crash_and_restart());
        }
        Fault::StopServer(server) => stand_still(place.nodes[server].pid(), lasts).await,
        Fault::KillDaemon(machine) => {
            block_in_place(|| place.machines[machine].kill());
            tokio::time::sleep(lasts).await;
            block_in_place(|| place.machines[machine].start());
        }
        Fault::StopDaemon(machine) => stand_still(place.machines[machine].pid(), lasts).await,
        Fault::CutOff(machine) => {
            place.machines[machine].cut_off();
            tokio::time::sleep(lasts).await;
            let server = machine % place.nodes.len();
            place.machines[machine].move_to(&place.nodes[server]);
        }
        Fault::Move(machine, server) => {
            place.machines[machine].move_to(&place.nodes[server]);
        }
        Fault::KillRedis => {
            block_in_place(|| place.fleet.redis.kill());
            tokio::time::sleep(lasts).await;
            block_in_place(|| place.fleet.redis.run());
        }
        Fault::StopRedis => {
            block_in_place(|| place.fleet.redis.pause());
            tokio::time::sleep(lasts).await;
            block_in_place(|| place.fleet.redis.go_on());
        }
        Fault::KillPostgres => {
            block_in_place(|| place.fleet.postgres.stop_at_once());
            tokio::time::sleep(lasts).await;
            block_in_place(|| place.fleet.postgres.run());
        }
        Fault::StopPostgres => {
            block_in_place(|| database::pause(&place.fleet.postgres));
            tokio::time::sleep(lasts).await;
            block_in_place(|| database::go_on(&place.fleet.postgres));
        }
    }
}

async fn stand_still(pid: u32, lasts: Duration) {
    block_in_place(|| signal(pid, "STOP"));
    tokio::time::sleep(lasts).await;
    block_in_place(|| signal(pid, "CONT"));
}
