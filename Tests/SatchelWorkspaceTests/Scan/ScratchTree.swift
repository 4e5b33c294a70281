import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

/// A temporary folder with a workspace and a home of its own, gone with the test.
final class ScratchTree {
    /// Absolute, without links.
    let top: String
    var root: String { top + "/ws" }
    var home: String { top + "/home" }
    /// For scans and for git alike: nothing of the machine's own configuration.
    var environment: [String: String] {
        ["HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]
    }

    init() throws {
        // Thousands of small files are made and removed: in memory where that is to be had.
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(base)/satchel-scan-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failed("mkdtemp") }
        top = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        mkdir(root, 0o755)
        mkdir(home, 0o755)
    }

    deinit {
        if getenv("SATCHEL_KEEP_TEST_DIRS") == nil { remove(tree: Array(top.utf8)) }
    }

    struct Failed: Error {
        var what: String
        var code = errno
        init(_ what: String) { self.what = what }
    }

    private func absolute(_ path: some Sequence<UInt8>) -> [CChar] {
        (Array(root.utf8) + [0x2f] + Array(path) + [0]).map(CChar.init(bitPattern:))
    }

    /// Writes a file, making the folders it lies in.
    func write(_ path: String, _ content: String = "x") throws {
        try write(Array(path.utf8), Array(content.utf8))
    }

    func write(_ path: [UInt8], _ content: [UInt8] = [0x78], append: Bool = false) throws {
        if let slash = path.lastIndex(of: 0x2f) { try folder(Array(path[..<slash])) }
        guard let file = fopen(absolute(path), append ? "a" : "w") else { throw Failed("open \(escaped(path))") }
        defer { fclose(file) }
        guard fwrite(content, 1, content.count, file) == content.count else { throw Failed("write") }
    }

    func folder(_ path: String) throws { try folder(Array(path.utf8)) }

    func folder(_ path: [UInt8]) throws {
        for end in path.indices where path[end] == 0x2f { mkdir(absolute(path[..<end]), 0o755) }
        guard mkdir(absolute(path), 0o755) == 0 || errno == EEXIST else { throw Failed("mkdir \(escaped(path))") }
    }

    func link(_ path: String, to target: String) throws {
        guard symlink(target, root + "/" + path) == 0 else { throw Failed("symlink") }
    }

    func hardLink(_ path: String, to existing: String) throws {
        guard Glibc.link(root + "/" + existing, root + "/" + path) == 0 else { throw Failed("link") }
    }

    func fifo(_ path: String) throws {
        guard mkfifo(root + "/" + path, 0o644) == 0 else { throw Failed("mkfifo") }
    }

    func delete(_ path: String) { remove(tree: Array((root + "/" + path).utf8)) }

    /// Removes everything in the workspace but `.git`.
    func clear() {
        for name in entries(of: Array(root.utf8)) where !name.elementsEqual(".git".utf8) {
            remove(tree: Array(root.utf8) + [0x2f] + name)
        }
    }

    /// Puts modification time back to `seconds` since 1970, which also makes a fresh change time.
    func touch(_ path: String, at seconds: Int) throws {
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard utimensat(AT_FDCWD, root + "/" + path, times, 0) == 0 else { throw Failed("utimensat") }
    }

    private func remove(tree path: [UInt8]) {
        let name = (path + [0]).map(CChar.init(bitPattern:))
        var status = stat()
        guard lstat(name, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            chmod(name, 0o700)
            for entry in entries(of: path) { remove(tree: path + [0x2f] + entry) }
            rmdir(name)
        } else {
            unlink(name)
        }
    }

    private func entries(of path: [UInt8]) -> [[UInt8]] {
        guard let stream = opendir((path + [0]).map(CChar.init(bitPattern:))) else { return [] }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2e], name != [0x2e, 0x2e] { names.append(name) }
        }
        return names
    }
}

// MARK: - Scanning

extension ScratchTree {
    /// What git would do: hidden files too, and no limit of size.
    static var gitsPolicy: SelectionPolicy {
        var policy = SelectionPolicy()
        policy.includesHidden = true
        policy.maxFileSize = ByteCount(.max)
        return policy
    }

    func scanner(_ policy: SelectionPolicy = gitsPolicy) -> WorkspaceScanner {
        WorkspaceScanner(root: root, policy: policy, hashing: SHA256Hashing(), environment: environment)
    }

    func scan(
        _ scope: Scope = .everything,
        policy: SelectionPolicy = gitsPolicy,
        known: [KnownFile] = []
    ) throws -> Snapshot {
        try scanner(policy).scan(scope, known: known, now: { clockNow() }, onHashed: { _ in })
    }

    func decision(_ path: String, policy: SelectionPolicy = gitsPolicy) throws -> Decision {
        try scanner(policy).decision(for: workspacePath(path))
    }
}

/// Nanoseconds since 1970.
func clockNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

extension ScratchTree {
    /// All zero where there is no such file.
    func fingerprint(of path: WorkspacePath) -> Fingerprint {
        var status = stat()
        let bytes = Array(root.utf8) + [UInt8(ascii: "/")] + path.bytes + [0]
        _ = bytes.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { name in
            name.baseAddress.map { lstat($0, &status) }
        }
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) }
        return Fingerprint(
            size: Int64(status.st_size),
            modified: nanoseconds(status.st_mtim),
            changed: nanoseconds(status.st_ctim),
            inode: UInt64(status.st_ino)
        )
    }
}

func workspacePath(_ text: String) -> WorkspacePath { WorkspacePath(unchecked: Array(text.utf8)) }

extension Snapshot {
    var paths: [String] { files.map(\.path.description) }

    func reason(_ path: String) -> SkipReason? { skipped.first { $0.path == workspacePath(path) }?.reason }

    /// As the manifest would hold it, with the status that the files in `tree` have now; trusted unless `isRacy`.
    func known(in tree: ScratchTree, isRacy: Bool = false) -> [KnownFile] {
        files.map {
            KnownFile(
                path: $0.path,
                fingerprint: tree.fingerprint(of: $0.path),
                digest: $0.digest,
                media: $0.media,
                isRacy: isRacy,
                linked: nil
            )
        }
    }
}

/// Pseudo-random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
