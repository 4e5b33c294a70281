import Glibc
import Synchronization

/// A program that a test started: what it says so far, what it is told, and how it ends.
///
/// It leads a process group of its own, and nothing of that group outlives it.
package final class SpawnedProcess: Sendable {
    /// Where a program runs, and with what around it.
    package struct Surroundings: Sendable {
        package var folder: String
        /// A sanitized program is told beside it what the tests themselves are told: see Tests/Sanitizers.
        package var environment: [String: String]
        /// False for an empty standard input.
        package var hasInput: Bool

        package init(folder: String, environment: [String: String], hasInput: Bool = false) {
            self.folder = folder
            self.environment = Self.sanitizing.merging(environment) { $1 }
            self.hasInput = hasInput
        }

        private static var sanitizing: [String: String] {
            var told: [String: String] = [:]
            for name in ["LD_PRELOAD", "TSAN_OPTIONS", "ASAN_OPTIONS"] {
                if let value = getenv(name) { told[name] = String(cString: value) }
            }
            return told
        }
    }

    private enum Output: Sendable {
        case stdout
        case stderr
    }

    private struct State: Sendable {
        var said: [Output: [UInt8]] = [.stdout: [], .stderr: []]
        /// Pipes that are still open.
        var openOutputs = 2
        var status: Int32?

        subscript(output: Output) -> [UInt8] { said[output] ?? [] }
    }

    package let pid: Int32
    private let state = Watched(State())
    private let input: Mutex<Int32?>
    /// Opens when the readers are to give up on pipes that a stray child holds open.
    private let abandoned: TestGate
    /// Guards the pid against being signalled after it is somebody else's.
    private let isReaped = Mutex(false)

    /// - Throws: ``SystemFailure``; a program that does not exist ends with status 127 instead.
    package init(_ program: String, _ arguments: [String], _ surroundings: Surroundings) throws {
        let abandoned = try TestGate()
        let stdin = surroundings.hasInput ? try CloseOnExec.pipe() : nil
        let stdout = try CloseOnExec.pipe()
        let stderr = try CloseOnExec.pipe()
        defer {
            for end in [stdin?.reader, stdout.writer, stderr.writer].compactMap(\.self) { close(end) }
        }
        pid = try spawn(program, arguments, surroundings, stdin: stdin?.reader, stdout.writer, stderr.writer)
        input = Mutex(stdin?.writer)
        self.abandoned = abandoned
        try OwnThread { self.read(stdout.reader, .stdout) }.detach()
        try OwnThread { self.read(stderr.reader, .stderr) }.detach()
        try OwnThread { self.reap() }.detach()
    }

    // MARK: What it says

    package var stdout: String { String(decoding: state.value[.stdout], as: UTF8.self) }
    package var stderr: String { String(decoding: state.value[.stderr], as: UTF8.self) }

    /// The `count`-th complete line on standard output that contains `text`, as soon as it is there.
    @discardableResult
    package func line(containing text: String, count: Int = 1, within limit: Duration = .seconds(120)) async throws
        -> String
    {
        try await line(containing: text, count: count, within: limit, in: .stdout)
    }

    /// The same for standard error.
    @discardableResult
    package func errorLine(
        containing text: String,
        count: Int = 1,
        within limit: Duration = .seconds(120)
    ) async throws -> String {
        try await line(containing: text, count: count, within: limit, in: .stderr)
    }

    private func line(
        containing text: String,
        count: Int,
        within limit: Duration,
        in output: Output
    ) async throws -> String {
        let found = try await state.first("a line with \"\(text)\"", within: limit) { state -> LineOrEnd? in
            let complete = state[output].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .dropLast()
            var left = count
            for line in complete.lazy.map({ String(decoding: $0, as: UTF8.self) }) where line.contains(text) {
                left -= 1
                if left == 0 { return .line(line) }
            }
            return state.openOutputs == 0 ? .end : nil
        }
        switch found {
        case .line(let line): return line
        case .end: throw EndedWithout(what: "a line with \"\(text)\"", stdout: stdout, stderr: stderr)
        }
    }

    private enum LineOrEnd: Sendable {
        case line(String)
        case end
    }

    // MARK: What it is told

    /// Writes to its standard input; false when it takes no more.
    @discardableResult
    package func write(_ text: String) async -> Bool {
        let bytes = Array(text.utf8)
        return await offPool {
            self.input.withLock { input in
                guard let descriptor = input else { return false }
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                    if count < 0 { return false }
                    rest = rest.dropFirst(count)
                }
                return true
            }
        }
    }

    /// Ends its standard input.
    package func closeInput() {
        input.withLock { input in
            if let descriptor = input { close(descriptor) }
            input = nil
        }
    }

    /// Sends a signal to the program itself; nothing happens once it has ended.
    package func send(_ signal: Int32) {
        isReaped.withLock { isReaped in
            if !isReaped { kill(pid, signal) }
        }
    }

    // MARK: How it ends

    /// The exit code, or 128 and the number of the signal that ended it.
    package func status(within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await state.first("process \(pid) to end", within: limit) { $0.status }
    }

    /// Waits until it has ended and everything it said has been read.
    package func finish(within limit: Duration = .seconds(60)) async throws -> FinishedProcess {
        let status = try await status(within: limit)
        do {
            try await state.first("the output to end", within: .seconds(5)) { $0.openOutputs == 0 ? () : nil }
        } catch is DeadlineMissed {
            abandoned.open()
        }
        let state = state.value
        return FinishedProcess(
            status: status,
            stdoutBytes: state[.stdout],
            stderrBytes: state[.stderr],
            isComplete: state.openOutputs == 0
        )
    }

    /// Ends it and its children, whatever they are doing.
    package func end() async {
        closeInput()
        isReaped.withLock { isReaped in
            if !isReaped { kill(-pid, SIGKILL) }
        }
        _ = try? await status(within: .seconds(10))
        abandoned.open()
    }

    // MARK: Threads

    private func read(_ descriptor: Int32, _ output: Output) {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var polls = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: abandoned.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&polls, 2, -1) < 0 { continue }
            if polls[0].revents == 0 { break }
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count <= 0 { break }
            let bytes = piece.prefix(count)
            state.update { $0.said[output, default: []] += bytes }
        }
        close(descriptor)
        state.update { $0.openOutputs -= 1 }
    }

    private func reap() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        var status: Int32 = 0
        isReaped.withLock { isReaped in
            // While the leader is a zombie its number still means this group and no other.
            kill(-pid, SIGKILL)
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            isReaped = true
        }
        let signal = status & 0x7f
        let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
        state.update { $0.status = code }
    }
}

