internal import Dispatch
internal import Glibc
internal import SatchelCore
internal import Synchronization

/// Why a command gave no output, as a sentence part: `exited with 1`.
struct CommandFailure: Error {
    var reason: String
}

/// Runs a program to its end and takes what it writes to standard output; blocks.
///
/// Standard input is empty, standard error is ours unless it `isQuiet`. On a terminal the program stays in our process group, so that it can
/// ask for a password there and Ctrl-C reaches it; elsewhere it gets a group of its own, so that what it started ends
/// with it.
///
/// - Parameters:
///   - arguments: the program, found along our `PATH` unless it has a slash, and what it is given.
///   - environment: its variables.
///   - timeout: after this long it is killed.
///   - limit: bytes; a program that writes more is killed.
///   - isQuiet: what it writes to standard error goes nowhere.
/// - Returns: its output.
/// - Throws: when it could not be run, failed, wrote too much or was killed.
func output(
    of arguments: [String],
    environment: [String: String],
    timeout: Duration,
    limit: Int = 64 << 10,
    isQuiet: Bool = false
) throws(CommandFailure) -> [UInt8] {
    let (child, reading) = try start(arguments, environment: environment, isQuiet: isQuiet)
    defer { close(reading) }

    let deadline = ContinuousClock.now + timeout
    // A program may close its output and go on for ever; this is what ends the wait for it.
    let watchdog = DispatchWorkItem { child.kill() }
    let milliseconds = Int(timeout / .milliseconds(1))
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: watchdog)
    let outcome = read(reading, atMost: limit, until: deadline)
    if case .ended = outcome {} else { child.kill() }
    let status = child.waitForEnd()
    watchdog.cancel()

    switch outcome {
    case .tooMuch:
        throw CommandFailure(reason: "printed more than \(limit >> 10) KiB")
    case .ended(let bytes) where !child.wasKilled:
        try check(status)
        return bytes
    case .ended, .tooLate:
        throw CommandFailure(reason: "had not ended after \(spelledDuration(timeout)) and was stopped")
    }
}

/// The low seven bits of a wait status are the signal, the next byte is the exit code.
private func check(_ status: Int32) throws(CommandFailure) {
    let (signal, code) = (status & 0x7f, (status >> 8) & 0xff)
    guard signal == 0 else { throw CommandFailure(reason: "was ended by signal \(signal)") }
    guard code == 0 else { throw CommandFailure(reason: "exited with \(code); run it by hand to see why") }
}

/// A child that is killed at most once and never after it was reaped, when its number may be another's.
private final class ChildProcess: Sendable {
    private struct State {
        var isReaped = false
        var wasKilled = false
    }

    private let identifier: pid_t
    private let hasGroup: Bool
    private let state = Mutex(State())

    init(_ identifier: pid_t, hasGroup: Bool) {
        self.identifier = identifier
        self.hasGroup = hasGroup
    }

    var wasKilled: Bool { state.withLock(\.wasKilled) }

    func kill() {
        state.withLock { state in
            guard !state.isReaped, !state.wasKilled else { return }
            state.wasKilled = true
            _ = Glibc.kill(hasGroup ? -identifier : identifier, SIGKILL)
        }
    }

    /// The wait status, once it has ended.
    func waitForEnd() -> Int32 {
        var information = siginfo_t()
        // WNOWAIT leaves the number taken, so that a kill at this moment still hits the right process.
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return state.withLock { state in
            state.isReaped = true
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
            return status
        }
    }
}

/// Held from the making of a pipe until its writing end is closed here: a second command that starts in between would
/// inherit that end, and the first one's output would not end before the second has.
private let starting = Mutex(())

/// The program, running, and the end of the pipe that its output comes out of.
private func start(
    _ arguments: [String],
    environment: [String: String],
    isQuiet: Bool
) throws(CommandFailure) -> (ChildProcess, reading: Int32) {
    try starting.withLock { _ throws(CommandFailure) in
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CommandFailure(reason: "cannot be run: \(systemError(errno))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        do throws(CommandFailure) {
            let ownGroup = !hasTerminal()
            let child = try spawn(
                arguments,
                environment: environment,
                output: ends[1],
                ownGroup: ownGroup,
                isQuiet: isQuiet
            )
            return (ChildProcess(child, hasGroup: ownGroup), ends[0])
        } catch {
            close(ends[0])
            throw error
        }
    }
}

/// True when a program of ours could ask its user something.
private func hasTerminal() -> Bool {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else { return false }
    close(terminal)
    return true
}

private func spawn(
    _ arguments: [String],
    environment: [String: String],
    output: Int32,
    ownGroup: Bool,
    isQuiet: Bool
) throws(CommandFailure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    if isQuiet { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }

    // What this program ignores or blocks for itself is not the command's business.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let group = ownGroup ? POSIX_SPAWN_SETPGROUP : 0
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))

    let words = arguments.map { strdup($0) }
    // A child could otherwise speak to the service manager in our name.
    let variables = environment.filter { !ServiceNotifier.variables.contains($0.key) }
        .map { strdup("\($0.key)=\($0.value)") }
    defer { for text in words + variables { free(text) } }
    var child: pid_t = 0
    let error = posix_spawnp(&child, arguments[0], &actions, &attributes, words + [nil], variables + [nil])
    guard error == 0 else {
        throw CommandFailure(reason: "cannot run \(printable(arguments[0])): \(systemError(error))")
    }
    return child
}

private enum Reading {
    case ended([UInt8])
    case tooMuch
    case tooLate
}

private func read(_ descriptor: Int32, atMost limit: Int, until deadline: ContinuousClock.Instant) -> Reading {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let left = deadline - ContinuousClock.now
        guard left > .zero else { return .tooLate }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(clamping: Int(left / .milliseconds(1)) + 1)) > 0 else { continue }
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0 { continue }
        if count == 0 { return .ended(bytes) }
        bytes += buffer.prefix(count)
        guard bytes.count <= limit else { return .tooMuch }
    }
}
