//! The laws of [`Directory`].

use super::{
    Laws,
    samples::{NOW, RACERS},
};
use crate::{
    AccountId, DeviceId, Directory, DirectoryError, FederatedId, Membership, Organisation, Role,
    User, UserId,
};
use std::{future::Future, sync::Arc};
use tokio::task::JoinSet;

type Port = Arc<dyn Directory>;

/// Checks every law of [`Directory`], each on a fresh one from `make`.
pub async fn directory<F, S>(make: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let mut laws = Laws::default();
    laws.check("a_person_is_found_by_id_and_by_name", found(make().await)).await;
    laws.check("a_name_is_one_persons", taken(make().await)).await;
    laws.check("of_many_who_race_for_a_name_one_has_it", racing_names(make().await)).await;
    laws.check("a_new_person_owns_an_organisation", homes(make().await)).await;
    laws.check("what_is_refused_leaves_nothing", nothing_left(make().await)).await;
    laws.check("a_change_is_kept_and_changes_nobody_else", changes(make().await)).await;
    laws.check("people_are_listed_by_name_in_parts", lists(make().await)).await;
    laws.check("roles_are_given_changed_and_taken", roles(make().await)).await;
    laws.check("an_organisation_never_loses_its_last_owner", last_owner(make().await)).await;
    laws.check("of_owners_who_leave_at_once_one_stays", racing_owners(make().await)).await;
    laws.check("nobody_unknown_is_given_a_role", strangers(make().await)).await;
    laws.check("a_person_is_found_as_others_know_them", federated(make().await)).await;
    laws.check("who_is_somebody_elsewhere_is_nobody_else_here", linked(make().await)).await;
    laws.check("of_many_who_race_to_be_somebody_one_is", racing_links(make().await)).await;
    laws.check("a_device_is_whose_it_was_first", devices(make().await)).await;
    laws.check("of_many_who_race_for_a_device_one_has_it", racing_devices(make().await)).await;
    laws.all_hold();
}

/// Checks that everybody is still there when the same directory is opened again.
///
/// `open` gives the same one every time, and is only called when no earlier one is in use. It
/// begins empty.
pub async fn directory_durability<F, S>(open: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let (anna, home) = somebody("anna");
    let port = open().await;
    port.add_user(&anna, &home).await.unwrap();
    let changed = User { disabled: true, ..anna };
    port.change_user(&changed).await.unwrap();
    drop(port);
    let again = open().await;
    let mut laws = Laws::default();
    laws.check("people_outlive_the_process", async move {
        assert_eq!(again.user(changed.id).await.unwrap(), Some(changed.clone()));
        assert_eq!(again.organisation(home.account).await.unwrap(), Some(home.clone()));
        let role = again.role(home.account, changed.id).await.unwrap();
        assert_eq!(role, Some(Role::Owner));
    })
    .await;
    laws.all_hold();
}

/// Somebody nobody knows yet, and an organisation of their own.
fn somebody(name: &str) -> (User, Organisation) {
    let user = User {
        id: UserId::generate(),
        login: name.parse().unwrap(),
        password: Some(format!("$argon2id$v=19$of ‘{name}’")),
        disabled: false,
        created: NOW,
    };
    (user, organisation(&format!("{name}’s <b>home</b>")))
}

fn organisation(name: &str) -> Organisation {
    Organisation { account: AccountId::generate(), name: name.to_owned(), created: NOW }
}

async fn known(port: &Port, name: &str) -> (User, Organisation) {
    let (user, home) = somebody(name);
    port.add_user(&user, &home).await.unwrap();
    (user, home)
}

