//! The sandbox of somebody who is not root.

use crate::{
    rig::Rig,
    somebody::{USER, as_somebody},
};
use d1_executor::How;
use std::os::unix::fs::{MetadataExt as _, chown};

#[test]
fn without_root_everything_but_the_user_of_its_own_is_in_force() {
    let home = tempfile::tempdir_in("/var/tmp").unwrap();
    chown(home.path(), Some(USER), Some(USER)).unwrap();
    let home_path = home.path().to_path_buf();
    std::fs::create_dir(home.path().join("work")).unwrap();
    chown(home.path().join("work"), Some(USER), Some(USER)).unwrap();
    let line = "id -u; ls /root; cat /etc/shadow; ls -d /proc/[0-9]* | wc -l; unshare -U true; \
        echo made > work/new; grep CapEff /proc/self/status";
    let ended = as_somebody(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let rig = Rig::at(home);
            let ended = rig.run(&rig.grant(&["sh", "-c", line])).await.unwrap();
            // Its files are still there when the test looks at them.
            std::mem::forget(rig.home);
            ended
        })
    });
    assert_eq!(ended.report.how, How::Exited(0), "{}", ended.report.stderr);
    let off = ended.isolation.layers.iter().filter(|layer| !layer.in_force);
    let off: Vec<&str> = off.map(|layer| layer.name.as_str()).collect();
    assert!(off.iter().all(|name| ["task user", "cgroup"].contains(name)), "{off:?}");
    let said: Vec<&str> = ended.report.stdout.lines().collect();
    assert_eq!(said[0], USER.to_string());
    assert_eq!(said[2], "CapEff:\t0000000000000000");
    let errors = &ended.report.stderr;
    for why in
        ["'/root': No such file", "/etc/shadow: Permission denied", "Operation not permitted"]
    {
        assert!(errors.contains(why), "{errors}");
    }
    assert_eq!(std::fs::metadata(home_path.join("work/new")).unwrap().uid(), USER);
    std::fs::remove_dir_all(home_path).unwrap();
}
