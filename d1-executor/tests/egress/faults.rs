//! What breaks closes the network, with a reason; nothing is let through because of it.

use crate::town::{Town, decided, refused};
use d1_core::{NetworkAsk, NetworkDecision, NetworkReason as Reason};
use d1_executor::{
    Demand, DomainName, EgressAudit, EgressAuditError, HostRule, Resolver, SandboxError, Wall,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

const GOOD: &str = "good.example.org";
const CALL: &str = "curl -sS -o /dev/null -w '%{http_code}' http://good.example.org/ 2>&1; true";

/// A disk that is full after so many decisions.
#[derive(Debug)]
struct Full {
    left: AtomicUsize,
    told: Mutex<Vec<NetworkDecision>>,
}

impl Full {
    fn after(left: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(left), told: Mutex::default() })
    }
}

impl EgressAudit for Full {
    fn decided(&self, decision: &NetworkDecision) -> Result<(), EgressAuditError> {
        let left = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| EgressAuditError("no space left".into()))?;
        self.told.lock().unwrap().push(decision.clone());
        Ok(())
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_does_not_happen() {
    // Names for both versions, the request, the connection: so many decisions there are.
    for written in 0..5 {
        let audit = Full::after(written);
        let town = Town::with(|outside| outside.with_audit(Arc::<Full>::clone(&audit)));
        let page = town.page("hello").await;
        town.map.lead(GOOD, &[&[page]]);
        let (said, network) = town.shell(CALL, &[GOOD]).await;
        let works = written >= 4;
        assert_eq!(said.ends_with("200"), works, "{written}: {said}");
        assert_eq!(refused(&network, GOOD, Reason::NotRecorded), !works, "{written}: {network:?}");
        let called = town.map.looked_up().len();
        assert!(works || called <= 1, "{written}");
        let told = audit.told.lock().unwrap();
        assert_eq!(told.len(), written.min(4), "{told:?}");
        assert!(told.iter().all(|it| it.times == 1 && it.sent == 0), "before it happens");
    }
}

#[derive(Debug)]
struct Broken;

#[async_trait::async_trait]
impl Resolver for Broken {
    async fn addresses(&self, _host: &DomainName, _port: u16) -> io::Result<Vec<SocketAddr>> {
        Err(io::Error::other("the resolver is broken"))
    }
}

/// One that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait::async_trait]
impl Resolver for Silent {
    async fn addresses(&self, _host: &DomainName, _port: u16) -> io::Result<Vec<SocketAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_resolver_that_fails_or_is_silent_closes_the_way() {
    let resolvers: [Arc<dyn Resolver>; 2] = [Arc::new(Broken), Arc::new(Silent)];
    for resolver in resolvers {
        let town = Town::with(|outside| outside.with_resolver(Arc::clone(&resolver)));
        let mut grant = town.grant(&["sh", "-c", CALL], &[GOOD]);
        grant.network.budget.connect_ms = 500;
        let ended = town.run(&grant).await.unwrap();
        assert_eq!(ended.report.stdout, "502", "{}", ended.report.stderr);
        assert!(refused(&ended.isolation.network, GOOD, Reason::NotResolved));
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_told_as_that() {
    let town = Town::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    town.map.lead(GOOD, &[&[nobody]]);
    let (said, network) = town.shell(CALL, &[GOOD]).await;
    assert_eq!(said, "502");
    let request = (NetworkAsk::Request, GOOD, 80, None);
    let connection = (NetworkAsk::Connection, GOOD, 80, Some(Reason::NotConnected));
    assert_eq!(decided(&network), [request, connection]);
}

/// The same on a thread on which a call fails, as on an older or smaller kernel.
fn without(
    call: i64,
    when: Option<(u8, u64)>,
    errno: i32,
    town: fn() -> Town,
) -> Vec<SandboxError> {
    let rules = when.map(|(argument, value)| {
        let it = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
        SeccompRule::new(vec![it.unwrap()]).unwrap()
    });
    let rules = BTreeMap::from([(call, rules.into_iter().collect())]);
    let says = SeccompAction::Errno(errno.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, says, TargetArch::x86_64);
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    let work = move || {
        apply_filter(&program).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut all = Vec::new();
            for demand in [Demand::Required, Demand::BestEffort] {
                let town = town();
                let mut grant = town.grant(&["true"], &[GOOD]);
                grant.demand = demand;
                all.push(town.run(&grant).await.unwrap_err());
            }
            all
        })
    };
    std::thread::spawn(work).join().unwrap()
}

#[test]
fn without_a_namespace_or_its_sockets_nothing_runs_whatever_is_demanded() {
    let netlink = u64::try_from(libc::AF_NETLINK).unwrap();
    for (call, when) in [(libc::SYS_socket, Some((0, netlink))), (libc::SYS_setsockopt, None)] {
        for error in without(call, when, libc::EPERM, Town::new) {
            let told = error.to_string();
            assert!(matches!(error, SandboxError::Missing { wall: Wall::Egress, .. }), "{told}");
            assert!(told.contains("network") && told.contains("nothing was run"), "{told}");
        }
    }
}

#[test]
fn without_what_descriptors_go_through_nothing_runs_whatever_is_demanded() {
    // That of the sandbox, and not those of this program.
    let pair = u64::try_from(libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC).unwrap();
    for (call, when, errno) in [
        (libc::SYS_socketpair, Some((1, pair)), libc::EMFILE),
        (libc::SYS_sendmsg, None, libc::EPERM),
        (libc::SYS_recvmsg, None, libc::EPERM),
    ] {
        for error in without(call, when, errno, Town::new) {
            let told = error.to_string();
            assert!(told.contains("nothing was run"), "{told}");
        }
    }
}

#[tokio::test]
async fn more_hosts_or_ports_than_a_command_can_have_are_refused_before_it_runs() {
    let town = Town::new();
    let rules = |count: usize, rule: &dyn Fn(usize) -> String| -> Vec<HostRule> {
        (0..count).map(|number| rule(number).parse().unwrap()).collect()
    };
    for (hosts, said) in [
        (rules(65, &|n| format!("n{n}.org")), "at most 64 hosts"),
        (rules(17, &|n| format!("a.org:{}", 1000 + n)), "at most 16 different ports"),
        (rules(1, &|_| "a.org:53".into()), "port 53 cannot be given"),
    ] {
        let mut grant = town.grant(&["true"], &[GOOD]);
        grant.network.hosts = hosts;
        let error = town.run(&grant).await.unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("nothing was run"), "{error}");
    }
}

/// Of so many different decisions some are only counted; how many is exact.
#[tokio::test]
async fn a_flood_of_different_names_is_listed_in_part_and_counted_whole() {
    let town = Town::new();
    let line = "for i in $(seq 200); do printf \"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x04n$(printf %03d $i)\\x03org\\0\\0\\x01\\0\\x01\" > /dev/udp/1.1.1.1/53; done; getent hosts good.example.org >/dev/null";
    let (_, network) = town.shell(line, &[GOOD]).await;
    let listed: u64 = network.decisions.iter().map(|it| it.times).sum();
    assert_eq!(network.decisions.len(), d1_core::NetworkUse::MAX);
    assert!(listed + network.dropped >= 200, "{} {}", listed, network.dropped);
    assert!(network.dropped >= 72, "{}", network.dropped);
}

/// Without namespaces a command may run where that is allowed, and never with a network: nothing
/// would keep it to the names it was given.
#[test]
fn without_namespaces_there_is_no_network_whatever_is_demanded() {
    let errors = without(libc::SYS_fsopen, None, libc::ENOSYS, Town::lax);
    assert!(matches!(errors[0], SandboxError::SetUp { .. }), "{}", errors[0]);
    assert!(matches!(errors[1], SandboxError::Missing { wall: Wall::Egress, .. }), "{}", errors[1]);
    assert!(errors[1].to_string().contains("nothing keeps it to the names"), "{}", errors[1]);
}
