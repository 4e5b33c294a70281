// strike: runs a program and strikes at its n-th system call of some kinds, counted over all of its threads.
//
//     strike kill|count|EIO|ENOSPC|EMFILE N[+] CALL[,CALL…] PROGRAM [ARGUMENT…]
//
// `kill` ends it with SIGKILL before the n-th call is carried out; an error makes the n-th call (with `+`, also all
// that follow) answer it without being carried out. STRIKE_COUNT names a file for the number of calls that were met.
//
// A filter stops the program at these calls only, so that the rest runs at its usual pace. strace counts each thread
// for itself, which leaves out most of a program that moves between threads.

#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <elf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct { const char *name; int number; } calls[] = {
    {"pwrite64", SYS_pwrite64}, {"write", SYS_write}, {"writev", SYS_writev}, {"fsync", SYS_fsync},
    {"fdatasync", SYS_fdatasync}, {"sendto", SYS_sendto}, {"sendmsg", SYS_sendmsg}, {"recvfrom", SYS_recvfrom},
    {"recvmsg", SYS_recvmsg}, {"read", SYS_read}, {"pread64", SYS_pread64}, {"openat", SYS_openat},
    {"ftruncate", SYS_ftruncate}, {"renameat", SYS_renameat}, {"renameat2", SYS_renameat2},
    {"unlinkat", SYS_unlinkat}, {"linkat", SYS_linkat}, {"fallocate", SYS_fallocate}, {"connect", SYS_connect},
#ifdef SYS_rename
    {"rename", SYS_rename}, {"unlink", SYS_unlink}, {"link", SYS_link}, {"open", SYS_open},
#endif
};

static const struct { const char *name; int number; } errors[] = {
    {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"ECONNRESET", ECONNRESET},
};

static void die(const char *what) {
    fprintf(stderr, "strike: %s: %s\n", what, strerror(errno));
    exit(125);
}

// Stops the program at the named calls; returns how many it knows.
static void filter(char *names) {
    struct sock_filter program[64];
    unsigned short length = 0;
    program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ","))
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            if (!strcmp(name, calls[i].name) && length < 60) {
                program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
                program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
            }
    if (length == 1) errno = EINVAL, die("no such calls");
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog all = {length, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all)) die("seccomp");
}

// The stopped thread skips its call and finds -error as the answer.
static void answer(pid_t thread, int error) {
#if defined(__x86_64__)
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers)) return;
    registers.orig_rax = -1;
    registers.rax = -error;
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
#elif defined(__aarch64__)
    int none = -1;
    struct iovec call = {&none, sizeof none};
    ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &call);
    struct user_regs_struct registers;
    struct iovec all = {&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &all)) return;
    registers.regs[0] = -error;
    ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &all);
#endif
}

int main(int count, char **words) {
    if (count < 5) return fprintf(stderr, "usage: strike kill|count|ERROR N[+] CALL[,CALL...] PROGRAM...\n"), 64;
    int error = 0, kills = !strcmp(words[1], "kill");
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (!strcmp(words[1], errors[i].name)) error = errors[i].number;
    char *rest;
    long at = strtol(words[2], &rest, 10), met = 0;
    int goesOn = *rest == '+';

    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("ptrace");
        raise(SIGSTOP);
        filter(words[3]);
        execv(words[4], words + 4);
        die(words[4]);
    }
    int status;
    if (waitpid(child, &status, 0) < 0) die("wait");
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK
        | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, child, 0, options)) die("options");
    ptrace(PTRACE_CONT, child, 0, 0);

    int end = 0;
    for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (thread == child) end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP) {
            met++;
            if (kills && met == at) kill(child, SIGKILL);
            if (error && (met == at || (goesOn && met > at))) answer(thread, error);
            signal = 0;
        } else if (event || signal == SIGTRAP || signal == SIGSTOP) {
            signal = 0;
        }
        ptrace(PTRACE_CONT, thread, 0, signal);
    }
    char *place = getenv("STRIKE_COUNT");
    FILE *file = place ? fopen(place, "w") : NULL;
    if (file) fprintf(file, "%ld\n", met), fclose(file);
    return end;
}
