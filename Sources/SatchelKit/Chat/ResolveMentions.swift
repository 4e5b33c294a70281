package import SatchelCore
internal import SatchelManifest

/// What the mentions of a prompt stand for.
package struct ResolvedMentions: Sendable {
    /// Scopes to bring in step first.
    package var paths: [WorkspacePath] = []
    /// Globs, in gitignore syntax, over what is synced.
    package var globs: [String] = []
    /// Stood for nothing: left in the prompt as plain text.
    package var unknown: [Mention] = []

    package var isEmpty: Bool { paths.isEmpty && globs.isEmpty }
}

extension Workspace {
    /// Finds what each mention stands for on the disk.
    ///
    /// `@name` that is no file is text (a handle, an attribute): that is said, and nothing else happens.
    package func resolve(_ mentions: [Mention]) -> ResolvedMentions {
        var result = ResolvedMentions()
        for mention in mentions {
            if let path = try? paths([mention.target]).first, exists("\(root)/\(path.lossyText)") || path.isRoot {
                result.paths.append(path)
            } else if mention.isGlob {
                result.globs.append(mention.target)
            } else if let path = WorkspacePath(mention.target), exists("\(root)/\(path.lossyText)") {
                // Relative to the workspace, from a folder inside it.
                result.paths.append(path)
            } else {
                result.unknown.append(mention)
            }
        }
        return result
    }

    /// The synced files that resolved mentions stand for, in byte order, each once.
    func shownFiles(_ mentions: ResolvedMentions) async throws -> [Manifest.ShownFile] {
        var files: [WorkspacePath: ContentDigest] = [:]
        if !mentions.paths.isEmpty {
            for file in try await manifest.known(in: Scope(mentions.paths)) {
                if let linked = file.linked { files[file.path] = linked }
            }
        }
        if !mentions.globs.isEmpty {
            let globs = IgnoreFile(mentions.globs.map { SelectionRule(file: "@", line: 0, pattern: $0) })
            for file in try await manifest.known(in: .everything) {
                guard let linked = file.linked else { continue }
                if globs.matches(file.path) { files[file.path] = linked }
            }
        }
        return files.sorted { $0.key < $1.key }.map { Manifest.ShownFile(path: $0.key, digest: $0.value) }
    }
}
