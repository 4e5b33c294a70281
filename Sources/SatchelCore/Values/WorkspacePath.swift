/// A path inside a workspace: raw bytes, relative to the root, components joined by `/`.
///
/// File names on Linux are bytes, not text, so the bytes are the identity and ``description`` is only how they are
/// shown. There is never a leading or trailing `/`, an empty component, `.` or `..`; the empty path is the root.
/// The order is that of the bytes, which is git's order and SQLite's `BINARY` order for blobs.
package struct WorkspacePath: Hashable, Sendable {
    package let bytes: [UInt8]

    package static let root = WorkspacePath(unchecked: [])

    /// Trusts the caller that `bytes` obey the rules above: for walkers and rows that were checked before.
    package init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Normalises `./`, doubled and trailing slashes; nil when the path is absolute, has `..` or a NUL byte.
    package init?(_ raw: some Sequence<UInt8>) {
        var result: [UInt8] = []
        var start = true
        let all = Array(raw)
        if all.first == UInt8(ascii: "/") || all.contains(0) { return nil }
        for component in all.split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) { return nil }
            if !start { result.append(UInt8(ascii: "/")) }
            start = false
            result.append(contentsOf: component)
        }
        bytes = result
    }

    package init?(_ string: String) {
        self.init(string.utf8)
    }

    package var isRoot: Bool { bytes.isEmpty }

    /// The last component; empty for the root.
    package var name: ArraySlice<UInt8> {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes[...] }
        return bytes[(slash + 1)...]
    }

    /// The folder that holds it; the root for a top-level name and for the root itself.
    package var parent: WorkspacePath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return .root }
        return WorkspacePath(unchecked: Array(bytes[..<slash]))
    }

    /// The path of that name in this folder.
    package func appending(_ name: some Sequence<UInt8>) -> WorkspacePath {
        guard !isRoot else { return WorkspacePath(unchecked: Array(name)) }
        var joined = bytes
        joined.append(UInt8(ascii: "/"))
        joined.append(contentsOf: name)
        return WorkspacePath(unchecked: joined)
    }

    /// True for the folder itself and everything below it.
    package func isWithin(_ folder: WorkspacePath) -> Bool {
        folder.isRoot
            || (bytes.starts(with: folder.bytes)
                && (bytes.count == folder.bytes.count || bytes[folder.bytes.count] == UInt8(ascii: "/")))
    }

    /// The bytes as text, with U+FFFD for what is not UTF-8: for prompts and upload names, never as an identity.
    package var lossyText: String { String(decoding: bytes, as: UTF8.self) }
}

extension WorkspacePath: Comparable {
    package static func < (left: WorkspacePath, right: WorkspacePath) -> Bool {
        left.bytes.withUnsafeBytes { one in
            right.bytes.withUnsafeBytes { other in
                compareBytes(one, other) < 0
            }
        }
    }
}

extension WorkspacePath: CustomStringConvertible {
    /// The path with backslash, control characters and bytes that are not UTF-8 escaped; reversible.
    package var description: String { escaped(bytes) }

    /// Reads what ``description`` wrote; nil when an escape is malformed or the result is no workspace path.
    package init?(escaped text: String) {
        guard let raw = unescaped(text) else { return nil }
        self.init(raw)
    }
}
