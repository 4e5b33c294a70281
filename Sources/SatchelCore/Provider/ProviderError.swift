/// What went wrong with a provider, sorted by what there is to do about it.
package struct ProviderError: Error, Hashable, Sendable {
    /// What there is to do about it.
    package enum Kind: Hashable, Sendable {
        /// Asked to slow down; try again, after so many seconds if it said how many.
        case rateLimited(retryAfter: Double?)
        /// A fault on their side or on the way; try again with back-off, or after so many seconds.
        case temporary(retryAfter: Double?)
        /// No answer from the address at all: refused, no such host, time-out before a connection.
        case unreachable
        /// The request was sent, but its answer was lost: it may have been carried out.
        case answerLost
        /// The referenced file is gone: expired, deleted, or of another account.
        case gone
        /// Storage or money is used up; waiting does not help.
        case quota
        /// The user's own budget of the day is used up.
        case budget
        /// The key is missing, wrong or revoked.
        case unauthorised
        /// The key is right, but not for this.
        case forbidden
        /// The server has no such endpoint or ability.
        case unsupported
        case tooLarge
        /// The local file changed while it was sent; the copy was deleted again, unless ``leftAnother`` is set.
        case changed
        /// The local file could not be read.
        case source(Trouble.Kind)
        /// An answer that is not what the protocol says.
        case badReply
        /// Refused for a reason in the message; the same request will be refused again.
        case rejected
        case cancelled
    }

    package var kind: Kind
    /// Lower case, without full stop, safe to print, without keys: `401 from api.openai.com: incorrect API key`.
    package var message: String
    package var status: Int?
    /// The provider's request id, for its support.
    package var requestID: String?
    /// The server asks not to be asked again.
    package var isFinal = false
    /// An upload left, or may have left, a copy of other bytes than those that were to be sent: it is to be looked for
    /// and deleted, and never taken for the content.
    package var leftAnother = false

    package init(_ kind: Kind, _ message: String, status: Int? = nil, requestID: String? = nil) {
        self.kind = kind
        self.message = message
        self.status = status
        self.requestID = requestID
    }
}

extension ProviderError {
    /// The stable `code` in JSON.
    package var code: String {
        switch kind {
        case .rateLimited: "rate_limited"
        case .temporary: "temporary"
        case .unreachable: "unreachable"
        case .answerLost: "answer_lost"
        case .gone: "gone"
        case .quota: "quota"
        case .budget: "budget"
        case .unauthorised: "unauthorised"
        case .forbidden: "forbidden"
        case .unsupported: "unsupported"
        case .tooLarge: "too_large"
        case .changed: "changed"
        case .source(let kind): kind.rawValue
        case .badReply: "bad_reply"
        case .rejected: "rejected"
        case .cancelled: "cancelled"
        }
    }

    /// Whether the same request can succeed later without anybody changing anything.
    package var isRetryable: Bool {
        if isFinal { return false }
        return switch kind {
        case .rateLimited, .temporary, .unreachable, .answerLost, .changed: true
        case .source(let kind): kind == .changing
        case .gone, .quota, .budget, .unauthorised, .forbidden, .unsupported, .tooLarge, .badReply, .rejected,
            .cancelled:
            false
        }
    }

    /// Whether an upload that met this may be in the account all the same.
    package var mayHaveArrived: Bool {
        switch kind {
        case .answerLost, .temporary, .badReply: true
        default: false
        }
    }

    /// Whether an upload that met this may have left something in the account, be it right or wrong.
    package var mayHaveLeftCopy: Bool { mayHaveArrived || leftAnother }

    /// Whether every other request to the account will fail the same way, so that going on is pointless.
    package var concernsAccount: Bool {
        switch kind {
        case .unauthorised, .quota, .budget, .unreachable: true
        default: false
        }
    }
}

extension ProviderError: CustomStringConvertible {
    package var description: String {
        requestID.map { "\(message) (request \(printable($0)))" } ?? message
    }
}
