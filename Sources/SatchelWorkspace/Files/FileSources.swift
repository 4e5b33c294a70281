package import SatchelCore

/// The files of a workspace as the bytes of uploads: its folder is opened once for all of them.
package struct FileSources: Sendable {
    private let root: String
    /// Nil when it could not be opened; each file then tries again and says why.
    private let folder: OpenFolder?

    /// `root` is the absolute path of the workspace.
    package init(root: String) {
        self.root = root
        folder = try? OpenFolder(at: root)
    }

    package subscript(path: WorkspacePath) -> FileSource { FileSource(root: root, path: path, folder: folder) }
}