/// A program that ended, with all it said.
package struct FinishedProcess: Sendable, CustomStringConvertible {
    /// The exit code, or 128 and the number of the signal that ended it.
    package var status: Int32
    package var stdoutBytes: [UInt8]
    package var stderrBytes: [UInt8]
    /// False when something it left behind still held its output open.
    package var isComplete: Bool

    package var stdout: String { String(decoding: stdoutBytes, as: UTF8.self) }
    package var stderr: String { String(decoding: stderrBytes, as: UTF8.self) }
    /// The document on standard output, when it is exactly one.
    package var json: JSONValue? { JSONValue(parsing: stdoutBytes) }

    package var description: String { "status \(status)\n--- stdout\n\(stdout)--- stderr\n\(stderr)---" }

    /// Itself, when it ended with status 0.
    ///
    /// - Throws: ``UnexpectedStatus`` with all it said.
    @discardableResult
    package func check(_ expected: Int32 = 0) throws -> FinishedProcess {
        guard status == expected else { throw UnexpectedStatus(expected: expected, process: self) }
        return self
    }
}

package struct UnexpectedStatus: Error, CustomStringConvertible {
    package let expected: Int32
    package let process: FinishedProcess
    package var description: String { "expected status \(expected), got \(process)" }
}

/// The program ended before what a test waited for.
package struct EndedWithout: Error, CustomStringConvertible {
    package let what: String
    package let stdout: String
    package let stderr: String
    package var description: String { "ended without \(what)\n--- stdout\n\(stdout)--- stderr\n\(stderr)---" }
}
