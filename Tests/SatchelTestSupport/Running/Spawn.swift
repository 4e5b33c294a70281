import Glibc
import Synchronization

/// Starts a program in a folder, as leader of a new process group, with default signals and these three descriptors.
///
/// `posix_spawn_file_actions_addchdir_np` is not visible to Swift, so a shell changes the folder and becomes the program.
func spawn(
    _ program: String,
    _ arguments: [String],
    _ surroundings: SpawnedProcess.Surroundings,
    stdin: Int32?,
    _ stdout: Int32,
    _ stderr: Int32
) throws(SystemFailure) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let stdin {
        posix_spawn_file_actions_adddup2(&actions, stdin, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, stdout, 1)
    posix_spawn_file_actions_adddup2(&actions, stderr, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var every = sigset_t()
    sigfillset(&every)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &every)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let words = ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", surroundings.folder, program] + arguments
    var argv = words.map { strdup($0) } + [nil]
    var envp = surroundings.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid = pid_t()
    let code = CloseOnExec.lock.withLock { _ in
        posix_spawn(&pid, "/bin/sh", &actions, &attributes, &argv, &envp)
    }
    guard code == 0 else { throw SystemFailure("posix_spawn", code) }
    return pid
}
