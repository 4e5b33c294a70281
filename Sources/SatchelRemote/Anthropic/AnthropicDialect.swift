import SatchelCore

extension ErrorDialect {
    /// Anthropic says in `error.details.error_code` what is the matter; its types are broad and its wording changes.
    ///
    /// Codes and types are those of SDK 2.11.
    static let anthropic = ErrorDialect { refusal in
        switch refusal.reply.detail {
        case "file_expired": .gone
        case "file_not_downloadable": .unsupported
        case "storage_quota_exceeded", "contract_spend_limit_reached", "enforced_spend_limit_reached",
            "linked_organization_spend_limit_reached", "linked_organization_billing_unavailable":
            .quota
        // The body came too slowly, and nothing was done.
        case "request_body_timeout": .temporary(retryAfter: refusal.hint.after)
        case "organization_on_hold", "cmek_key_disabled", "cmek_key_network_blocked": .forbidden
        default: kind(refusal)
        }
    }

    private static func kind(_ refusal: Refusal) -> ProviderError.Kind? {
        if case .chat(let ids) = refusal.subject, isAboutFile(refusal.reply, ids: ids) { return .gone }
        // An empty account has met its callers with 400 as well as with 402.
        if refusal.reply.says("billing_error", "credit balance is too low") { return .quota }
        // With a status the common meaning is the right one; inside a stream there is only the type.
        guard refusal.status == nil else { return nil }
        switch refusal.reply.type {
        case "rate_limit_error": return .rateLimited(retryAfter: refusal.hint.after)
        case "overloaded_error", "api_error", "timeout_error", "conflict_error":
            return .temporary(retryAfter: refusal.hint.after)
        case "authentication_error": return .unauthorised
        case "permission_error": return .forbidden
        case "request_too_large": return .tooLarge
        default: return nil
        }
    }

    /// Whether something that is not there is one of the files that were referred to.
    ///
    /// A model that is not there is refused with the same type, but named.
    private static func isAboutFile(_ reply: ErrorReply, ids: [String]) -> Bool {
        guard reply.type == "not_found_error", !ids.isEmpty else { return false }
        let message = reply.message ?? ""
        return ids.contains { message.contains($0) } || !message.lowercased().contains("model")
    }
}
