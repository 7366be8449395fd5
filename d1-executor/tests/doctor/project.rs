//! Projects: which one is meant, whose files are believed, and what is told about its needs.

use crate::patient::Patient;
use d1_core::{Action, File, FileChange, Finding, Verdict};
use d1_executor::Selection;
use std::{fs, os::unix::fs::symlink};

/// What one check says; the others do not look.
async fn finding(patient: &Patient, id: &str) -> Finding {
    let only = Selection { names: vec![id.to_owned()], deep: false };
    patient.examine_as(&only).await.remove(id).unwrap()
}

fn stands_in(patient: &mut Patient, folder: &str) {
    fs::create_dir_all(patient.at(folder)).unwrap();
    patient.sight.cwd = Some(patient.at(folder));
}

#[tokio::test]
async fn the_nearest_folder_with_a_sign_of_a_project_is_the_project() {
    let mut patient = Patient::healthy();
    patient.write("/home/maya/app/part/.nvmrc", "18\n");
    stands_in(&mut patient, "/home/maya/app/part/src/deep");
    let tools = finding(&patient, "proj.tools").await;
    assert_eq!(tools.details, ["node: 20.11.1 is there; .nvmrc asks for 18"]);
}

#[tokio::test]
async fn a_repository_is_a_project_that_need_not_say_what_it_needs() {
    let mut patient = Patient::healthy();
    fs::create_dir_all(patient.at("/home/maya/app/part/.git")).unwrap();
    stands_in(&mut patient, "/home/maya/app/part/src");
    let file = finding(&patient, "proj.file").await;
    assert_eq!(file.summary, "the project says nothing about what it needs");
}

#[tokio::test]
async fn nothing_above_the_home_is_looked_at() {
    let mut patient = Patient::healthy();
    patient.write("/home/.nvmrc", "18\n");
    patient.write("/.nvmrc", "18\n");
    for folder in ["/home/maya/elsewhere", "/srv"] {
        stands_in(&mut patient, folder);
        for id in ["proj.file", "proj.pins", "proj.tools", "proj.env", "proj.services"] {
            let finding = finding(&patient, id).await;
            assert_eq!(finding.summary, "you stand in no project", "{folder}: {id}");
        }
    }
}

#[tokio::test]
async fn what_a_stranger_left_is_not_believed() {
    let mut patient = Patient::healthy();
    let file = patient.at("/home/maya/app/.nvmrc");
    let is_root = patient.sight.uid == 0;
    if is_root {
        std::os::unix::fs::chown(&file, Some(54_321), None).unwrap();
        patient.write("/home/maya/app/.nvmrc", "18\n");
    } else {
        // Only the administrator can give files away, so we become somebody else instead.
        patient.sight.uid += 1;
    }
    let findings = patient.examine().await;
    let told = &findings["proj.file"];
    assert!(told.is_trouble());
    let not_believed = |line: &&String| line.ends_with("and is not believed");
    let lines = told.details.iter().filter(not_believed).count();
    assert_eq!(lines, if is_root { 1 } else { 6 }, "{told:?}");
    assert!(!findings["proj.pins"].is_trouble(), "{:?}", findings["proj.pins"]);
    assert!(!findings["proj.tools"].is_trouble(), "{:?}", findings["proj.tools"]);
}

#[tokio::test]
async fn who_became_administrator_is_still_believed() {
    let mut patient = Patient::healthy();
    if patient.sight.uid != 0 {
        return;
    }
    std::os::unix::fs::chown(patient.at("/home/maya/app/.nvmrc"), Some(54_321), None).unwrap();
    patient.set("SUDO_UID", "54321");
    assert!(!finding(&patient, "proj.file").await.is_trouble());
}

#[tokio::test]
async fn a_shim_is_never_run_and_its_manager_tells_what_is_installed() {
    let mut patient = Patient::healthy();
    let shims = patient.at("/home/maya/.pyenv/shims");
    patient.sight.host.path = format!("{}:{}", shims.display(), patient.at("/tools").display());
    patient.remove("/tools/python3");
    let ran = patient.at("/home/maya/ran");
    patient.write("/home/maya/.pyenv/shims/python3", format!("#!/bin/sh\n: > {}\n", ran.display()));
    patient.mode("/home/maya/.pyenv/shims/python3", 0o755);
    fs::create_dir_all(patient.at("/home/maya/.pyenv/versions/3.10.4")).unwrap();
    let tools = finding(&patient, "proj.tools").await;
    assert_eq!(
        tools.details[0],
        "python: pyenv has 3.10.4; d1-doctor.toml asks for >=3.10, .python-version asks for 3.11"
    );
    assert_eq!(tools.remedy, ["pyenv install 3.11"]);
    fs::create_dir_all(patient.at("/home/maya/.pyenv/versions/3.11.9")).unwrap();
    assert_eq!(finding(&patient, "proj.tools").await.verdict, Verdict::Ok);
    assert!(!ran.exists(), "a shim may fetch what is missing");
}

