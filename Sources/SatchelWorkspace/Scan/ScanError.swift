import SatchelCore

/// Why there is no snapshot at all; what is wrong with a single path is a ``Trouble`` instead.
package enum ScanError: Error {
    /// Nothing is at the workspace's path.
    case rootMissing(String)
    case rootNotFolder(String)
    /// The folder is there and cannot be opened or listed; with the system's words.
    case rootUnreadable(String, String)
    /// `isCancelled` said so.
    case cancelled
    /// `onHashed` threw this.
    case callback(any Error)
}

extension ScanError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .rootMissing(let root): "\(printable(root)): the workspace is gone; mount or restore it, or run elsewhere"
        case .rootNotFolder(let root): "\(printable(root)): not a folder; a workspace is one"
        case .rootUnreadable(let root, let cause):
            "\(printable(root)): cannot be read: \(cause); check its permissions"
        case .cancelled: "the scan was cancelled"
        case .callback(let error): "\(error)"
        }
    }
}
