import Glibc

/// Compares `actual` with the file of that name in `Tests/Goldens`.
///
/// With `SATCHEL_RECORD_GOLDEN=1` the file is written anew, and the test fails all the same, so that no recording
/// passes for a success.
///
/// - Parameters:
///   - actual: what the program said.
///   - name: of the file, with its extension: `sync.json`.
///   - file: the test's own source, from which the folder is found.
/// - Throws: ``GoldenMismatch`` with the first line that differs.
package func golden(_ actual: String, named name: String, from file: String = #filePath) throws {
    // Every test's source lies below Tests.
    guard let tests = file.firstRange(of: "/Tests/") else { throw GoldenMismatch("\(file) is not below Tests") }
    let folder = file[..<tests.lowerBound] + "/Tests/Goldens"
    let path = "\(folder)/\(name)"
    if getenv("SATCHEL_RECORD_GOLDEN") != nil {
        mkdir(String(folder), 0o755)
        guard let stream = fopen(path, "we") else { throw SystemFailure("fopen \(path)", errno) }
        defer { fclose(stream) }
        let bytes = Array(actual.utf8)
        fwrite(bytes, 1, bytes.count, stream)
        throw GoldenMismatch("recorded \(name); look at the difference and run again without SATCHEL_RECORD_GOLDEN")
    }
    guard let stream = fopen(path, "re") else {
        throw GoldenMismatch("no golden \(name); record it with SATCHEL_RECORD_GOLDEN=1")
    }
    defer { fclose(stream) }
    var expected: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&piece, 1, piece.count, stream), count > 0 { expected += piece.prefix(count) }
    guard expected != Array(actual.utf8) else { return }
    throw GoldenMismatch("\(name) differs\n" + firstDifference(String(decoding: expected, as: UTF8.self), actual))
}

/// Why a golden does not fit.
package struct GoldenMismatch: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// The first line that differs with two lines before it, as in a unified diff.
private func firstDifference(_ expected: String, _ actual: String) -> String {
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = actual.split(separator: "\n", omittingEmptySubsequences: false)
    let at = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
    var lines = ["@@ line \(at + 1) @@"]
    lines += new[max(0, at - 2)..<at].map { "  \($0)" }
    lines += old.dropFirst(at).prefix(3).map { "- \($0)" }
    lines += new.dropFirst(at).prefix(3).map { "+ \($0)" }
    return lines.joined(separator: "\n")
}
