/// A content that is here, and that a remote file may hold.
package struct LocalContent: Hashable, Sendable {
    package var digest: ContentDigest
    /// Bytes.
    package var size: Int64

    package init(digest: ContentDigest, size: Int64) {
        self.digest = digest
        self.size = size
    }
}

/// The contents that are here, by the digits that upload names carry.
package struct LocalContents: Sendable {
    private var byDigits: [String: Set<LocalContent>] = [:]

    package init(_ contents: some Sequence<LocalContent>) {
        for content in contents { byDigits[content.digest.prefix(16), default: []].insert(content) }
    }

    /// The content that a remote file holds, as far as that can be told without reading it.
    ///
    /// Where the provider tells the digest, that decides. Elsewhere the name must carry the first 16 digits of the
    /// digest, as ``uploadLabel(for:digest:media:traits:mark:)`` makes it, and the size must be that of the one content here
    /// whose digest begins so.
    ///
    /// - Parameter file: as the provider describes it.
    /// - Returns: nil when it is no content that is here, or when that is not sure.
    package func content(of file: RemoteFile) -> LocalContent? {
        if let digest = file.digest {
            return byDigits[digest.prefix(16)]?.first { $0.digest == digest }
        }
        let parts = file.name.split(separator: ".").filter { part in
            part.utf8.count == 16 && part.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        }
        guard let digits = parts.last, let candidates = byDigits[String(digits)], candidates.count == 1 else {
            return nil
        }
        return candidates.first { $0.size == file.size }
    }
}
