#pragma once
// What Swift's Glibc module does not import: variadic calls, and system calls that glibc keeps behind _GNU_SOURCE.
// _GNU_SOURCE must stay undefined: it changes fd_set and then clashes with CCurl's view of it.
//
// Headers that define `struct stat` and the like stay out, and calls are declared by hand instead: a C type belongs to
// the module that was loaded first, and Swift files that import only Glibc would not see the fields of ours.
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/stat.h>

extern long syscall(long number, ...);
extern int malloc_trim(unsigned long pad);
extern int mallopt(int parameter, int value);
extern int openat(int dirfd, const char *path, int flags, ...);

static inline long csys_getdents64(int fd, void *buffer, unsigned int size) {
    return syscall(SYS_getdents64, fd, buffer, size);
}
static inline int csys_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *out) {
    return (int)syscall(SYS_statx, dirfd, path, flags, mask, out);
}
static inline int csys_openat(int dirfd, const char *path, int flags) { return openat(dirfd, path, flags); }
static inline int csys_openat_mode(int dirfd, const char *path, int flags, unsigned int mode) {
    return openat(dirfd, path, flags, mode);
}
static inline int csys_accept4(int fd, int flags) { return (int)syscall(SYS_accept4, fd, 0, 0, flags); }
static inline int csys_clone_file(int fd, int source) { return ioctl(fd, FICLONE, source); }
// Gives the calling thread a working directory of its own; 0x200 is CLONE_FS.
static inline int csys_unshare_directory(void) { return (int)syscall(SYS_unshare, 0x200); }
static inline int csys_syncfs(int fd) { return (int)syscall(SYS_syncfs, fd); }
// One call for a whole path in which no component is a link and none leaves the folder.
static inline int csys_openat2_beneath(int dirfd, const char *path, int flags) {
    struct open_how how = {.flags = (unsigned long long)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}
