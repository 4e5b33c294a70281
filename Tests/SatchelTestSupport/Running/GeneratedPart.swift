import Glibc

/// Compares a part of a document, between `<!-- name -->` and `<!-- /name -->`, with what it is made from.
///
/// With `SATCHEL_RECORD_GOLDEN=1` the part is written anew, and the test fails all the same.
///
/// - Parameters:
///   - text: what should stand there, ending in a line break.
///   - name: of the part.
///   - document: below the root of the repository: `docs/providers.md`.
///   - file: the test's own source, from which the root is found.
/// - Throws: ``GoldenMismatch`` when the document says something else.
package func generatedPart(
    _ text: String,
    named name: String,
    of document: String,
    from file: String = #filePath
) throws {
    guard let tests = file.firstRange(of: "/Tests/") else { throw GoldenMismatch("\(file) is not below Tests") }
    let path = "\(file[..<tests.lowerBound])/\(document)"
    let whole = try contents(of: path)
    let (opening, closing) = ("<!-- \(name) -->\n", "<!-- /\(name) -->")
    guard let start = whole.firstRange(of: opening)?.upperBound,
        let end = whole[start...].firstRange(of: closing)?.lowerBound
    else { throw GoldenMismatch("\(document) has no part between \(opening) and \(closing)") }
    guard whole[start..<end] != text else { return }
    guard getenv("SATCHEL_RECORD_GOLDEN") != nil else {
        throw GoldenMismatch("\(document) does not say what the program does; run with SATCHEL_RECORD_GOLDEN=1")
    }
    guard let stream = fopen(path, "we") else { throw SystemFailure("fopen \(path)", errno) }
    defer { fclose(stream) }
    let bytes = Array((whole[..<start] + text + whole[end...]).utf8)
    fwrite(bytes, 1, bytes.count, stream)
    throw GoldenMismatch("wrote \(document); look at the difference and run again without SATCHEL_RECORD_GOLDEN")
}

private func contents(of path: String) throws -> String {
    guard let stream = fopen(path, "re") else { throw SystemFailure("fopen \(path)", errno) }
    defer { fclose(stream) }
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&piece, 1, piece.count, stream), count > 0 { all += piece.prefix(count) }
    return String(decoding: all, as: UTF8.self)
}
