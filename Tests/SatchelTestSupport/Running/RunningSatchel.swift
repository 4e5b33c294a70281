import Glibc
import Synchronization

/// The built `satchel`, with a home, a workspace and an environment of its own: nothing of the real user gets in.
package final class RunningSatchel: Sendable {
    package let workspace: TemporaryWorkspace
    /// `HOME`, with the XDG folders and `TMPDIR` below it.
    package let home: TemporaryWorkspace
    package let binary: String
    private let environment: Mutex<[String: String]>
    private let started = Mutex<[SpawnedProcess]>([])

    /// - Parameters:
    ///   - files: what lies in the workspace.
    ///   - environment: what the program finds beside `PATH`, `HOME` and their like; keys and base URLs, for example.
    /// - Throws: ``SystemFailure``, also when the program is not built.
    package init(_ files: [RawBytes: RawBytes] = [:], environment: [String: String] = [:]) throws {
        binary = try Self.findBinary()
        workspace = try TemporaryWorkspace(files)
        home = try TemporaryWorkspace(named: "home")
        var whole = [
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": home.root,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "SWIFT_BACKTRACE": "enable=no",
        ]
        for (name, folder) in [
            ("XDG_CONFIG_HOME", ".config"), ("XDG_DATA_HOME", ".local/share"), ("XDG_STATE_HOME", ".local/state"),
            ("XDG_CACHE_HOME", ".cache"), ("XDG_RUNTIME_DIR", ".run"), ("TMPDIR", ".tmp"),
        ] {
            try home.makeFolder(RawBytes(folder))
            whole[name] = "\(home.root)/\(folder)"
        }
        try home.setMode(".run", 0o700)
        // Coverage would otherwise be written into the workspace.
        if let profile = getenv("LLVM_PROFILE_FILE") { whole["LLVM_PROFILE_FILE"] = String(cString: profile) }
        self.environment = Mutex(whole.merging(environment) { $1 })
    }

    /// Makes one for the time of `body`; whatever it started is ended.
    @discardableResult
    package static func with<Result>(
        _ files: [RawBytes: RawBytes] = [:],
        environment: [String: String] = [:],
        _ body: (RunningSatchel) async throws -> Result
    ) async throws -> Result {
        let satchel = try RunningSatchel(files, environment: environment)
        do {
            let result = try await body(satchel)
            await satchel.endAll()
            return result
        } catch {
            await satchel.endAll()
            throw error
        }
    }

    /// Changes the environment of what is started from now on; nil takes a variable away.
    package func set(_ name: String, _ value: String?) { environment.withLock { $0[name] = value } }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - stdin: what it can read; nothing by default.
    ///   - folder: where it runs; the workspace by default.
    ///   - wrapper: a program with arguments that is to run it; none by default.
    ///   - limit: after this long it is ended, and the test fails.
    /// - Returns: how it ended, whatever its status: ask with ``FinishedProcess/check(_:)``.
    /// - Throws: ``EndedWithout`` when it did not end in time.
    package func run(
        _ arguments: [String],
        stdin: String? = nil,
        in folder: String? = nil,
        under wrapper: [String] = [],
        within limit: Duration = .seconds(60)
    ) async throws -> FinishedProcess {
        let process = try start(arguments, hasInput: stdin != nil, in: folder, under: wrapper)
        // A test may run thousands: kept to its end, each would hold its pipe.
        defer { started.withLock { $0.removeAll { $0 === process } } }
        if let stdin {
            await process.write(stdin)
            process.closeInput()
        }
        do {
            return try await process.finish(within: limit)
        } catch {
            await process.end()
            throw EndedWithout(what: "an end: \(arguments)", stdout: process.stdout, stderr: process.stderr)
        }
    }

    /// Starts it and lets it run: `watch`, or a chat that reads its standard input.
    package func start(
        _ arguments: [String],
        hasInput: Bool = false,
        in folder: String? = nil,
        under wrapper: [String] = []
    ) throws -> SpawnedProcess {
        let process = try SpawnedProcess(
            wrapper.first ?? binary,
            wrapper.isEmpty ? arguments : wrapper.dropFirst() + [binary] + arguments,
            .init(
                folder: folder ?? workspace.root,
                environment: environment.withLock { $0 },
                hasInput: hasInput
            )
        )
        started.withLock { $0.append(process) }
        return process
    }

    package func endAll() async {
        let all = started.withLock { started in
            defer { started = [] }
            return started
        }
        for process in all { await process.end() }
    }

    /// `SATCHEL_BINARY`, or the program beside the test bundle.
    private static func findBinary() throws -> String {
        if let given = getenv("SATCHEL_BINARY") { return String(cString: given) }
        guard let own = realpath("/proc/self/exe", nil) else { throw SystemFailure("realpath /proc/self/exe", errno) }
        defer { free(own) }
        let folders = [String(cString: own), CommandLine.arguments.first ?? ""].map { path in
            path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        }
        // `swift test` may run the bundle through a helper of the toolchain, which lies elsewhere.
        for folder in folders + [".build/debug"] where access("\(folder)/satchel", X_OK) == 0 {
            return "\(folder)/satchel"
        }
        throw SystemFailure("find satchel beside \(folders[0]); build it, or set SATCHEL_BINARY", ENOENT)
    }
}
