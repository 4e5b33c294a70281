import Glibc

/// A folder of one test's own, gone when the test is; kept with `SATCHEL_KEEP_TEST_DIRS=1`.
///
/// Paths are relative to ``root`` and may hold any bytes.
package final class TemporaryWorkspace: Sendable {
    /// Absolute, without symbolic links in it.
    package let root: String
    private let isKept: Bool

    package init(_ files: [RawBytes: RawBytes] = [:], named name: String = "workspace") throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/satchel-\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, let resolved = realpath(template, nil) else {
            throw SystemFailure("mkdtemp in \(base)", errno)
        }
        root = String(cString: resolved)
        free(resolved)
        isKept = getenv("SATCHEL_KEEP_TEST_DIRS") != nil
        for (path, content) in files { try write(path, content) }
    }

    deinit {
        if isKept {
            let note = Array("kept: \(root)\n".utf8)
            _ = Glibc.write(2, note, note.count)
        } else {
            removeTree(Array(root.utf8))
        }
    }

    /// Makes one for the time of `body`.
    @discardableResult
    package static func with<Result>(
        _ files: [RawBytes: RawBytes] = [:],
        _ body: (TemporaryWorkspace) async throws -> Result
    ) async throws -> Result {
        let workspace = try TemporaryWorkspace(files)
        let result = try await body(workspace)
        // Not before the body has ended, although nobody may be using it by then.
        withExtendedLifetime(workspace) {}
        return result
    }

    /// The absolute path of something inside, as bytes that end in NUL.
    private func absolute(_ path: RawBytes) -> [CChar] {
        (Array(root.utf8) + (path.bytes.isEmpty ? [] : [UInt8(ascii: "/")]) + path.bytes + [0]).map {
            CChar(bitPattern: $0)
        }
    }

    private func check(_ result: Int32, _ call: String, _ path: RawBytes) throws(SystemFailure) {
        if result != 0 { throw SystemFailure("\(call) \(String(decoding: path.bytes, as: UTF8.self))", errno) }
    }

    /// Writes a file in place, with the folders above it.
    package func write(_ path: RawBytes, _ content: RawBytes) throws {
        try makeParents(of: path)
        let file = open(absolute(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        try check(file < 0 ? -1 : 0, "open", path)
        defer { close(file) }
        var rest = content.bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            try check(count < 0 ? -1 : 0, "write", path)
            rest = rest.dropFirst(count)
        }
    }

    /// Replaces a file by a rename, as editors save.
    package func replace(_ path: RawBytes, _ content: RawBytes) throws {
        let beside = RawBytes(path.bytes + Array(".new~".utf8))
        try write(beside, content)
        try move(beside, to: path)
    }

    package func makeFolder(_ path: RawBytes) throws {
        try makeParents(of: path)
        if mkdir(absolute(path), 0o755) != 0, errno != EEXIST { try check(-1, "mkdir", path) }
    }

    package func move(_ path: RawBytes, to other: RawBytes) throws {
        try makeParents(of: other)
        try check(rename(absolute(path), absolute(other)), "rename", path)
    }

    package func link(_ path: RawBytes, to target: RawBytes) throws {
        try makeParents(of: path)
        try check(symlink(target.bytes.map { CChar(bitPattern: $0) } + [0], absolute(path)), "symlink", path)
    }

    package func makePipe(_ path: RawBytes) throws {
        try makeParents(of: path)
        try check(mkfifo(absolute(path), 0o644), "mkfifo", path)
    }

    package func setMode(_ path: RawBytes, _ mode: UInt32) throws {
        try check(chmod(absolute(path), mode), "chmod", path)
    }

    /// Seconds and nanoseconds since 1970.
    package func setModified(_ path: RawBytes, seconds: Int, nanoseconds: Int = 0) throws {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        try check(utimensat(AT_FDCWD, absolute(path), [time, time], 0), "utimensat", path)
    }

    /// Removes a file, or a folder with all that is in it; silent when there is nothing.
    package func remove(_ path: RawBytes) {
        removeTree(absolute(path).dropLast().map { UInt8(bitPattern: $0) })
    }

    /// Nil when there is no such file.
    package func read(_ path: RawBytes) -> [UInt8]? {
        let file = open(absolute(path), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            if count <= 0 { return count < 0 ? nil : bytes }
            bytes += piece.prefix(count)
        }
    }

    package func text(_ path: RawBytes) -> String? { read(path).flatMap { String(validating: $0, as: UTF8.self) } }

    package func exists(_ path: RawBytes) -> Bool {
        var status = stat()
        return lstat(absolute(path), &status) == 0
    }

    /// The names in a folder, in byte order.
    package func list(_ path: RawBytes = "") -> [RawBytes] {
        names(in: absolute(path)).sorted { $0.lexicographicallyPrecedes($1) }.map { RawBytes($0) }
    }

    private func makeParents(of path: RawBytes) throws {
        for index in path.bytes.indices where index > 0 && path.bytes[index] == UInt8(ascii: "/") {
            let folder = RawBytes(path.bytes[..<index])
            if mkdir(absolute(folder), 0o755) != 0, errno != EEXIST { try check(-1, "mkdir", folder) }
        }
    }
}
