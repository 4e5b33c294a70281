/// A kind of provider: which wire format an account speaks.
package enum ProviderID: String, Hashable, Sendable, CaseIterable {
    case local
    case openai
    case anthropic
    case gemini
    case xai
    case mistral
    case openaiCompatible = "openai-compatible"
}

/// The manifest's number for an account: one provider, base URL and key (with organisation and project).
///
/// Ids of one account mean nothing in another, so everything remote is filed under it.
package struct AccountID: Hashable, Sendable {
    package let rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// The id a provider gave to an uploaded file: opaque, from a stranger, to be escaped wherever it goes.
package struct RemoteFileID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    /// Nil for an empty id, which would turn `DELETE /files/{id}` into something else.
    package init?(_ rawValue: String) {
        guard !rawValue.isEmpty else { return nil }
        self.rawValue = rawValue
    }

    package var description: String { printable(rawValue) }
}
