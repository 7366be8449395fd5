//! The way out of this machine, as the kernel's tables tell (proc_pid_net(5)).

use super::{
    super::{check::Found, sight::Sight},
    targets,
};

/// The flag of a route that is in use.
const UP: u64 = 1;
/// The flag of one that only says no.
const REJECT: u64 = 0x200;

/// Whether there is a way to anywhere; `None` where nobody tells.
pub(super) fn leads_out(sight: &Sight) -> Option<bool> {
    let table = |path| sight.text(path).ok().flatten();
    let (old, new) = (table("/proc/net/route"), table("/proc/net/ipv6_route"));
    if old.is_none() && new.is_none() {
        return None;
    }
    let is_flagged = |flags: &str| {
        u64::from_str_radix(flags, 16).is_ok_and(|flags| flags & UP != 0 && flags & REJECT == 0)
    };
    // Some ways through a tunnel take the two halves of all addresses.
    let old = old.unwrap_or_default().lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), [_, "00000000", _, flags, _, _, _, "00000000" | "00000080", ..]
            if is_flagged(flags))
    });
    let new = new.unwrap_or_default().lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), [to, "00" | "03", _, _, _, _, _, _, flags, device]
            if to.trim_start_matches(['2', '0']).is_empty() && *device != "lo" && is_flagged(flags))
    });
    Some(old || new)
}

pub(super) async fn default(sight: Sight) -> Found {
    if sight.offline {
        return Found::skipped("the network is left alone");
    }
    let targets = targets::all(&sight);
    if targets.is_empty() {
        return Found::skipped(targets::NONE);
    }
    match leads_out(&sight) {
        None => Found::skipped("this system does not tell"),
        Some(true) => Found::ok("there is"),
        Some(false) if targets.iter().all(targets::Target::is_here) => {
            Found::ok("there is none, and nothing here needs one")
        }
        Some(false) => Found::fail(
            "this machine is not connected to any network: no default route",
        )
        .remedy("plug it in or join a network; with NetworkManager: nmcli device connect <device>")
        .remedy("see what there is: ip address; ip route"),
    }
}
