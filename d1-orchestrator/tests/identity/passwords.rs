//! Passwords: what is kept of them, and how much work they are.

use d1_orchestrator::{PasswordError, Passwords};
use tokio::task::JoinSet;

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn a_password_opens_and_nothing_near_it_does() {
    let passwords = Passwords::new().unwrap();
    let kept = passwords.hash(PASSWORD).await.unwrap();
    assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    assert!(passwords.verify(PASSWORD, Some(&kept)).await.unwrap());
    for wrong in ["", "correct horse batter", "Correct horse battery", "correct horse battery "] {
        assert!(!passwords.verify(wrong, Some(&kept)).await.unwrap(), "{wrong:?}");
    }
}

#[tokio::test]
async fn the_same_password_is_kept_differently_each_time() {
    let passwords = Passwords::new().unwrap();
    let (one, two) = (passwords.hash(PASSWORD).await, passwords.hash(PASSWORD).await);
    assert_ne!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn a_name_that_nobody_has_is_refused_after_the_same_work() {
    let passwords = Passwords::new().unwrap();
    assert!(!passwords.verify(PASSWORD, None).await.unwrap());
    // The same work, not the same answer: a broken hash is told, and so was looked at.
    let error = passwords.verify(PASSWORD, Some("not a hash")).await.unwrap_err();
    assert!(matches!(error, PasswordError::Unusable(_)));
}

#[tokio::test]
async fn what_is_easy_to_guess_or_too_long_is_refused() {
    let passwords = Passwords::new().unwrap();
    let short = passwords.hash("fourteen chars").await.unwrap_err();
    assert!(matches!(short, PasswordError::TooShort));
    let long = "x".repeat(Passwords::MAX_BYTES + 1);
    assert!(matches!(passwords.hash(&long).await, Err(PasswordError::TooLong)));
    assert!(matches!(passwords.verify(&long, None).await, Err(PasswordError::TooLong)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_told_to_come_again_and_the_first_of_it_are_served() {
    let passwords = Passwords::new().unwrap();
    let mut crowd = JoinSet::new();
    for _ in 0..200 {
        let passwords = passwords.clone();
        crowd.spawn(async move { passwords.verify(PASSWORD, None).await });
    }
    let said = crowd.join_all().await;
    let busy = said.iter().filter(|said| matches!(said, Err(PasswordError::Busy))).count();
    let served = said.iter().filter(|said| matches!(said, Ok(false))).count();
    assert_eq!(busy + served, 200);
    assert!(served >= 34 && busy > 0, "{served} served, {busy} sent away");
}
