//! `d1-daemon`: carries out plans on this machine.

fn main() -> std::process::ExitCode {
    d1_daemon::main()
}
