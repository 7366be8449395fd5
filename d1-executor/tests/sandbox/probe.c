/* Tries one thing after the other and tells the kernel's answer to each: `name<TAB>YES` or the
 * name of the error. Arguments: our process, a secret file, a Unix socket, an abstract one, the
 * port of a TCP and a UDP socket. Nothing it does outside changes anything there. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

static void tell(const char *name, long result) {
  int error = errno;
  printf("%s\t%s\n", name, result >= 0 ? "YES" : strerrorname_np(error));
  fflush(stdout);
}

static long opened(const char *path, int flags) {
  int fd = open(path, flags, 0644);
  if (fd >= 0) close(fd);
  return fd;
}

/* In a child of its own, so that what works does not change the probes after it. */
#define APART(call)                        \
  ({                                       \
    pid_t child = fork();                  \
    if (child == 0) {                      \
      errno = 0;                           \
      _exit((call) >= 0 ? 0 : errno);      \
    }                                      \
    int status = 0;                        \
    waitpid(child, &status, 0);            \
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ENOTRECOVERABLE; \
    errno ? -1L : 0L;                      \
  })

/* An error that is only found after the permission counts as having been let through. */
#define BUT(allowed, call)                          \
  ({                                                \
    long r = (call);                                \
    (r < 0 && errno == (allowed)) ? 0L : r;         \
  })

static long family(int family, int type) {
  int fd = socket(family, type, 0);
  if (fd >= 0) close(fd);
  return fd;
}

static long unix_connect(const char *name, int abstract) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  memcpy(to.sun_path + abstract, name, length);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  long r = connect(fd, (void *)&to, offsetof(struct sockaddr_un, sun_path) + abstract + length + !abstract);
  close(fd);
  return r;
}

static long unix_datagram(const char *name) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strcpy(to.sun_path, name);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  /* The other end is a stream: reaching it at all is EPROTOTYPE. */
  long r = BUT(EPROTOTYPE, sendto(fd, "x", 1, 0, (void *)&to, sizeof to));
  close(fd);
  return r;
}

static long inet_reach(int type, const char *address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int fd = socket(AF_INET, type, 0);
  long r = type == SOCK_STREAM ? connect(fd, (void *)&to, sizeof to)
                               : sendto(fd, "x", 1, 0, (void *)&to, sizeof to);
  close(fd);
  return r;
}

/* ENOENT when the folder has none. */
static long entries(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return -1;
  long count = -2; /* itself, and the one above */
  while (readdir(folder)) count++;
  closedir(folder);
  errno = ENOENT;
  return count > 0 ? count : -1;
}

static long handle(void) {
  struct {
    struct file_handle head;
    char room[128];
  } it;
  it.head.handle_bytes = sizeof it.room;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, "/", &it.head, &mount, 0)) return -1;
  int at = open("/", O_RDONLY | O_DIRECTORY);
  return open_by_handle_at(at, &it.head, O_RDONLY);
}

static long new_user_clone3(void) {
  unsigned long args[11] = {CLONE_NEWUSER};
  args[4] = SIGCHLD;
  long pid = syscall(SYS_clone3, args, sizeof args);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(pid, 0, 0);
  return pid;
}

static long new_user_clone(void) {
  long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(pid, 0, 0);
  return pid;
}

static long memory_program(void) {
  int memory = memfd_create("x", 0), real = open("/bin/true", O_RDONLY);
  char buffer[65536];
  long n;
  while ((n = read(real, buffer, sizeof buffer)) > 0)
    if (write(memory, buffer, n) != n) return -1;
  char *argv[] = {"x", 0}, *env[] = {0};
  return APART(fexecve(memory, argv, env));
}

