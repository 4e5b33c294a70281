/// Why a command could not begin, as a sentence that says what to do.
package struct WorkspaceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of end it is; each has its exit code.
    package enum Kind: Hashable, Sendable {
        case cannotStart
        /// The command was typed wrong.
        case usage
        case stoppedForSafety
        case providerRefused
        case gaveUpWaiting
    }

    package var kind: Kind
    /// `subject: cause; what to do`.
    package var description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