async fn found(port: Port) {
    let (anna, home) = known(&port, "anna@example.org").await;
    known(&port, "bert").await;
    assert_eq!(port.user(anna.id).await.unwrap(), Some(anna.clone()));
    assert_eq!(port.user_named(&"ANNA@example.org".parse().unwrap()).await.unwrap(), Some(anna));
    assert_eq!(port.organisation(home.account).await.unwrap(), Some(home));
    assert_eq!(port.user(UserId::generate()).await.unwrap(), None);
    assert_eq!(port.user_named(&"zoe".parse().unwrap()).await.unwrap(), None);
    assert_eq!(port.organisation(AccountId::generate()).await.unwrap(), None);
    let (mut nameless, home) = somebody("carl");
    nameless.password = None;
    port.add_user(&nameless, &home).await.unwrap();
    assert_eq!(port.user(nameless.id).await.unwrap(), Some(nameless));
}

async fn taken(port: Port) {
    let (anna, home) = known(&port, "anna").await;
    let (other, elsewhere) = somebody("Anna");
    let again = port.add_user(&other, &elsewhere).await;
    assert!(matches!(&again, Err(DirectoryError::Taken(name)) if name == "anna"), "{again:?}");
    let same_id = User { id: anna.id, ..somebody("bert").0 };
    let again = port.add_user(&same_id, &elsewhere).await;
    assert!(matches!(again, Err(DirectoryError::Taken(_))), "{again:?}");
    let again = port.add_organisation(&home, anna.id).await;
    assert!(matches!(again, Err(DirectoryError::Taken(_))), "{again:?}");
}

async fn racing_names(port: Port) {
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let port = Arc::clone(&port);
        racers.spawn(async move {
            let (user, home) = somebody("anna");
            port.add_user(&user, &home).await.is_ok().then_some(user)
        });
    }
    let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(port.user_named(&winners[0].login).await.unwrap().as_ref(), winners.first());
}

async fn homes(port: Port) {
    let (anna, home) = known(&port, "anna").await;
    known(&port, "bert").await;
    let owns = Membership { account: home.account, user: anna.id, role: Role::Owner };
    assert_eq!(port.memberships(anna.id).await.unwrap(), [owns]);
    assert_eq!(port.members(home.account).await.unwrap(), [owns]);
    assert_eq!(port.role(home.account, anna.id).await.unwrap(), Some(Role::Owner));
}

async fn nothing_left(port: Port) {
    let (anna, home) = known(&port, "anna").await;
    let (impostor, elsewhere) = somebody("anna");
    port.add_user(&impostor, &elsewhere).await.unwrap_err();
    assert_eq!(port.user(impostor.id).await.unwrap(), None);
    assert_eq!(port.organisation(elsewhere.account).await.unwrap(), None);
    assert_eq!(port.memberships(impostor.id).await.unwrap(), []);
    // A new person with the account of another one is not kept, either.
    let (bert, _) = somebody("bert");
    port.add_user(&bert, &home).await.unwrap_err();
    assert_eq!(port.user(bert.id).await.unwrap(), None);
    assert_eq!(port.members(home.account).await.unwrap().len(), 1);
    assert_eq!(port.user(anna.id).await.unwrap(), Some(anna));
}

async fn changes(port: Port) {
    let (anna, _) = known(&port, "anna").await;
    let (bert, _) = known(&port, "bert").await;
    let changed = User { password: Some("$new".into()), disabled: true, ..anna.clone() };
    port.change_user(&changed).await.unwrap();
    assert_eq!(port.user(anna.id).await.unwrap(), Some(changed));
    assert_eq!(port.user(bert.id).await.unwrap(), Some(bert));
    let without = User { password: None, ..anna };
    port.change_user(&without).await.unwrap();
    assert_eq!(port.user(without.id).await.unwrap(), Some(without));
    let refused = port.change_user(&somebody("zoe").0).await;
    assert!(matches!(refused, Err(DirectoryError::NoUser(_))), "{refused:?}");
    assert_eq!(port.user_named(&"zoe".parse().unwrap()).await.unwrap(), None);
}

