/// A file that a provider made for an answer: its bytes, or where they can be fetched.
package struct MadeFile: Hashable, Sendable {
    /// Where its bytes are.
    package enum Place: Hashable, Sendable {
        /// They came with the answer.
        case here([UInt8])
        /// In the provider's Files API.
        case file(RemoteFileID)
        /// In a container that code ran in, which is gone twenty minutes after its last use.
        case container(String, RemoteFileID)
    }

    /// What the provider calls it; nobody has checked it.
    package var name: String?
    package var place: Place

    package init(name: String? = nil, place: Place) {
        self.name = name
        self.place = place
    }

    /// An answer may make so many; more are not fetched.
    package static let most = 64
}

/// A made file as it was fetched.
package struct FetchedFile: Hashable, Sendable {
    /// What the provider says it is called, where it says so only now.
    package var name: String?
    package var bytes: [UInt8]

    package init(name: String? = nil, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// A made file as the message has it: by digest, or with the reason why it could not be kept.
package struct KeptFile: Hashable, Sendable {
    /// As ``outputName(_:number:media:)`` makes it; still a stranger's word, to be escaped where it is shown.
    package var name: String
    /// Nil for what could not be kept.
    package var digest: ContentDigest?
    /// Bytes.
    package var size: Int64
    package var media: MediaType
    /// Why it could not be kept.
    package var error: String?

    package init(name: String, digest: ContentDigest?, size: Int64, media: MediaType, error: String? = nil) {
        self.name = name
        self.digest = digest
        self.size = size
        self.media = media
        self.error = error
    }

    /// For what could not be kept.
    package init(lost name: String, because error: String) {
        self.init(name: name, digest: nil, size: 0, media: .binary, error: error)
    }
}

/// What a made file is called: the last part of the name that the provider gave it, or a name of our own.
///
/// - Parameters:
///   - proposed: the provider's name, maybe with the folders of its container.
///   - number: of the file in its answer, from 1.
///   - media: what the bytes are; nil when there are none.
/// - Returns: at most 128 characters, never empty and without a slash.
package func outputName(_ proposed: String?, number: Int, media: MediaType? = nil) -> String {
    let last = proposed.map { String($0.split(separator: "/").last ?? "") } ?? ""
    if !last.isEmpty, last != ".", last != ".." { return String(last.prefix(128)) }
    return "made-\(number)\(media.map { ".\(usualExtension(of: $0))" } ?? "")"
}

/// The usual extension of such bytes.
package func usualExtension(of media: MediaType) -> String {
    switch media {
    case .png: "png"
    case .jpeg: "jpg"
    case .gif: "gif"
    case .webp: "webp"
    case .pdf: "pdf"
    case .zip: "zip"
    case .text, .utf16, .empty: "txt"
    case .binary: "bin"
    }
}

/// What these bytes are, by their first bytes and by whether they are text.
package func sniffedMedia(of bytes: [UInt8]) -> MediaType {
    var sniffer = ContentSniffer()
    bytes.withUnsafeBytes { sniffer.update($0) }
    return sniffer.finish()
}
