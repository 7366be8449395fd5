//! A filter that looks at nothing but the number of a call, by halving: the kernel asks it about
//! every number when it is put up, which takes a list as long as everything else together.

use seccompiler::{BpfProgram, sock_filter};

/// `BPF_LD | BPF_W | BPF_ABS`, `BPF_JMP | BPF_JEQ | BPF_K`, `BPF_JMP | BPF_JGE | BPF_K` and
/// `BPF_RET | BPF_K` of `linux/filter.h`.
const LOAD: u16 = 0x20;
const IF_EQUAL: u16 = 0x15;
const IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;
/// Where the number is, and the convention it belongs to (`struct seccomp_data`).
const NUMBER: u32 = 0;
const CONVENTION: u32 = 4;
/// `AUDIT_ARCH_X86_64`.
const OURS: u32 = 0xC000_003E;
/// `SECCOMP_RET_ALLOW` and `SECCOMP_RET_ERRNO`.
const ALLOW: u32 = 0x7FFF_0000;
const ERRNO: u32 = 0x0005_0000;

/// Refuses each of these `calls` with its error, and with [`libc::ENOSYS`] those after the `last`
/// one we know and those of other conventions. What is wrong with the list is the error.
pub(super) fn refuse(mut calls: Vec<(u32, i32)>, last: u32) -> Result<BpfProgram, String> {
    calls.sort_unstable();
    if calls.windows(2).any(|pair| matches!(pair, [one, other] if one.0 == other.0)) {
        return Err("a call is refused in two ways".into());
    }
    let unknown = say(RETURN, ERRNO | libc::ENOSYS.cast_unsigned());
    let mut program = vec![
        say(LOAD, CONVENTION),
        jump(IF_EQUAL, OURS, 1, 0),
        unknown.clone(),
        say(LOAD, NUMBER),
        jump(IF_AT_LEAST, last + 1, 0, 1),
        unknown,
    ];
    program.extend(halve(&calls)?);
    Ok(program)
}

fn halve(calls: &[(u32, i32)]) -> Result<BpfProgram, String> {
    match calls {
        [] => Ok(vec![say(RETURN, ALLOW)]),
        [(number, errno)] => Ok(vec![
            jump(IF_EQUAL, *number, 0, 1),
            say(RETURN, ERRNO | errno.cast_unsigned()),
            say(RETURN, ALLOW),
        ]),
        [..] => {
            let (low, high) = calls.split_at(calls.len() / 2);
            let middle = high.first().map_or(0, |(number, _)| *number);
            let (low, high) = (halve(low)?, halve(high)?);
            let over = u8::try_from(low.len()).map_err(|_| "too many calls for one jump")?;
            Ok([vec![jump(IF_AT_LEAST, middle, over, 0)], low, high].concat())
        }
    }
}

fn say(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the kernel would make of it (`Documentation/networking/filter.rst`).
    fn verdict(program: &[sock_filter], convention: u32, number: u32) -> u32 {
        let (mut at, mut held) = (0, 0);
        loop {
            let now = &program[at];
            at += 1;
            let hop = |holds: bool| usize::from(if holds { now.jt } else { now.jf });
            match now.code {
                LOAD => held = if now.k == NUMBER { number } else { convention },
                IF_EQUAL => at += hop(held == now.k),
                IF_AT_LEAST => at += hop(held >= now.k),
                RETURN => return now.k,
                other => panic!("no such word: {other}"),
            }
        }
    }

    proptest! {
        #[test]
        fn each_call_has_its_own_answer(
            calls in prop::collection::btree_map(0_u32..500, 1_i32..100, 0..90),
        ) {
            let program = refuse(calls.clone().into_iter().collect(), 456).unwrap();
            for number in (0..1024).chain([0x4000_0000, 0x4000_003B, u32::MAX]) {
                let expected = match calls.get(&number) {
                    _ if number > 456 => ERRNO | libc::ENOSYS as u32,
                    Some(errno) => ERRNO | *errno as u32,
                    None => ALLOW,
                };
                prop_assert_eq!(verdict(&program, OURS, number), expected, "{}", number);
                // As it is on the older processors of this family.
                let other = verdict(&program, 0x4000_0003, number);
                prop_assert_eq!(other, ERRNO | libc::ENOSYS as u32);
            }
        }
    }

    #[test]
    fn what_cannot_be_said_is_an_error() {
        assert!(refuse(vec![(1, 1), (1, 38)], 456).is_err());
        assert!(refuse((0..300).map(|number| (number, 1)).collect(), 456).is_err());
    }
}
