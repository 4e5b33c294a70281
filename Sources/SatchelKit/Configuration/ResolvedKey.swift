/// A provider key in memory.
///
/// Only ``bytes`` gives it away; printing, dumping and interpolating it do not.
package struct ResolvedKey: Hashable, Sendable {
    /// Printable ASCII, as it goes into a header.
    package let bytes: [UInt8]

    /// Nil for what cannot be a key: nothing, or anything but printable ASCII once the space around it is cut off.
    package init?(_ text: some StringProtocol) {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) }
        let trimmed = Array(text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        guard !trimmed.isEmpty, trimmed.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        bytes = trimmed
    }
}

extension ResolvedKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `••••` with the last four characters where the rest is long enough to stay secret.
    package var description: String {
        bytes.count >= 20 ? "••••" + String(decoding: bytes.suffix(4), as: UTF8.self) : "••••"
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why there is no key, as a sentence that says what to do.
package struct KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    /// The key may be had later: what fetches it failed, as with a password manager that is locked.
    package var mayPass: Bool

    package init(_ description: String, mayPass: Bool = false) {
        self.description = description
        self.mayPass = mayPass
    }
}
