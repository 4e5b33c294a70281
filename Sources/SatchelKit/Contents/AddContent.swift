package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// A content that was put into the local store by hand.
package struct AddedContent: Hashable, Sendable {
    package var digest: ContentDigest
    /// Bytes.
    package var size: Int64
    package var name: String
    package var mime: String
}

extension Workspace {
    /// Puts the bytes of a file, or of standard input, into the local store, where they stay until ``forgetAdded(_:)``.
    ///
    /// - Parameters:
    ///   - path: of any file; nil for standard input.
    ///   - name: what it is called besides the names it has; nil for the file's own name.
    ///   - mime: what it is; nil for what its bytes say.
    ///   - expected: the digest that it must have, if any.
    /// - Returns: what was stored.
    /// - Throws: ``WorkspaceError`` when it cannot be read, is not what was expected, or goes beyond a limit.
    package func add(
        _ path: String?,
        name: String?,
        mime: String?,
        expecting expected: ContentDigest?
    ) async throws -> AddedContent {
        let subject = path.map { printable($0) } ?? "standard input"
        let kept = try await manifest.keptBytes()
        let limits = configuration.keep
        let room = min(limits.maxFileSize.bytes, max(0, limits.maxTotal.bytes - kept))
        let directory = context.directory
        let stored = try await onDiskQueue { [objects] in
            do {
                let reader: any UploadReader = try path.map { try openFile($0, in: directory) } ?? StandardInput()
                return try objects.put(allOf: reader, upTo: ByteCount(room), expecting: expected)
            } catch let error as StoreError where error.kind == .tooLarge {
                throw WorkspaceError(
                    .cannotStart,
                    "\(subject): \(error.message); raise keep.max_file_size or keep.max_total, or forget what is not "
                        + "needed with satchel add --forget"
                )
            } catch let error as StoreError {
                throw WorkspaceError(.cannotStart, "\(subject): \(error.message)")
            } catch let error as SourceError {
                throw WorkspaceError(.cannotStart, "\(subject): \(error.message)")
            }
        }
        var name = name ?? path.flatMap { $0.split(separator: "/").last.map(String.init) }
        // What comes without a name keeps the one it has.
        if name == nil { name = try await manifest.addedName(of: stored.digest) }
        let added = Manifest.Added(
            digest: stored.digest,
            name: name ?? stored.digest.prefix(16),
            mime: mime ?? mimeType(of: stored.media)
        )
        try await manifest.add(added, size: stored.size, media: stored.media, at: now())
        return AddedContent(digest: stored.digest, size: stored.size, name: added.name, mime: added.mime)
    }

    /// An added content needs to stay no longer: the next clean-up removes its bytes, unless something else needs them.
    ///
    /// - Parameter text: names it; see ``content(_:version:)``. One of its names leaves it under the others.
    /// - Returns: the content.
    /// - Throws: ``WorkspaceError`` when it was not added.
    package func forgetAdded(_ text: String) async throws -> ContentDigest {
        let found = try await content(text)
        let isName = try await manifest.added(named: text).contains(found.digest)
        guard try await manifest.forgetAdded(found.digest, named: isName ? text : nil) else {
            throw WorkspaceError(.cannotStart, "\(printable(text)): was not added; nothing to forget")
        }
        return found.digest
    }
}

/// Opens any file that the user named; links in its path are theirs and followed.
private func openFile(_ typed: String, in directory: String) throws -> any UploadReader {
    let absolute = typed.hasPrefix("/") ? [] : Array("\(directory)/".utf8)
    guard let resolved = resolvedPath(bytes: absolute + rawPath(typed: typed)),
        let slash = resolved.lastIndex(of: UInt8(ascii: "/")),
        let name = WorkspacePath(resolved[(slash + 1)...]),
        let folder = String(validating: resolved[..<max(slash, 1)], as: UTF8.self)
    else { throw SourceError(.vanished, "no such file; check the name") }
    return try FileSource(root: folder, path: name).open()
}
