/// One pattern of a gitignore file, taken apart as git does it.
struct IgnorePattern: Hashable, Sendable {
    enum Form: Hashable, Sendable {
        /// No slash and nothing special: the last component is exactly this.
        case name([UInt8])
        /// `*` and then nothing special: the last component ends with this.
        case nameSuffix([UInt8])
        /// No slash: a glob for the last component.
        case nameGlob([UInt8])
        /// A slash inside: the whole path, relative to the folder of the file, is exactly this.
        case path([UInt8])
        /// A path that begins with `prefix`; the rest of it matches `glob`.
        ///
        /// Apart because git compares the part before the first special byte by itself and then starts the glob anew
        /// behind it, which shows in `foo**/bar`.
        case pathGlob(prefix: [UInt8], glob: [UInt8])
    }

    var form: Form
    /// It began with `!`: what it matches is not ignored after all.
    var isNegated = false
    /// It ended in `/`: files are not meant.
    var isFolderOnly = false

    /// Takes a line from which the line break and unescaped spaces at the end are gone.
    init(_ line: ArraySlice<UInt8>) {
        var body = line
        if body.first == UInt8(ascii: "!") {
            isNegated = true
            body.removeFirst()
        }
        if body.last == UInt8(ascii: "/") {
            isFolderOnly = true
            body.removeLast()
        }
        let literal = body.prefix { !Self.isSpecial($0) }
        guard body.contains(UInt8(ascii: "/")) else {
            if literal.count == body.count {
                form = .name(Array(body))
            } else if body.first == UInt8(ascii: "*"), !body.dropFirst().contains(where: Self.isSpecial) {
                form = .nameSuffix(Array(body.dropFirst()))
            } else {
                form = .nameGlob(Array(body))
            }
            return
        }
        let anchor = body.first == UInt8(ascii: "/") ? 1 : 0
        if literal.count == body.count {
            form = .path(Array(body.dropFirst(anchor)))
        } else {
            form = .pathGlob(prefix: Array(literal.dropFirst(anchor)), glob: Array(body[literal.endIndex...]))
        }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\"): true
        default: false
        }
    }

    /// The patterns of a gitignore file with their line numbers from 1, as git splits it: a byte order mark is
    /// skipped, `#` begins a comment, one CR before the LF goes, unescaped spaces at the end go, NUL ends the line.
    static func lines(of bytes: ArraySlice<UInt8>) -> [(number: Int, text: ArraySlice<UInt8>)] {
        var result: [(number: Int, text: ArraySlice<UInt8>)] = []
        var rest = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes
        var number = 0
        while !rest.isEmpty {
            number += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var line = rest[..<end]
            rest = end < rest.endIndex ? rest[(end + 1)...] : rest[end...]
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            line = withoutTrailingSpaces(line.prefix { $0 != 0 })
            if !line.isEmpty { result.append((number, line)) }
        }
        return result
    }

    /// Cuts the spaces at the end, unless a backslash stands before them.
    private static func withoutTrailingSpaces(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var kept = line.startIndex
        var index = line.startIndex
        while index < line.endIndex {
            if line[index] == UInt8(ascii: "\\") {
                index += 1
                // A backslash that ends the line protects the spaces before it, too.
                if index == line.endIndex { return line }
                kept = index + 1
            } else if line[index] != UInt8(ascii: " ") {
                kept = index + 1
            }
            index += 1
        }
        return line[..<kept]
    }
}
