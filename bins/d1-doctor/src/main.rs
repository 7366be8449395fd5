//! `d1-doctor`: sets up and repairs this machine.

fn main() -> std::process::ExitCode {
    d1_doctor::main()
}
