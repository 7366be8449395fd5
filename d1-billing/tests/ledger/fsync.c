/* A disk that fails once, at the sync whose number is in SYNCS_UNTIL_FAILURE, and then claims
   to be well again, as disks do. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int sync_or_fail(long call, int file) {
  static int left = -1;
  if (left < 0) left = atoi(getenv("SYNCS_UNTIL_FAILURE"));
  if (left > 0 && --left == 0) {
    errno = EIO;
    return -1;
  }
  return syscall(call, file);
}

int fsync(int file) { return sync_or_fail(SYS_fsync, file); }
int fdatasync(int file) { return sync_or_fail(SYS_fdatasync, file); }
