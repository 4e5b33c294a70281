import SatchelCore

extension ErrorDialect {
    /// What Google means where that is not what nearly everybody means.
    ///
    /// A wrong key is 400, a missing file 403, and the same sentence about a quota stands for a minute, a day and the
    /// 20 GB of a project: only the names of the quotas tell them apart.
    static let gemini = ErrorDialect { refusal in
        let reply = refusal.reply
        if reply.says(
            "api_key_invalid",
            "api key not valid",
            "api key not found",
            "api key expired",
            "api key was reported as leaked",
            "unregistered callers"
        ) {
            return .unauthorised
        }
        switch refusal.status {
        case 400: return badRequest(refusal)
        case 403 where reply.says("permission to access the file", "or it may not exist"):
            // The collection is never missing, so there it is meant as it is said.
            if case .files = refusal.subject { return .forbidden }
            return .gone
        case 404:
            // A model that does not exist is named; a file is not.
            guard case .chat(let ids) = refusal.subject, !ids.isEmpty else { return nil }
            return reply.status == "NOT_FOUND" && !reply.says("models/") ? .gone : nil
        case 429: return exhausted(refusal)
        default: return nil
        }
    }

    private static func badRequest(_ refusal: Refusal) -> ProviderError.Kind? {
        let reply = refusal.reply
        if reply.says("not in an active state") { return .temporary(retryAfter: nil) }
        if reply.says("user location is not supported") { return .forbidden }
        if reply.says("payload size exceeds", "exceeds the maximum number of tokens") { return .tooLarge }
        return nil
    }

    /// The allowance of a day, of all storage and of all money comes back by no waiting that is worth it; the delay
    /// that is sent with it is 37 seconds, or 2^63 - 1.
    private static func exhausted(_ refusal: Refusal) -> ProviderError.Kind {
        let quotas = refusal.reply.quotas.joined(separator: " ").lowercased()
        let isSpent =
            quotas.contains("perday") || quotas.contains("storage")
            || refusal.reply.says("filestoragebytes", "file_storage_bytes", "spending cap", "credits are depleted")
        return isSpent ? .quota : .rateLimited(retryAfter: refusal.hint.after)
    }
}
