internal import SatchelCore
internal import SatchelWorkspace

extension Workspace {
    /// The files below the workspace that differ from the last commit, untracked ones too; those that git ignores are
    /// not among them.
    ///
    /// - Returns: nil outside of a repository, or where there is no git.
    func gitChanges() async throws -> [WorkspacePath]? {
        var environment = context.environment
        // Looking must not write: git would refresh its index on the way.
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        return try await onDiskQueue { [root, environment] in
            func git(_ arguments: String...) -> [WorkspacePath]? {
                // A repository's own configuration may name programs to run; none is needed for names.
                let command = ["git", "-C", root, "-c", "core.fsmonitor=false"] + arguments
                guard
                    let bytes = try? output(
                        of: command,
                        environment: environment,
                        timeout: .seconds(30),
                        limit: 16 << 20,
                        isQuiet: true
                    )
                else { return nil }
                return bytes.split(separator: 0).compactMap { WorkspacePath($0) }
            }
            guard let untracked = git("ls-files", "--others", "--exclude-standard", "-z") else { return nil }
            let changed =
                git("diff", "--name-only", "--relative", "--no-ext-diff", "--diff-filter=d", "-z", "HEAD")
                // Before the first commit everything that is staged is new.
                ?? git("ls-files", "--cached", "-z") ?? []
            return Set(changed + untracked).sorted()
        }
    }
}
