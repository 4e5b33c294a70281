internal import Glibc
internal import SatchelCore

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

/// The absolute path without links, `.` and `..`; nil when there is no such file, or its path is no text.
func resolvedPath(_ path: String) -> String? {
    resolvedPath(bytes: Array(path.utf8)).flatMap { String(validating: $0, as: UTF8.self) }
}

/// As ``resolvedPath(_:)``, for names that need not be text.
func resolvedPath(bytes path: [UInt8]) -> [UInt8]? {
    guard !path.contains(0), let resolved = realpath((path + [0]).map { CChar(bitPattern: $0) }, nil) else {
        return nil
    }
    defer { free(resolved) }
    return Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
}

/// The folder that a command is to work in, as `-C` names it: absolute and without links.
///
/// - Throws: ``WorkspaceError`` when it is none, or its path is no text.
package func folder(typed: String) throws(WorkspaceError) -> String {
    guard let resolved = resolvedPath(bytes: rawPath(typed: typed)) else {
        throw WorkspaceError(.cannotStart, "\(printable(typed)): no such folder; check -C")
    }
    guard let path = String(validating: resolved, as: UTF8.self) else {
        throw WorkspaceError(
            .cannotStart,
            "\(escaped(resolved)): the path of a workspace must be UTF-8; rename the folder"
        )
    }
    guard isFolder(path) else { throw WorkspaceError(.cannotStart, "\(printable(typed)): is no folder; check -C") }
    return path
}

/// The bytes of a path as it was typed.
///
/// What is no text comes in the escaped form, from the command line and as Satchel prints it.
func rawPath(typed text: String) -> [UInt8] {
    guard text.contains("\\"), let raw = unescaped(text), String(validating: raw, as: UTF8.self) == nil else {
        return Array(text.utf8)
    }
    return raw
}

func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
}

func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// As ``isFolder(_:)``, for names that need not be text.
func isFolder(at path: WorkspacePath, below root: String) -> Bool {
    fileStatus(of: path, below: root).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
}

/// What is there, without following a link at the end; nil when there is nothing.
func fileStatus(of path: WorkspacePath, below root: String) -> stat? {
    var status = stat()
    let absolute = (Array(root.utf8) + [UInt8(ascii: "/")] + path.bytes + [0]).map { CChar(bitPattern: $0) }
    return lstat(absolute, &status) == 0 ? status : nil
}
