internal import Glibc
package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// What `has` knows of a content.
package struct ContentPlaces: Hashable, Sendable {
    package var digest: ContentDigest
    /// In the local store.
    package var isStored: Bool
    /// Files whose bytes were last seen to be these.
    package var paths: [WorkspacePath]
    /// Accounts with a copy.
    package var accounts: [String]

    package var isAnywhere: Bool { isStored || !paths.isEmpty || !accounts.isEmpty }
}

extension Workspace {
    /// Hands the bytes of a content to `write`, piece by piece.
    ///
    /// - Parameters:
    ///   - content: which.
    ///   - notice: as for ``connect(to:notice:onWait:)``, where the bytes are fetched from an account.
    ///   - write: is given each piece in order.
    /// - Throws: ``WorkspaceError`` when the bytes are nowhere any more.
    package func read(
        _ content: FoundContent,
        notice: (String) -> Void,
        _ write: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        let reader = try await open(content, notice: notice)
        try await drain(reader, write)
    }

    private func drain(
        _ reader: sending any UploadReader,
        _ write: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        let lent = Lent(reader)
        try await onDiskQueue {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
            defer { buffer.deallocate() }
            while true {
                let count = try lent.reader.read(into: buffer)
                if count == 0 { return }
                try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Writes a content to a file, whole or not at all.
    ///
    /// Into the workspace at its own path, where no link is followed, or to the file that the user names.
    ///
    /// - Parameters:
    ///   - content: which.
    ///   - target: a path as typed; nil for the content's own.
    ///   - replaces: take the place of a file that is there.
    ///   - notice: as for ``connect(to:notice:onWait:)``, where the bytes are fetched from an account.
    /// - Returns: the file, for people.
    /// - Throws: ``WorkspaceError`` when there is something already, the bytes are nowhere, or it cannot be written.
    package func restore(
        _ content: FoundContent,
        to target: String?,
        replaces: Bool,
        notice: (String) -> Void
    ) async throws -> String {
        let place = try place(of: content, target: target)
        if !replaces, fileStatus(of: place.path, below: place.root) != nil { throw alreadyThere(place.name) }
        let lent = Lent(try await open(content, notice: notice))
        let alreadyThere = alreadyThere(place.name)
        try await onDiskQueue {
            do throws(WriteError) {
                try writeFile(place.path, in: place.root, replaces: replaces, from: lent.reader)
            } catch {
                if error.kind == .exists { throw alreadyThere }
                throw WorkspaceError(.cannotStart, "\(place.name): \(error.message)")
            }
        }
        return place.name
    }

    private struct Place: Sendable {
        var root: String
        var path: WorkspacePath
        /// For people.
        var name: String
    }

    private func place(of content: FoundContent, target: String?) throws -> Place {
        guard let target else {
            guard let path = content.path else {
                throw WorkspaceError(
                    .cannotStart,
                    "\(content.digest.prefix(12)): it has no path in the workspace; say where with -o"
                )
            }
            return Place(root: root, path: path, name: "\(path)")
        }
        let typed = target.hasPrefix("/") ? target : "\(context.directory)/\(target)"
        let (folder, file) = typed.splitAtLastSlash
        guard let folder = resolvedPath(folder.isEmpty ? "/" : folder), file != "..", file != ".",
            let path = WorkspacePath(rawPath(typed: file))
        else { throw WorkspaceError(.cannotStart, "\(printable(target)): there is no such folder; make it first") }
        let absolute = folder == "/" ? "/\(file)" : "\(folder)/\(file)"
        guard !absolute.hasPrefix("\(root)/.satchel/") else {
            throw WorkspaceError(.cannotStart, "\(printable(target)): .satchel is satchel's own; choose another place")
        }
        return Place(root: folder, path: path, name: printable(target))
    }

    private func alreadyThere(_ name: String) -> WorkspaceError {
        WorkspaceError(
            .cannotStart,
            "\(name): there is a file already; say --force to replace it, or name another place"
        )
    }

    /// Where each of these contents is.
    package func places(of digests: [ContentDigest]) async throws -> [ContentPlaces] {
        var result: [ContentPlaces] = []
        for digest in digests {
            let isStored = try await onDiskQueue { [objects] in objects.contains(digest) }
            let held = Set(try await manifest.holders(of: digest).map(\.label))
            result.append(
                ContentPlaces(
                    digest: digest,
                    isStored: isStored,
                    paths: try await manifest.paths(with: digest),
                    accounts: held.sorted()
                )
            )
        }
        return result
    }
}

/// A reader on its way to the one thread that reads it.
///
/// `@unchecked`: nobody else has it.
private struct Lent: @unchecked Sendable {
    let reader: any UploadReader

    init(_ reader: sending any UploadReader) { self.reader = reader }
}

extension String {
    /// `/a/b` and `c` of `/a/b/c`.
    fileprivate var splitAtLastSlash: (folder: String, name: String) {
        guard let slash = lastIndex(of: "/") else { return ("", self) }
        return (String(self[..<slash]), String(self[index(after: slash)...]))
    }
}
