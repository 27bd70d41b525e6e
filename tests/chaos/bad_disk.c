/* Put before the C library (LD_PRELOAD): a disk whose syncs fail while the file FSYNC_FAILS exists. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(void)
{
    const char *sign = getenv("FSYNC_FAILS");
    return sign && access(sign, F_OK) == 0;
}

static int sync_by(const char *name, int file)
{
    if (fails()) {
        errno = EIO;
        return -1;
    }
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return next(file);
}

int fsync(int file) { return sync_by("fsync", file); }

int fdatasync(int file) { return sync_by("fdatasync", file); }
