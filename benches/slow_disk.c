/* A disk on which a flush takes FLUSH_MICROS microseconds longer. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int sync_slowly(long call, int file) {
  int done = syscall(call, file);
  usleep(atoi(getenv("FLUSH_MICROS")));
  return done;
}

int fsync(int file) { return sync_slowly(SYS_fsync, file); }
int fdatasync(int file) { return sync_slowly(SYS_fdatasync, file); }
