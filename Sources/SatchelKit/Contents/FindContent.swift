package import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// A content as a command names it.
package struct FoundContent: Hashable, Sendable {
    package var digest: ContentDigest
    /// Where it belongs in the workspace, as far as that is known.
    package var path: WorkspacePath?

    package init(digest: ContentDigest, path: WorkspacePath? = nil) {
        self.digest = digest
        self.path = path
    }
}

/// Which version of a path is meant.
package enum ContentVersion: Hashable, Sendable {
    /// What the path stands for now, or stood for last.
    case latest
    /// The last that was sent or shown at or before that time.
    case at(Date)
    /// The last that this thread was shown.
    case thread(Int64)
}

extension Workspace {
    /// The content that `text` names: a path, a digest, its first digits (at least 4), or the name it was added under.
    ///
    /// - Parameters:
    ///   - text: as typed.
    ///   - version: of a path.
    /// - Returns: the content, whether or not its bytes can still be had.
    /// - Throws: ``WorkspaceError`` when it names none, or several.
    package func content(_ text: String, version: ContentVersion = .latest) async throws -> FoundContent {
        if let found = try await find(text, version) { return found }
        throw WorkspaceError(
            .cannotStart,
            version == .latest
                ? "\(text.isEmpty ? "\"\"" : printable(text)): neither a remembered path nor a content; check the name"
                : "\(printable(text)): no such version was sent to a provider or shown to a chat; name a content by its SHA-256"
        )
    }

    /// The same, but nil when it names none.
    package func find(_ text: String, _ version: ContentVersion = .latest) async throws -> FoundContent? {
        let digits = (text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text).lowercased()
        if let digest = ContentDigest(hex: digits) {
            return FoundContent(digest: digest, path: try await manifest.lastPath(of: digest))
        }
        if let path = try? paths([text]).first, let digest = try await digest(of: path, version) {
            return FoundContent(digest: digest, path: path)
        }
        guard version == .latest else { return nil }
        if let digest = try await manifest.added(named: text).first { return FoundContent(digest: digest) }
        let found = try await contents(beginning: digits)
        guard found.count < 2 else {
            throw WorkspaceError(.cannotStart, "\(printable(text)): several contents begin so; give more digits")
        }
        guard let digest = found.first else { return nil }
        return FoundContent(digest: digest, path: try await manifest.lastPath(of: digest))
    }

    private func contents(beginning digits: String) async throws -> [ContentDigest] {
        guard (4...64).contains(digits.utf8.count), digits.allSatisfy(\.isHexDigit) else { return [] }
        let characters = Array(digits)
        let bytes = stride(from: 0, to: characters.count - 1, by: 2).compactMap {
            UInt8(String(characters[$0...($0 + 1)]), radix: 16)
        }
        let found = try await manifest.contents(beginning: bytes, limit: 64)
        return Array(Set(found.filter { $0.hex.hasPrefix(digits) }).prefix(2))
    }

    private func digest(of path: WorkspacePath, _ version: ContentVersion) async throws -> ContentDigest? {
        let versions = try await manifest.versions(of: path)
        switch version {
        case .thread(let thread): return versions.last { $0.thread == thread }?.digest
        case .at(let date): return versions.last { $0.seenAt <= date }?.digest
        case .latest:
            let known = try await manifest.known(in: Scope([path])).first { $0.path == path }
            return known?.linked ?? known?.digest ?? versions.last?.digest
        }
    }

    /// Opens the bytes of a content at their first: from the local store, a file that shows it, or an account that gives
    /// uploads back.
    ///
    /// They were read once already and are those of the digest.
    ///
    /// - Parameters:
    ///   - content: which.
    ///   - notice: as for ``connect(to:notice:onWait:)``.
    /// - Returns: a reader at the first byte.
    /// - Throws: ``WorkspaceError`` when the bytes are nowhere any more.
    func open(_ content: FoundContent, notice: (String) -> Void) async throws -> sending any UploadReader {
        let digest = content.digest
        var sources: [any UploadSource] = [objects.source(digest)]
        for path in try await manifest.paths(with: digest) { sources.append(FileSource(root: root, path: path)) }
        for source in sources where try await holds(source, digest) { return try source.open() }
        if let bytes = try await download(digest, notice) { return try MemorySource(bytes: bytes).open() }
        throw WorkspaceError(
            .cannotStart,
            "\(content.path?.description ?? digest.prefix(12)): the bytes of \(digest.prefix(12)) are kept nowhere any "
                + "more; chats and satchel add keep what they are shown"
        )
    }

    private func holds(_ source: any UploadSource, _ digest: ContentDigest) async throws -> Bool {
        try await onDiskQueue { [hashing] in
            guard let reader = try? source.open() else { return false }
            let hasher = hashing.makeHasher()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
            defer { buffer.deallocate() }
            while let count = try? reader.read(into: buffer), count > 0 {
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            return hasher.finish() == digest
        }
    }

    /// The bytes from the first account that has a copy and gives uploads back.
    private func download(_ digest: ContentDigest, _ notice: (String) -> Void) async throws -> [UInt8]? {
        for (label, id) in try await manifest.holders(of: digest) {
            guard let account = try? configuration.account(named: label), traits(of: account).canDownload,
                let connection = try? await connect(to: label, notice: notice),
                let bytes = try? await connection.provider.download(id, upTo: .mebibytes(512)),
                hashing.digest(of: bytes) == digest
            else { continue }
            return bytes
        }
        return nil
    }
}
