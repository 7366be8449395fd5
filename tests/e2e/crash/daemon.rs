//! The daemon dies at every write of its journal, and is started again.

use super::{MOST_HITS, go_on, is_only_for_others, packages, the_log_holds};
use d1_world::{AptRoot, Desk, Server, finish, until};

fn die_at_every(point: &str) {
    for hit in 1..=MOST_HITS {
        let apt = AptRoot::with(&packages());
        let desk = Desk::at(&apt);
        let before = (apt.installed(), apt.tree());
        let mut program = desk.program("d1-daemon");
        program.env("D1_FAULT", format!("{point}:{hit}"));
        let Ok(mut doomed) = Server::try_start(program, &[], "ready on") else {
            // It died before it took any work; the next one starts as if nothing had been.
            assert_eq!(desk.daemon(&[]).stop(), 0, "{point}:{hit}");
            continue;
        };
        let mut install = desk.start(&["install", "greeter", "--yes"]);
        until("the command or the daemon has ended", || {
            doomed.is_dead() || install.try_wait().unwrap().is_some()
        });
        if !doomed.is_dead() {
            let ran = finish(install);
            assert_eq!(ran.code, 0, "{point}:{hit}: {}{}", ran.stdout, ran.stderr);
            // What is left to be written when all is told is written before a clean end.
            if doomed.stop() == 0 {
                assert!(hit > 1 || is_only_for_others(point), "{point} is never passed");
                return;
            }
        } else {
            let _daemon = desk.daemon(&[]);
            // The command finds the new daemon, or says that it lost the old one.
            let ran = finish(install);
            assert!([0, 1, 3].contains(&ran.code), "{point}:{hit}: {}{}", ran.stdout, ran.stderr);
            go_on(&desk, &apt, &format!("{point}:{hit}"));
        }
        assert_eq!(apt.installed(), "greeter ii  1.0\ngreeter-words ii  1.2\n", "{point}:{hit}");
        assert_eq!(apt.installations("greeter"), 1, "{point}:{hit} installed it twice");
        let undone = desk.doctor(&["undo", "last", "--yes"]);
        assert_eq!(undone.code, 0, "{point}:{hit}: {}", undone.stderr);
        assert_eq!((apt.installed(), apt.tree()), before, "{point}:{hit} left something behind");
        the_log_holds(&desk, &format!("{point}:{hit}"));
    }
    panic!("{point} is passed more than {MOST_HITS} times in one installation");
}

#[test]
fn a_daemon_that_dies_at_a_write_loses_nothing_part_1() {
    d1_executor::fault::POINTS.iter().step_by(2).for_each(|point| die_at_every(point));
}

#[test]
fn a_daemon_that_dies_at_a_write_loses_nothing_part_2() {
    d1_executor::fault::POINTS.iter().skip(1).step_by(2).for_each(|point| die_at_every(point));
}
