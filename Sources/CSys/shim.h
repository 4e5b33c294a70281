#pragma once
// What Swift's Glibc module does not import: variadic syscall(2) and the headers behind it.
// _GNU_SOURCE must stay undefined: it changes fd_set and then clashes with CCurl's view of it.
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>
#include <fcntl.h>
#include <unistd.h>
#include <linux/stat.h>

static inline long csys_getdents64(int fd, void *buffer, unsigned int size) {
    return syscall(SYS_getdents64, fd, buffer, size);
}
static inline int csys_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *out) {
    return (int)syscall(SYS_statx, dirfd, path, flags, mask, out);
}
static inline int csys_openat(int dirfd, const char *path, int flags) { return openat(dirfd, path, flags); }
static inline int csys_openat_mode(int dirfd, const char *path, int flags, mode_t mode) {
    return openat(dirfd, path, flags, mode);
}
static inline int csys_syncfs(int fd) { return (int)syscall(SYS_syncfs, fd); }
