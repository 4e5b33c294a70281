import Glibc

/// Where git keeps what belongs to a working tree.
struct GitRepository {
    /// The folder that holds `.git`: an absolute path.
    var top: String
    /// The folder with `config` and `info/exclude`; shared by the worktrees of a repository.
    var commonFolder: String

    /// The repository that `folder` (an absolute path) is in; nil when there is none up to the root of the system.
    init?(around folder: String) {
        var candidate = folder
        while true {
            if let found = Self.gitFolder(of: candidate) {
                top = candidate
                commonFolder = Self.commonFolder(of: found)
                return
            }
            guard let parent = parent(of: candidate) else { return nil }
            candidate = parent
        }
    }

    /// Whether `folder` is the top of a working tree: it has a `.git` that is a repository, or a file or link to one.
    ///
    /// What git's own test does for an embedded repository: a `.git` that leads nowhere makes no repository.
    static func isTop(_ folder: String) -> Bool { gitFolder(of: folder) != nil }

    /// The git folder of a working tree: `.git` itself, or where a `.git` file of a worktree or submodule points.
    private static func gitFolder(of top: String) -> String? {
        let path = joined(top, ".git")
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFDIR { return isGitFolder(path) ? path : nil }
        guard let bytes = try? readSettings(at: path, followsLink: true), bytes.starts(with: "gitdir: ".utf8) else {
            return nil
        }
        let target = joined(top, line(bytes.dropFirst(8)))
        return isGitFolder(target) ? target : nil
    }

    /// The same signs that git looks for; a worktree's folder has its objects and refs in the common folder.
    private static func isGitFolder(_ path: String) -> Bool {
        var status = stat()
        guard lstat(joined(path, "HEAD"), &status) == 0 else { return false }
        let common = commonFolder(of: path)
        return access(joined(common, "objects"), X_OK) == 0 && access(joined(common, "refs"), X_OK) == 0
    }

    private static func commonFolder(of gitFolder: String) -> String {
        guard let bytes = try? readSettings(at: joined(gitFolder, "commondir"), followsLink: true) else {
            return gitFolder
        }
        return joined(gitFolder, line(bytes[...]))
    }

    private static func line(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }
}

/// `path`, taken from `folder` when it is relative.
func joined(_ folder: String, _ path: String) -> String {
    if path.hasPrefix("/") { return path }
    return folder.hasSuffix("/") ? folder + path : folder + "/" + path
}

/// The folder around an absolute path; nil for `/`.
func parent(of path: String) -> String? {
    guard let slash = path.lastIndex(of: "/"), path != "/" else { return nil }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
