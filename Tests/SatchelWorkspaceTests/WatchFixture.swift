import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

/// A temporary folder with a watcher on it, and the file operations that tests make in it.
final class WatchedFolder: Sendable {
    let root: String
    let watcher: Watcher

    init(root: String, watcher: Watcher) {
        self.root = root
        self.watcher = watcher
    }

    /// All that was handed out for what happened before the call; waits for it, not for time.
    func batches() async throws -> [WatchBatch] {
        // The last change before the barrier, so nothing belongs to it that comes after its batch.
        let mark = "mark-\(ContinuousClock.now)".filter { !" :()/".contains($0) }
        let markPath = try #require(WorkspacePath(mark))
        write("", to: mark)
        try await watcher.barrier()
        var found: [WatchBatch] = []
        for await batch in watcher.batches {
            guard case .dirty(let scope) = batch, scope.contains(markPath) else {
                found.append(batch)
                continue
            }
            switch scope {
            case .everything: found.append(batch)
            case .paths(let paths):
                let rest = paths.filter { $0 != markPath }
                if !rest.isEmpty { found.append(.dirty(.paths(rest))) }
            }
            unlink(full(mark))
            return found
        }
        return found
    }

    /// The scopes of ``batches()`` as one.
    func dirty() async throws -> Scope {
        var all = Scope.paths([])
        for case .dirty(let scope) in try await batches() { all = all.union(scope, limit: .max) }
        // The removal of the mark may come along.
        guard case .paths(let paths) = all else { return .everything }
        return .paths(paths.filter { !$0.bytes.starts(with: "mark-".utf8) })
    }

    // MARK: - Files

    func full(_ path: String) -> String { path.hasPrefix("/") ? path : "\(root)/\(path)" }

    func write(_ text: String, to path: String) { writeFile(text, at: full(path)) }

    func makeFolder(_ path: String) { makeFolders(at: full(path)) }

    func rename(_ old: String, to new: String) {
        #expect(Glibc.rename(full(old), full(new)) == 0, "rename \(old) to \(new): errno \(errno)")
    }

    func remove(_ path: String) { removeTree(full(path)) }
}

/// Runs `body` with a watcher that is ready, on a folder that `prepare` filled before.
func withWatchedFolder(
    _ kind: EventSourceKind,
    settle: SettlePolicy = .untilTheBarrier,
    prunes: @escaping @Sendable (WorkspacePath) -> Bool = { _ in false },
    prepare: (String) -> Void = { _ in },
    _ body: (WatchedFolder) async throws -> Void
) async throws {
    try await withTemporaryFolder { root in
        prepare(root)
        let watcher = try await startWatcher(root: root, settle: settle, prunes: prunes, source: kind)
        await watcher.ready()
        let result: Result<Void, any Error>
        do {
            try await body(WatchedFolder(root: root, watcher: watcher))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        watcher.stop()
        await watcher.finished()
        try result.get()
    }
}

/// Starts a watcher once the tests that run beside this one leave it a descriptor that libinotifytools can take.
func startWatcher(
    root: String,
    settle: SettlePolicy = SettlePolicy(),
    prunes: @escaping @Sendable (WorkspacePath) -> Bool = { _ in false },
    source: EventSourceKind
) async throws -> Watcher {
    for _ in 0..<600 {
        do throws(WatchError) {
            return try Watcher(root: root, settle: settle, pruning: .those(prunes), source: source)
        } catch {
            guard case .descriptorTooHigh = error else { throw error }
        }
        try await Task.sleep(for: .milliseconds(100))
    }
    return try Watcher(root: root, settle: settle, pruning: .those(prunes), source: source)
}

/// Runs `body` with the path of an empty folder that is gone afterwards.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let template = try #require(strdup("/tmp/satchel-watch-XXXXXX"))
    defer { free(template) }
    let root = String(cString: try #require(mkdtemp(template)))
    defer { removeTree(root) }
    try await body(root)
}

func writeFile(_ text: String, at path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    #expect(file >= 0, "open \(path): errno \(errno)")
    _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
}

/// Like `mkdir -p`.
func makeFolders(at path: String) {
    var made = ""
    for name in path.split(separator: "/") {
        made += "/\(name)"
        mkdir(made, 0o755)
    }
}

/// Calls `body` with a path of which the last name is any bytes.
func withPath(_ folder: String, _ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Void) {
    let path = (Array("\(folder)/".utf8) + name + [0]).map(CChar.init(bitPattern:))
    path.withUnsafeBufferPointer { buffer in
        if let start = buffer.baseAddress { body(start) }
    }
}

/// Like `rm -r`; names may be any bytes.
func removeTree(_ path: String) {
    guard let folder = opendir(path) else {
        unlink(path)
        return
    }
    removeEntries(of: folder)
    rmdir(path)
}

private func removeEntries(of folder: OpaquePointer) {
    while let entry = readdir(folder) {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                if unlinkat(dirfd(folder), name, 0) == 0 { return }
                let child = openat(dirfd(folder), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                if let opened = fdopendir(child) { removeEntries(of: opened) }
                unlinkat(dirfd(folder), name, AT_REMOVEDIR)
            }
        }
    }
    closedir(folder)
}

extension SettlePolicy {
    /// Holds everything back until a barrier flushes it, so that a test gets its events as one batch.
    static var untilTheBarrier: SettlePolicy {
        var policy = SettlePolicy()
        policy.quiet = .seconds(3600)
        policy.longest = .seconds(3600)
        return policy
    }
}

extension Scope {
    func contains(_ path: String) -> Bool {
        contains(WorkspacePath(unchecked: Array(path.utf8)))
    }

    /// The paths as text; `*` for everything.
    var names: [String] {
        switch self {
        case .everything: ["*"]
        case .paths(let paths): paths.map(\.description)
        }
    }
}