async fn lists(port: Port) {
    for name in ["carl", "anna", "bert", "dora"] {
        known(&port, name).await;
    }
    let names = |users: Vec<User>| users.into_iter().map(|it| it.login.to_string());
    let first = port.users(None, 2).await.unwrap();
    assert_eq!(names(first).collect::<Vec<_>>(), ["anna", "bert"]);
    let rest = port.users(Some(&"bert".parse().unwrap()), 9).await.unwrap();
    assert_eq!(names(rest).collect::<Vec<_>>(), ["carl", "dora"]);
}

async fn roles(port: Port) {
    let (anna, home) = known(&port, "anna").await;
    let (bert, berts) = known(&port, "bert").await;
    for role in [Role::Viewer, Role::Member, Role::Admin, Role::Owner, Role::Viewer] {
        port.set_role(home.account, bert.id, Some(role)).await.unwrap();
        assert_eq!(port.role(home.account, bert.id).await.unwrap(), Some(role));
    }
    let owns = |account, user| Membership { account, user, role: Role::Owner };
    let views = Membership { account: home.account, user: bert.id, role: Role::Viewer };
    assert_eq!(port.members(home.account).await.unwrap(), [owns(home.account, anna.id), views]);
    assert_eq!(port.memberships(bert.id).await.unwrap(), [owns(berts.account, bert.id), views]);
    port.set_role(home.account, bert.id, None).await.unwrap();
    port.set_role(home.account, bert.id, None).await.unwrap();
    assert_eq!(port.role(home.account, bert.id).await.unwrap(), None);
    assert_eq!(port.memberships(bert.id).await.unwrap(), [owns(berts.account, bert.id)]);
    assert_eq!(port.role(berts.account, anna.id).await.unwrap(), None);
}

async fn last_owner(port: Port) {
    let (anna, home) = known(&port, "anna").await;
    let (bert, _) = known(&port, "bert").await;
    port.set_role(home.account, bert.id, Some(Role::Admin)).await.unwrap();
    for less in [None, Some(Role::Admin), Some(Role::Viewer)] {
        let refused = port.set_role(home.account, anna.id, less).await;
        assert!(matches!(refused, Err(DirectoryError::NoOwnerLeft(_))), "{refused:?}");
    }
    assert_eq!(port.role(home.account, anna.id).await.unwrap(), Some(Role::Owner));
    // Once there is another one, the first may go.
    port.set_role(home.account, bert.id, Some(Role::Owner)).await.unwrap();
    port.set_role(home.account, anna.id, None).await.unwrap();
    assert_eq!(port.members(home.account).await.unwrap().len(), 1);
}

async fn racing_owners(port: Port) {
    let (anna, home) = known(&port, "anna").await;
    let mut owners = vec![anna.id];
    for index in 1..RACERS {
        let (user, _) = known(&port, &format!("o{index}")).await;
        port.set_role(home.account, user.id, Some(Role::Owner)).await.unwrap();
        owners.push(user.id);
    }
    let mut racers = JoinSet::new();
    for owner in owners {
        let port = Arc::clone(&port);
        racers.spawn(async move { port.set_role(home.account, owner, None).await });
    }
    let refused = racers.join_all().await.into_iter().filter(Result::is_err).count();
    assert_eq!(refused, 1);
    let left = port.members(home.account).await.unwrap();
    assert_eq!(left.iter().map(|member| member.role).collect::<Vec<_>>(), [Role::Owner]);
}

async fn strangers(port: Port) {
    let (anna, home) = known(&port, "anna").await;
    let nobody = UserId::generate();
    let refused = port.set_role(home.account, nobody, Some(Role::Admin)).await;
    assert!(matches!(refused, Err(DirectoryError::NoUser(_))), "{refused:?}");
    let nowhere = AccountId::generate();
    let refused = port.set_role(nowhere, anna.id, Some(Role::Owner)).await;
    assert!(matches!(refused, Err(DirectoryError::NoOrganisation(_))), "{refused:?}");
    let refused = port.add_organisation(&organisation("x"), nobody).await;
    assert!(matches!(refused, Err(DirectoryError::NoUser(_))), "{refused:?}");
    let second = organisation("second");
    port.add_organisation(&second, anna.id).await.unwrap();
    let accounts = port.memberships(anna.id).await.unwrap().into_iter().map(|it| it.account);
    assert_eq!(accounts.collect::<Vec<_>>(), [home.account, second.account]);
}

