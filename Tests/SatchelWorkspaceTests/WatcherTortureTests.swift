import Glibc
import SatchelCore
import SatchelTestSupport
import SatchelWorkspace
import Testing

extension WatcherTests {
    /// Random changes, and a consumer that knows the folder only through batches.
    @Suite struct Torture {
        @Test(arguments: EventSourceKind.available, 1...4)
        func whoeverLooksOnlyWhereBatchesSayKnowsEverything(_ kind: EventSourceKind, seed: Int) async throws {
            try await withTemporaryFolder { outside in
                var settle = SettlePolicy()
                settle.quiet = .milliseconds(1)
                settle.longest = .milliseconds(5)
                settle.removalHold = .milliseconds(2)
                settle.slowest = .milliseconds(10)
                settle.folderLimit = 8
                settle.totalLimit = 24
                try await withWatchedFolder(kind, settle: settle, prepare: { makeFolders(at: "\($0)/0/0/0") }) {
                    folder in
                    var mirror = Mirror(of: folder.root)
                    mirror.look(.everything)
                    var vandal = Vandal(root: folder.root, outside: outside, seed: seed)
                    for round in 0..<12 {
                        let mark = "mark-\(round)"
                        let acting = Task.detached { [vandal] in
                            var vandal = vandal
                            for _ in 0..<60 { vandal.act() }
                            folder.write("", to: mark)
                            try await folder.watcher.barrier()
                            return vandal
                        }
                        // Looks while things change; what it sees then, later batches must put right.
                        for await case .dirty(let scope) in folder.watcher.batches {
                            mirror.look(scope)
                            if scope.contains(mark), access(folder.full(mark), F_OK) == 0 { break }
                        }
                        vandal = try await acting.value
                        unlink(folder.full(mark))
                        for case .dirty(let scope) in try await folder.batches() { mirror.look(scope) }
                        try #require(mirror.differences(to: Mirror(lookingAtAllOf: folder.root)) == [])
                    }
                    let folders = Mirror(lookingAtAllOf: folder.root).folderCount
                    try await until("as many watches as folders") { folder.watcher.counts.watches == folders }
                }
            }
        }
    }
}

/// What a consumer knows: each path with the inode and size of what is there.
private struct Mirror {
    private let root: String
    private var entries: [String: String] = [:]

    init(of root: String) { self.root = root }

    init(lookingAtAllOf root: String) {
        self.root = root
        look(.everything)
    }

    /// The root and the folders in it.
    var folderCount: Int { 1 + entries.values.count { $0.hasPrefix("folder") } }

    mutating func look(_ scope: Scope) {
        switch scope {
        case .everything:
            entries = [:]
            list("")
        case .paths(let paths):
            for path in paths.map(\.lossyText) {
                entries = entries.filter { $0.key != path && !$0.key.hasPrefix("\(path)/") }
                look(path)
            }
        }
    }

    func differences(to other: Mirror) -> [String] {
        Set(entries.keys).union(other.entries.keys).filter {
            entries[$0] != other.entries[$0] && !$0.hasPrefix("mark-")
        }
        .sorted()
        .map { "\($0): \(entries[$0] ?? "nothing"), is \(other.entries[$0] ?? "nothing")" }
    }

    private mutating func look(_ path: String) {
        guard let status = Status("\(root)/\(path)") else { return }
        entries[path] = status.description
        if status.isFolder { list(path) }
    }

    private mutating func list(_ path: String) {
        guard let folder = opendir("\(root)/\(path)") else { return }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { names.append(String(cString: $0)) }
            }
        }
        for name in names where ![".", "..", ".satchel"].contains(name) {
            look(path.isEmpty ? name : "\(path)/\(name)")
        }
    }
}

private struct Status: CustomStringConvertible {
    var isFolder: Bool
    var description: String

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        // The size of a folder says nothing that matters.
        description = isFolder ? "folder \(status.st_ino)" : "file \(status.st_ino) of \(status.st_size)"
    }
}

/// Does one thing after the other to a small tree, so that names are used again and again.
private struct Vandal {
    private let root: String
    private let outside: String
    private var random: Numbers

    init(root: String, outside: String, seed: Int) {
        self.root = root
        self.outside = outside
        random = Numbers(state: UInt64(seed))
    }

    mutating func act() {
        let place = somewhere()
        switch Int.random(in: 0..<20, using: &random) {
        case 0...4: write(place)
        case 5...7: makeFolders(at: place)
        case 8:
            makeFolders(at: place)
            write("\(place)/new")
        case 9...12: rename(place, somewhere())
        case 13: removeTree(place)
        case 14: rename(place, "\(outside)/\(Int.random(in: 0..<3, using: &random))")
        case 15: rename("\(outside)/\(Int.random(in: 0..<3, using: &random))", place)
        case 16:
            // Over to another name and back under a third's: what an exchange looks like.
            let other = somewhere()
            rename(place, "\(place).x")
            rename(other, place)
            rename("\(place).x", other)
        case 17:
            write("\(place).tmp")
            rename("\(place).tmp", place)
        case 18:
            removeTree(place)
            symlink("0/0", place)
        default:
            removeTree(place)
            makeFolders(at: "\(place)/0/1")
            write("\(place)/0/1/2")
        }
    }

    private mutating func somewhere() -> String {
        let depth = Int.random(in: 1...4, using: &random)
        return root + (0..<depth).map { _ in "/\(Int.random(in: 0..<3, using: &random))" }.joined()
    }

    private mutating func write(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644)
        guard file >= 0 else { return }
        Glibc.write(file, "x", 1)
        close(file)
    }
}

/// The same numbers for the same seed (SplitMix64).
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
