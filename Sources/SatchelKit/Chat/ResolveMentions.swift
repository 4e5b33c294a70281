package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// What the mentions of a prompt stand for.
package struct ResolvedMentions: Sendable {
    /// Scopes to bring in step first.
    package var paths: [WorkspacePath] = []
    /// Globs, in gitignore syntax, over what is synced.
    package var globs: [String] = []
    /// `@thread`: every file that the thread was shown.
    package var wantsThread = false
    /// `@git:changed`: what differs from the last commit.
    package var wantsGitChanges = false
    /// Stood for nothing: left in the prompt as plain text.
    package var unknown: [Mention] = []

    package var isEmpty: Bool { paths.isEmpty && globs.isEmpty && !wantsThread && !wantsGitChanges }
}

extension Workspace {
    /// Finds what each mention stands for on the disk.
    ///
    /// `@name` that is no file is text (a handle, an attribute): that is said, and nothing else happens. A file that is
    /// called `thread` is `@./thread`.
    package func resolve(_ mentions: [Mention]) -> ResolvedMentions {
        var result = ResolvedMentions()
        for mention in mentions {
            if mention.target == "thread" {
                result.wantsThread = true
            } else if mention.target == "git:changed" {
                result.wantsGitChanges = true
            } else if let path = try? paths([mention.target]).first, isThere(path) {
                result.paths.append(path)
            } else if mention.isGlob {
                result.globs.append(mention.target)
            } else if let path = WorkspacePath(mention.target), isThere(path) {
                // Relative to the workspace, from a folder inside it.
                result.paths.append(path)
            } else {
                result.unknown.append(mention)
            }
        }
        return result
    }

    /// What these globs match, on the disk or in the manifest; no file is read for it.
    ///
    /// Only this is brought in step for them: what else lies in the same folders was not mentioned.
    func paths(matching globs: [String]) async throws -> [WorkspacePath] {
        guard !globs.isEmpty else { return [] }
        let rules = IgnoreFile(globs: globs)
        let scope = Scope(globs.map(globFolder))
        var found = Set(try await onDiskQueue { [scanner] in try scanner.names(in: scope).filter(rules.matches) })
        for file in try await manifest.known(in: scope) where rules.matches(file.path) { found.insert(file.path) }
        return found.sorted()
    }

    /// The synced files within these paths or matched by one of these globs, in byte order, each once.
    func syncedFiles(_ paths: [WorkspacePath], globs: [String] = []) async throws -> [Manifest.ShownFile] {
        var files: [WorkspacePath: ContentDigest] = [:]
        if !paths.isEmpty {
            for file in try await manifest.known(in: Scope(paths)) {
                if let linked = file.linked { files[file.path] = linked }
            }
        }
        if !globs.isEmpty {
            let rules = IgnoreFile(globs: globs)
            for file in try await manifest.known(in: Scope(globs.map(globFolder))) {
                guard let linked = file.linked else { continue }
                if rules.matches(file.path) { files[file.path] = linked }
            }
        }
        return files.sorted { $0.key < $1.key }.map { Manifest.ShownFile(path: $0.key, digest: $0.value) }
    }
}
