import Glibc
import SatchelTestSupport
import Testing

/// A running `watch` that nobody helps: no `sync` beside it, so that what arrives was noticed by the watch itself.
struct AtWatch: Sendable {
    let at: AtOpenAI
    let process: SpawnedProcess

    var workspace: TemporaryWorkspace { at.workspace }
    /// A folder outside of the workspace, on the same file system.
    var outside: String { at.satchel.home.root }

    static let soon = [
        "SATCHEL_WATCH_QUIET": "50ms", "SATCHEL_WATCH_CAP": "500ms", "SATCHEL_WATCH_DELETE_HOLD": "100ms",
    ]

    /// Starts a watch, waits until it is ready, runs `body`, and stops it unless it has ended.
    ///
    /// - Parameters:
    ///   - files: what lies in the workspace.
    ///   - environment: settings; times are short unless they say otherwise.
    ///   - wrapper: a program with arguments that runs the watch.
    ///   - prepare: what is done to the workspace before.
    ///   - body: with the watch running.
    /// - Throws: what `body` throws, and when the watch does not become ready.
    static func with(
        _ files: [RawBytes: RawBytes],
        environment: [String: String] = [:],
        under wrapper: [String] = [],
        prepare: (AtOpenAI) async throws -> Void = { _ in },
        _ body: (AtWatch) async throws -> Void
    ) async throws {
        try await AtOpenAI.with(files, environment: soon.merging(environment) { $1 }) { at in
            try await prepare(at)
            let process = try at.satchel.start(["watch"], under: wrapper)
            try await process.line(containing: "Ctrl-C stops")
            let watch = AtWatch(at: at, process: process)
            try await body(watch)
            process.send(SIGTERM)
            _ = try await process.finish()
        }
    }

    // MARK: Changes

    /// Runs a script in the workspace; `$OUT` is a folder outside of it.
    func shell(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await AtWatch.shell(script, in: workspace.root, outside: outside, sourceLocation: sourceLocation)
    }

    static func shell(
        _ script: String,
        in folder: String,
        outside: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let surroundings = SpawnedProcess.Surroundings(
            folder: folder,
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": outside, "OUT": outside, "LANG": "C.UTF-8",
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@localhost",
                "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@localhost",
            ]
        )
        let finished = try await SpawnedProcess("/bin/sh", ["-euc", script], surroundings).finish()
        #expect(finished.status == 0, "\(finished)", sourceLocation: sourceLocation)
    }

    /// Runs `body` while the watch stands still: what it does piles up in the kernel's queue.
    func whileStopped(_ body: () async throws -> Void) async throws {
        process.send(SIGSTOP)
        try await until("every thread of the watch stands still") { threadStates(of: process.pid) == ["T"] }
        try await body()
        process.send(SIGCONT)
    }

    // MARK: Expectations

    /// Waits until the watch has brought everything in step: disk, `ls` and account.
    func expectInStep(within limit: Duration = .seconds(120)) async throws {
        var last = ["never looked"]
        try await until("the watch to be in step", within: limit) {
            last = try await differences()
            return last.isEmpty
        } otherwise: {
            "\(last.prefix(10)), of \(last.count)\n\(process.stderr)"
        }
    }

    /// How the disk, `ls` and the account differ.
    func differences() async throws -> [String] {
        let listed = try await at.satchel.list()
        let held = Set(at.openAI.files.map { "\($0.sha256)" })
        var disk: [String: String] = [:]
        for path in visibleFiles(below: "") {
            guard let bytes = workspace.read(RawBytes(path)) else { continue }
            disk[path] = "\(independentDigest(of: bytes))"
        }
        var found: [String] = []
        for file in listed.files where disk[file.path] != file.sha256 {
            found.append(
                "\(file.path) is listed as \(file.sha256.prefix(8)), is \(disk[file.path]?.prefix(8) ?? "not")"
            )
        }
        let names = Set(listed.files.map(\.path))
        found += disk.keys.filter { !names.contains($0) }.map { "\($0) is not listed" }
        found += disk.filter { !held.contains($0.value) }.map { "\($0.key) is not in the account" }
        return found.sorted()
    }

    /// Regular files that are not hidden; links are not followed.
    private func visibleFiles(below folder: String) -> [String] {
        workspace.list(RawBytes(folder)).filter { $0.bytes.first != UInt8(ascii: ".") }.flatMap { name in
            let path = folder + (folder.isEmpty ? "" : "/") + String(decoding: name.bytes, as: UTF8.self)
            switch workspace.kind(path) {
            case S_IFDIR: return visibleFiles(below: path)
            case S_IFREG: return [path]
            default: return []
            }
        }
    }
}

/// The states of a process's threads, each once: `T` is stopped.
private func threadStates(of pid: Int32) -> Set<Character> {
    var states: Set<Character> = []
    guard let folder = opendir("/proc/\(pid)/task") else { return states }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard Int32(name) != nil, let file = fopen("/proc/\(pid)/task/\(name)/stat", "r") else { continue }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 512)
        let count = fread(&line, 1, line.count, file)
        let text = String(decoding: line[..<count], as: UTF8.self)
        // The name of the thread, in parentheses, may hold anything.
        if let state = text[(text.lastIndex(of: ")") ?? text.startIndex)...].dropFirst(2).first { states.insert(state) }
    }
    return states
}

extension TemporaryWorkspace {
    /// The type of what stands there, links not followed; 0 for nothing.
    func kind(_ path: String) -> mode_t {
        var status = stat()
        return lstat("\(root)/\(path)", &status) == 0 ? status.st_mode & S_IFMT : 0
    }
}
