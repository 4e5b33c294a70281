package import SatchelCore
import Glibc

/// What the local store could not do, and why.
package struct StoreError: Error, Hashable, Sendable {
    /// What there is to do about it.
    package enum Kind: Hashable, Sendable {
        /// No room or no quota left on the file system.
        case full
        /// Not allowed, or a read-only file system.
        case forbidden
        /// The object is not there.
        case missing
        /// The object's bytes are not those of its digest.
        case corrupt
        /// More bytes than the caller wants in memory.
        case tooLarge
        /// The bytes to store could not be read, or were not those of the digest.
        case source(Trouble.Kind)
        case failed
    }

    package var kind: Kind
    /// Lower case, no full stop: `local store: cannot be written: no space left on device; free some`.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// From `errno`, right after a call failed.
    init(errno code: Int32, _ what: String) {
        let reason = String(cString: strerror(code)).lowercased()
        switch code {
        case ENOSPC, EDQUOT: self.init(.full, "local store: \(what): \(reason); free some space and run again")
        case EROFS: self.init(.forbidden, "local store: \(what): \(reason); \(writeRemedy(code))")
        case EACCES, EPERM: self.init(.forbidden, "local store: \(what): \(reason); check who owns .satchel")
        case ENOENT: self.init(.missing, "local store: \(what): \(reason)")
        default: self.init(.failed, "local store: \(what): \(reason)")
        }
    }

    init(_ error: SourceError) {
        self.init(.source(error.kind), error.message)
    }

    package var providerError: ProviderError {
        switch kind {
        case .full: ProviderError(.quota, message)
        case .forbidden: ProviderError(.forbidden, message)
        case .missing: ProviderError(.gone, message)
        case .tooLarge: ProviderError(.tooLarge, message)
        case .corrupt: ProviderError(.badReply, message)
        case .source(.changing): ProviderError(.changed, message)
        case .source(let kind): ProviderError(.source(kind), message)
        case .failed: ProviderError(.rejected, message)
        }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String { message }
}