fn elsewhere(subject: &str) -> FederatedId {
    FederatedId::new("https://id.example", subject).unwrap()
}

async fn federated(port: Port) {
    let (anna, _) = known(&port, "anna").await;
    known(&port, "bert").await;
    let other = FederatedId::new("https://other.example", "Anna").unwrap();
    for id in [&other, &elsewhere("Anna"), &other] {
        port.link_user(anna.id, id).await.unwrap();
    }
    assert_eq!(port.federated_ids(anna.id).await.unwrap(), [elsewhere("Anna"), other.clone()]);
    assert_eq!(port.user_federated(&other).await.unwrap().as_ref(), Some(&anna));
    // Neither part is enough, and every letter counts.
    for stranger in [elsewhere("anna"), FederatedId::new("https://x.example", "Anna").unwrap()] {
        assert_eq!(port.user_federated(&stranger).await.unwrap(), None);
    }
    port.unlink_user(anna.id, &other).await.unwrap();
    port.unlink_user(anna.id, &other).await.unwrap();
    assert_eq!(port.user_federated(&other).await.unwrap(), None);
    assert_eq!(port.federated_ids(anna.id).await.unwrap(), [elsewhere("Anna")]);
}

async fn linked(port: Port) {
    let (anna, _) = known(&port, "anna").await;
    let (bert, _) = known(&port, "bert").await;
    let id = elsewhere("1");
    port.link_user(anna.id, &id).await.unwrap();
    let refused = port.link_user(bert.id, &id).await;
    assert!(matches!(&refused, Err(DirectoryError::Linked(is)) if *is == id), "{refused:?}");
    port.unlink_user(bert.id, &id).await.unwrap();
    assert_eq!(port.user_federated(&id).await.unwrap(), Some(anna));
    let refused = port.link_user(UserId::generate(), &elsewhere("2")).await;
    assert!(matches!(refused, Err(DirectoryError::NoUser(_))), "{refused:?}");
    assert_eq!(port.user_federated(&elsewhere("2")).await.unwrap(), None);
}

async fn racing_links(port: Port) {
    let mut racers = JoinSet::new();
    for index in 0..RACERS {
        let (user, _) = known(&port, &format!("o{index}")).await;
        let port = Arc::clone(&port);
        racers.spawn(async move {
            port.link_user(user.id, &elsewhere("1")).await.is_ok().then_some(user)
        });
    }
    let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(port.user_federated(&elsewhere("1")).await.unwrap().as_ref(), winners.first());
}

async fn devices(port: Port) {
    let (device, other) = (DeviceId::generate(), DeviceId::generate());
    let (anna, bert) = (AccountId::generate(), AccountId::generate());
    assert_eq!(port.device_owner(device).await.unwrap(), None);
    assert_eq!(port.claim_device(device, anna).await.unwrap(), anna);
    for claimant in [bert, anna] {
        assert_eq!(port.claim_device(device, claimant).await.unwrap(), anna);
    }
    assert_eq!(port.device_owner(device).await.unwrap(), Some(anna));
    assert_eq!(port.claim_device(other, bert).await.unwrap(), bert);
}

async fn racing_devices(port: Port) {
    let (device, mut racers) = (DeviceId::generate(), JoinSet::new());
    for _ in 0..RACERS {
        let port = Arc::clone(&port);
        racers.spawn(async move {
            let account = AccountId::generate();
            port.claim_device(device, account).await.unwrap() == account
        });
    }
    let winners = racers.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(winners, 1);
}
