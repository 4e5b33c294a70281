import SatchelCore

/// The resource name of a file: `files/` and up to 40 lower-case letters, digits and dashes.
///
/// Ours are chosen before the upload and follow from its upload name, so that one question tells whether an earlier try
/// of it arrived: `files/satchel-` and 30 hexadecimal digits. The key is hashed in with the name: resource names have no
/// project in them, and nobody else is to learn from one that is taken what somebody has uploaded, or to take ours.
struct GeminiName: Hashable, Sendable {
    /// `files/satchel-1f…`.
    let rawValue: String

    /// How many names an upload has: the first one may still be reserved after a try that broke off.
    static let forms = 4

    /// The name of an upload under a key.
    ///
    /// - Parameters:
    ///   - uploadName: that no other upload has.
    ///   - digest: of the content.
    ///   - key: the account's; nil where a server wants none.
    ///   - form: from 1 to ``forms``.
    ///   - hashing: makes the name.
    init(of uploadName: String, _ digest: ContentDigest, under key: Secret?, form: Int, hashing: any Hashing) {
        let mixed = hashing.digest(of: Array((key?.value ?? "").utf8) + [0] + digest.bytes + Array(uploadName.utf8))
        rawValue = "files/satchel-" + mixed.prefix(30) + (form > 1 ? "-\(form)" : "")
    }

    /// Nil for what is no name: nothing else gets into a URL.
    init?(_ text: some StringProtocol) {
        let id = text.dropFirst("files/".count)
        let isPlain = id.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
        }
        guard text.hasPrefix("files/"), (1...128).contains(id.utf8.count), isPlain else { return nil }
        rawValue = String(text)
    }
}
