internal import Glibc

/// The nearest folder at or above `directory` that holds a workspace: `.satchel/` or `satchel.yaml`.
///
/// - Parameter directory: absolute.
/// - Returns: the folder with all links resolved; nil when there is none up to the root.
package func findWorkspace(from directory: String) -> String? {
    guard var folder = resolvedPath(directory) else { return nil }
    while true {
        let prefix = folder == "/" ? "" : folder
        if isFolder("\(prefix)/.satchel") || exists("\(prefix)/\(Configuration.workspaceFileName)") { return folder }
        guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
        folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
}

/// The absolute path without links, `.` and `..`; nil when there is no such file.
package func resolvedPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}

func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
}

func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
