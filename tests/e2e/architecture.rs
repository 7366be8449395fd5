//! The house rules that a reader cannot be trusted to keep, checked on the sources.
//!
//! 1. [`source`] reads the repository: every file with its path and text.
//! 2. [`names`] tells which paths a Rust text names, comments and strings left out.
//! 3. [`crates`] are the rules about dependencies, [`places`] those about words in the
//!    wrong room, [`looks`] those about how files look, [`attacks`] what is promised of
//!    attacks: plain functions from what was read to what is wrong, each shown to catch a
//!    violation.
//! 4. The tests here hold them against this repository.
//!
//! CONTRIBUTING.md tells the rules and their reasons.

mod attacks;
mod crates;
mod looks;
mod names;
mod places;
mod source;

use crates::Crate;
use source::SourceFile;

/// Nothing wrong.
const NOTHING: [String; 0] = [];

#[test]
fn libraries_know_the_core_and_never_each_other() {
    assert_eq!(crates::not_a_star(&Crate::all()), NOTHING);
}

#[test]
fn the_core_brings_in_nothing_that_opens_a_file_a_socket_or_a_process() {
    assert_eq!(crates::core_is_not_pure(&Crate::all()), NOTHING);
}

#[test]
fn wire_formats_are_a_dependency_of_the_protocol_alone() {
    assert_eq!(crates::wire_outside_protocol(&Crate::all()), NOTHING);
}

#[test]
fn untyped_errors_are_a_dependency_of_the_doors_alone() {
    assert_eq!(crates::anyhow_outside_doors(&Crate::all()), NOTHING);
}

#[test]
fn forbidden_names_stay_in_their_rooms() {
    assert_eq!(places::names_out_of_place(&SourceFile::all()), NOTHING);
}

#[test]
fn generated_types_stay_private() {
    assert_eq!(places::public_wire_modules(&SourceFile::all()), NOTHING);
}

#[test]
fn only_the_shell_action_names_a_shell() {
    assert_eq!(places::shells_out_of_place(&SourceFile::all()), NOTHING);
}

#[test]
fn every_attack_is_held_by_a_test_or_it_is_said_why_not() {
    assert_eq!(attacks::attacks_without_a_test(&SourceFile::all()), NOTHING);
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    assert_eq!(looks::without_header(&SourceFile::all()), NOTHING);
}

#[test]
fn the_doors_are_thin() {
    assert_eq!(looks::thick_mains(&SourceFile::all()), NOTHING);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    assert_eq!(looks::manifests_without_lints(&SourceFile::all()), NOTHING);
}

#[test]
fn the_lints_that_enforce_house_rules_are_on() {
    assert_eq!(looks::lints_switched_off(&SourceFile::all()), NOTHING);
}

#[test]
fn the_tests_that_the_guide_promises_exist() {
    assert_eq!(looks::promised_tests(&SourceFile::all()), NOTHING);
}

#[test]
fn the_top_level_has_only_the_known_folders() {
    assert_eq!(looks::unknown_rooms(&SourceFile::all()), NOTHING);
}

#[test]
fn the_walk_sees_every_room() {
    let files = SourceFile::all();
    for seen in [
        ".ci/run",
        "Cargo.toml",
        "bins/d1-doctor/src/main.rs",
        "d1-core/src/lib.rs",
        "tests/e2e/architecture/source.rs",
    ] {
        assert!(files.iter().any(|file| file.path == seen), "the walk missed `{seen}`");
    }
    let built = files.iter().find(|file| file.path.starts_with("target/"));
    assert_eq!(built, None, "build output is no source");
}
