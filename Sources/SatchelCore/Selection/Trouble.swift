/// What kept one path from being read: data for the report, not an end of the run.
package struct Trouble: Hashable, Sendable {
    /// What stood in the way; the words are those in JSON.
    package enum Kind: String, Hashable, Sendable {
        /// No permission.
        case unreadable
        /// It was there a moment ago.
        case vanished
        /// It kept changing while it was read.
        case changing
        /// The system said something else; the message has its words.
        case failed
    }

    package var path: WorkspacePath
    /// Nothing is known about what lies below a folder in trouble, so nothing below it is ever forgotten or deleted.
    package var isFolder: Bool
    package var kind: Kind
    /// Lower case, no full stop: `cannot be read: permission denied`.
    package var message: String

    package init(path: WorkspacePath, isFolder: Bool = false, kind: Kind, message: String) {
        self.path = path
        self.isFolder = isFolder
        self.kind = kind
        self.message = message
    }
}
