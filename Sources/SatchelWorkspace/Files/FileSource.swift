import Glibc
package import SatchelCore

/// A file of the workspace as the bytes of an upload.
package struct FileSource: UploadSource {
    /// The absolute path of the workspace.
    let root: String
    let path: WorkspacePath
    /// The workspace, where it is open already.
    private let folder: OpenFolder?

    package init(root: String, path: WorkspacePath) {
        self.init(root: root, path: path, folder: nil)
    }

    init(root: String, path: WorkspacePath, folder: OpenFolder?) {
        self.root = root
        self.path = path
        self.folder = folder
    }

    package func open() throws(SourceError) -> any UploadReader {
        try openFile()
    }

    func openFile() throws(SourceError) -> FileReader {
        do {
            let top = if let folder { folder } else { try OpenFolder(at: root) }
            if let whole = top.openWhole(path) { return try FileReader(adopting: whole) }
            let folder = try top.folder(below: path.bytes.dropLast(path.name.count))
            return try FileReader(
                adopting: withTerminated(path.name) { name throws(SystemError) in try folder.open(name) }
            )
        } catch  where error.code == ENODEV {
            throw SourceError(.failed, "is not a regular file")
        } catch {
            throw error.trouble
        }
    }
}

/// An open regular file.
final class FileReader: UploadReader {
    private let file: Int32
    private let opened: Fingerprint

    var size: Int64 { opened.size }

    var descriptor: Int32? { file }

    /// Takes over the descriptor and closes it, also when this throws: `ENODEV` for what is no regular file.
    init(adopting descriptor: Int32) throws(SystemError) {
        do throws(SystemError) {
            let status = try FileStatus(of: descriptor)
            guard status.kind == .file else { throw SystemError(ENODEV) }
            opened = status.fingerprint
            file = descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        close(file)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceError) -> Int {
        do {
            return try readBytes(file, into: buffer)
        } catch {
            throw error.trouble
        }
    }

    func rewind() throws(SourceError) {
        guard lseek(file, 0, SEEK_SET) == 0 else { throw SystemError.last.trouble }
    }

    func isUnchanged() -> Bool {
        (try? FileStatus(of: file))?.fingerprint == opened
    }
}

extension SourceError {
    static let changing = SourceError(.changing, "kept changing while it was read; it is left to the next sync")
}
