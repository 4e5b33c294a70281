import SatchelCore

extension ErrorDialect {
    /// What Mistral says beside the usual: its words for storage, and a document that cannot be fetched for a chat.
    static let mistral = ErrorDialect { refusal in
        if let status = refusal.status, status != 429, (400..<500).contains(status) {
            // How a full workspace answers is not documented; 402 is for money and understood by everybody.
            if refusal.reply.says("storage limit", "storage quota", "storage_limit") { return .quota }
        }
        guard case .chat = refusal.subject else { return nil }
        // A URL that leads nowhere (`invalid_request_file`): its file is gone, or it has expired.
        if refusal.reply.says("could not be fetched from url") { return .gone }
        switch refusal.reply.type {
        case "rate_limited": return refusal.status == nil ? .rateLimited(retryAfter: refusal.hint.after) : nil
        // Too large, too many pages, no proper image: the same file will be refused again.
        case "invalid_request_file", "document_parser_too_many_pages": return .rejected
        // Models, and models that stand behind models: no file is meant.
        case "model_not_found", "invalid_model": return .rejected
        default: return nil
        }
    }
}