int main(int count, char **argv) {
  if (count != 7) return 64;
  int daemon = atoi(argv[1]);
  const char *secret = argv[2];
  int tcp = atoi(argv[5]), udp = atoi(argv[6]);
  char path[512];

  /* A: files */
  tell("A01 write /etc", opened("/etc/d1-probe", O_CREAT | O_WRONLY));
  unlink("/etc/d1-probe");
  tell("A02 read shadow", opened("/etc/shadow", O_RDONLY));
  tell("A03 read a secret", opened(secret, O_RDONLY));
  struct stat seen;
  tell("A04 stat a secret", stat(secret, &seen));
  tell("A05 chmod a secret", chmod(secret, 0600));
  tell("A05 utime a secret", utimensat(AT_FDCWD, secret, 0, 0));
  tell("A05 setxattr a secret", setxattr(secret, "user.d1", "1", 1, 0));
  tell("A06 link a file of the system", link("/etc/shadow", "d1-linked"));
  unlink("d1-linked");
  tell("A07 write through a link", ({
         symlink("/etc/d1-probe", "d1-link");
         long r = opened("d1-link", O_CREAT | O_WRONLY);
         int error = errno;
         unlink("d1-link"), unlink("/etc/d1-probe");
         errno = error;
         r;
       }));
  snprintf(path, sizeof path, "/proc/%d/root/etc/shadow", daemon);
  tell("A12 shadow by the daemon's root", opened(path, O_RDONLY));
  tell("A12 shadow by its own root", opened("/proc/self/root/etc/shadow", O_RDONLY));
  tell("A14 write core_pattern", opened("/proc/sys/kernel/core_pattern", O_WRONLY));
  tell("A14 see /sys", stat("/sys/kernel", &seen));
  tell("A15 open kmsg", opened("/dev/kmsg", O_WRONLY));
  tell("A15 mknod a device", ({
         long r = mknod("/tmp/d1-device", S_IFCHR | 0600, makedev(1, 3));
         int error = errno;
         unlink("/tmp/d1-device");
         errno = error;
         r;
       }));
  tell("A16 open by handle", handle());
  tell("A18 set-user-id bit", ({
         int fd = open("/tmp/d1-suid", O_CREAT | O_WRONLY, 0755);
         long r = fchmod(fd, 04755);
         int error = errno;
         unlink("/tmp/d1-suid");
         errno = error;
         r;
       }));
  tell("A18 created set-user-id", ({
         long r = opened("/tmp/d1-suid", O_CREAT | O_WRONLY);
         unlink("/tmp/d1-suid");
         r = open("/tmp/d1-suid", O_CREAT | O_WRONLY, 04755);
         int error = errno;
         unlink("/tmp/d1-suid");
         errno = error;
         r;
       }));

  /* B: processes */
  tell("B01 signal the daemon", kill(daemon, 0));
  snprintf(path, sizeof path, "/proc/%d/environ", daemon);
  tell("B03 the daemon's environment", opened(path, O_RDONLY));
  snprintf(path, sizeof path, "/proc/%d/mem", daemon);
  tell("B03 the daemon's memory", opened(path, O_RDWR));
  snprintf(path, sizeof path, "/proc/%d/cmdline", daemon);
  tell("B03 the daemon's words", opened(path, O_RDONLY));
  snprintf(path, sizeof path, "/proc/%d/fd", daemon);
  tell("B03 the daemon's files", opened(path, O_RDONLY));
  tell("B04 handle on the daemon", syscall(SYS_pidfd_open, daemon, 0));
  tell("B04 read the daemon's memory", ({
         char byte;
         struct iovec to = {&byte, 1}, from = {(void *)1, 1};
         BUT(EFAULT, process_vm_readv(daemon, &to, 1, &from, 1, 0));
       }));
  tell("B04 trace itself", APART(ptrace(PTRACE_TRACEME, 0, 0, 0)));
  tell("B20 no randomness", APART(personality(ADDR_NO_RANDOMIZE)));

  /* C: terminal */
  int null = open("/dev/null", O_RDWR);
  tell("C04 TIOCSTI", BUT(ENOTTY, ioctl(null, TIOCSTI, "x")));
  tell("C05 TIOCSTI with high bits", BUT(ENOTTY, syscall(SYS_ioctl, null, 0x100000000UL | TIOCSTI, "x")));
  tell("C04 TIOCLINUX", BUT(ENOTTY, ioctl(null, 0x541C, "x")));
  tell("C04 TIOCSETD", BUT(ENOTTY, ioctl(null, TIOCSETD, "x")));

  /* D: the kernel */
  tell("D01 unshare a user namespace", APART(unshare(CLONE_NEWUSER)));
  tell("D01 unshare mounts", APART(unshare(CLONE_NEWNS)));
  tell("D01 clone a user namespace", new_user_clone());
  tell("D02 clone3 a user namespace", new_user_clone3());
  tell("D03 open a file system", syscall(SYS_fsopen, "tmpfs", 0));
  tell("D03 copy a mount", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
  tell("D03 chroot", APART(chroot("/")));
  tell("D05 io_uring", ({
         char parameters[256] = {0};
         syscall(SYS_io_uring_setup, 4, parameters);
       }));
  tell("D05 userfaultfd", syscall(SYS_userfaultfd, 1));
  tell("D05 add_key", syscall(SYS_add_key, "user", "d1", "v", 1, -2));
  tell("D05 bpf", ({
         char map[128] = {0};
         int *m = (int *)map;
         m[0] = 2, m[1] = 4, m[2] = 4, m[3] = 1;
         syscall(SYS_bpf, 0, map, 72);
       }));
  tell("D05 perf_event_open", ({
         char event[128] = {0};
         ((int *)event)[0] = 1, ((int *)event)[1] = 128;
         syscall(SYS_perf_event_open, event, 0, -1, -1, 0);
       }));
  tell("D06 sethostname", ({
         char name[65];
         gethostname(name, sizeof name);
         sethostname(name, strlen(name));
       }));
  tell("D06 syslog", syscall(SYS_syslog, 10, 0, 0));
  tell("D06 set the clock", BUT(EFAULT, syscall(SYS_clock_settime, 0, 1)));
  tell("D06 reboot", BUT(EINVAL, syscall(SYS_reboot, 0, 0, 0, 0)));
  tell("D09 port access", BUT(ENOSYS, syscall(SYS_iopl, 0)));

  /* E: other programs */
  tell("E03 anything in /run", entries("/run"));
  tell("E03 the spools of other programs", stat("/var/spool", &seen));
  tell("E02 a Unix socket", unix_connect(argv[3], 0));
  tell("E06 a datagram to a Unix socket", unix_datagram(argv[3]));
  tell("E04 an abstract socket", unix_connect(argv[4], 1));
  tell("E07 netlink", family(AF_NETLINK, SOCK_RAW));
  tell("E07 packet", family(AF_PACKET, SOCK_RAW));
  tell("E07 vsock", family(AF_VSOCK, SOCK_STREAM));
  tell("E07 xdp", family(44, SOCK_RAW));

  /* F: the network */
  tell("F05 TCP to the machine", inet_reach(SOCK_STREAM, "127.0.0.1", tcp));
  tell("F16 UDP to the machine", inet_reach(SOCK_DGRAM, "127.0.0.1", udp));
  tell("F16 raw socket", ({
         int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
         fd;
       }));

  /* What is allowed, so that nobody counts on it being refused. */
  tell("A24 a program in memory", memory_program());
  tell("A13 write scratch", opened("/tmp/d1-scratch", O_CREAT | O_WRONLY));
  unlink("/tmp/d1-scratch");
  return 0;
}