#[tokio::test]
async fn toolchains_of_rustup_are_told_by_their_folders() {
    let patient = Patient::healthy();
    patient.write("/home/maya/app/rust-toolchain.toml", "[toolchain]\nchannel = \"1.90.0\"\n");
    patient.program("rustup", "exit 1");
    fs::create_dir_all(patient.at("/home/maya/.rustup/toolchains/1.89.0-x86_64")).unwrap();
    let tools = finding(&patient, "proj.tools").await;
    let told = "rust: rustup has 1.89.0; rust-toolchain.toml asks for 1.90.0";
    assert_eq!(tools.details[0], told);
    assert_eq!(tools.remedy, ["rustup toolchain install 1.90.0"]);
    fs::create_dir_all(patient.at("/home/maya/.rustup/toolchains/1.90.0-x86_64")).unwrap();
    assert_eq!(finding(&patient, "proj.tools").await.verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_go_that_fetches_what_is_wanted_will_do() {
    let patient = Patient::healthy();
    patient.write("/home/maya/app/go.mod", "module app.example\n\ngo 1.30\n");
    patient.program("go", "[ \"$1\" = version ] && echo go version go1.21.5 || echo auto");
    assert_eq!(finding(&patient, "proj.tools").await.verdict, Verdict::Ok);
}

/// A Debian whose index has one package, in this version.
fn offers(patient: &Patient, package: &str, version: &str) {
    patient.program("apt-get", "exit 1");
    let answer = format!("*{package}*) echo \"  Candidate: {version}\" ;; *) echo nothing ;;");
    patient.program("apt-cache", &format!("case \"$*\" in {answer} esac"));
}

#[tokio::test]
async fn what_is_missing_is_installed_only_when_the_package_is_one_that_fits() {
    let patient = Patient::healthy();
    patient.remove("/tools/node");
    offers(&patient, "nodejs", "1:20.11.1+dfsg-2~deb13u1");
    let tools = finding(&patient, "proj.tools").await;
    assert_eq!(tools.remedy, ["d1-doctor install nodejs"]);
    let titles: Vec<&str> = tools.fix.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles, ["install nodejs with apt"]);
    offers(&patient, "nodejs", "18.19.0+dfsg-6~deb12u2");
    let tools = finding(&patient, "proj.tools").await;
    assert_eq!(tools.remedy, ["install node 20.11.1, by hand or with a version manager"]);
    assert_eq!(tools.fix, []);
    patient.program("mise", "exit 1");
    assert_eq!(finding(&patient, "proj.tools").await.remedy, ["mise install"]);
}

#[tokio::test]
async fn nothing_is_mended_when_only_some_of_it_could_be() {
    let patient = Patient::healthy();
    patient.remove("/tools/node");
    patient.program("python3", "echo Python 3.9.2");
    offers(&patient, "nodejs", "20.11.1");
    let tools = finding(&patient, "proj.tools").await;
    assert_eq!(tools.details.len(), 3, "{tools:?}");
    assert_eq!(tools.fix, []);
}

#[tokio::test]
async fn a_package_named_by_the_project_is_the_one_that_is_installed() {
    let patient = Patient::healthy();
    patient.write(
        "/home/maya/app/d1-doctor.toml",
        "[tools]\nbuf = { version = \"any\", package = \"buf-tools\" }\n",
    );
    offers(&patient, "buf-tools", "1.2");
    let tools = finding(&patient, "proj.tools").await;
    assert_eq!(tools.details[0], "buf: it is not there; d1-doctor.toml asks for any");
    assert_eq!(tools.remedy, ["d1-doctor install buf-tools"]);
    assert_eq!(tools.fix.len(), 1 + usize::from(tools.fix.len() == 2));
}

#[tokio::test]
async fn values_of_variables_are_told_to_nobody() {
    let patient = Patient::healthy();
    patient.write("/home/maya/app/.env", "API_KEY=hunter2\n");
    let variables = finding(&patient, "proj.env").await;
    assert_eq!(variables.details, ["DATABASE_URL"]);
    assert!(!format!("{variables:?}").contains("hunter2"));
    assert_eq!(variables.fix[0].title, "add DATABASE_URL to ~/app/.env, as in .env.example");
}

#[tokio::test]
async fn a_new_file_of_variables_is_its_owners_alone() {
    let patient = Patient::healthy();
    patient.remove("/home/maya/app/.env");
    let variables = finding(&patient, "proj.env").await;
    let [step] = variables.fix.as_slice() else { panic!("{:?}", variables.fix) };
    let Action::File(File { change: FileChange::Write { mode, content }, .. }) = &step.action
    else {
        panic!("{step:?}")
    };
    assert_eq!(*mode, Some(0o600));
    assert_eq!(content, "DATABASE_URL=postgres://127.0.0.1/app\nAPI_KEY=\n");
}

#[tokio::test]
async fn variables_that_no_example_has_are_left_to_people() {
    let patient = Patient::healthy();
    patient.write("/home/maya/app/.env", "");
    patient.write("/home/maya/app/.env.example", "API_KEY=\n");
    let variables = finding(&patient, "proj.env").await;
    assert_eq!((variables.verdict, variables.fix), (Verdict::Fail, vec![]));
}

#[tokio::test]
async fn a_variable_of_the_environment_is_set() {
    let mut patient = Patient::healthy();
    patient.write("/home/maya/app/.env", "API_KEY=\n");
    patient.set("DATABASE_URL", "x");
    assert_eq!(finding(&patient, "proj.env").await.verdict, Verdict::Ok);
}

#[tokio::test]
async fn who_holds_a_port_is_named_unless_it_is_the_project_itself() {
    let patient = Patient::healthy();
    patient.listens(3000, 71, "node", "/home/maya/other");
    let ports = finding(&patient, "proj.ports").await;
    assert_eq!(ports.details, ["web: port 3000 is held by node (process 71)"]);
    let patient = Patient::healthy();
    patient.listens(3000, 71, "node", "/home/maya/app/src");
    assert_eq!(finding(&patient, "proj.ports").await.verdict, Verdict::Ok);
    let patient = Patient::healthy();
    patient.listens(patient.port, 71, "postgres", "/home/maya/other");
    assert_eq!(finding(&patient, "proj.ports").await.verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_service_that_is_silent_is_named_with_what_brings_it() {
    let patient = Patient::healthy();
    patient.has_manifest("[services.redis]\nsocket = \"/run/redis.sock\"\n");
    patient.write("/home/maya/app/compose.yaml", "services: {}\n");
    let services = finding(&patient, "proj.services").await;
    assert_eq!(services.details, ["redis: nobody answers on /run/redis.sock"]);
    assert_eq!(services.remedy, ["docker compose up --detach", "d1-doctor install redis"]);
    assert_eq!(services.fix, [], "there is no unit to start");
    patient.write("/usr/lib/systemd/system/redis-server.service", "[Unit]\n");
    fs::create_dir_all(patient.at("/run/systemd/system")).unwrap();
    assert_eq!(finding(&patient, "proj.services").await.fix[0].title, "start redis-server");
}

#[tokio::test]
async fn whatever_stands_in_place_of_a_file_is_survived() {
    for file in [
        "d1-doctor.toml",
        ".tool-versions",
        "mise.toml",
        ".nvmrc",
        ".python-version",
        "rust-toolchain",
        "go.mod",
        "package.json",
        ".env",
        ".env.example",
        "yarn.lock",
    ] {
        let path = format!("/home/maya/app/{file}");
        let odd: [fn(&Patient, &str); 6] = [
            |patient, path| fs::create_dir(patient.at(path)).unwrap(),
            |patient, path| symlink(patient.at(path), patient.at(path)).unwrap(),
            |patient, path| symlink("/dev/zero", patient.at(path)).unwrap(),
            |patient, path| patient.write(path, vec![b'['; 2 << 20]),
            |patient, path| patient.write(path, b"\xff\xfe[tools]\n\x00node = \"\x1b[2J\"\n"),
            |patient, path| {
                let made = std::process::Command::new("mkfifo").arg(patient.at(path)).status();
                assert!(made.unwrap().success());
            },
        ];
        for (number, put) in odd.into_iter().enumerate() {
            let patient = Patient::healthy();
            let _not_there = fs::remove_file(patient.at(&path));
            put(&patient, &path);
            let only = Selection { names: vec!["proj".into()], deep: true };
            for (id, finding) in patient.examine_as(&only).await {
                assert!(!finding.summary.starts_with("no answer"), "{file} {number}: {id}");
                assert!(!finding.summary.contains("mistake"), "{file} {number}: {finding:?}");
                let text = format!("{:?}{:?}", finding.details, finding.remedy);
                assert!(!text.contains("\\u{1b}"), "{file} {number}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_folder_deep_below_is_in_no_project() {
    let mut patient = Patient::healthy();
    let deep: String = (0..64).map(|_| "/d").collect();
    stands_in(&mut patient, &format!("/home/maya/app{deep}"));
    let tools = finding(&patient, "proj.tools").await;
    assert_eq!(tools.summary, "you stand in no project");
}
