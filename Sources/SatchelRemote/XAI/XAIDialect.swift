import SatchelCore

extension ErrorDialect {
    /// What xAI means otherwise than most: a wrong key is a bad request (400), and spent credits are forbidden (403) or
    /// too many requests (429).
    ///
    /// Its bodies come as `{"code","error"}`, `{"error"}`, `{"error":{…}}` and plain text, which ``ErrorReply`` reads.
    static let xAI = ErrorDialect { refusal in
        let reply = refusal.reply
        if reply.says("incorrect api key", "invalid api key") { return .unauthorised }
        if reply.says("available credits", "run out of credits", "any credits", "spending limit") { return .quota }
        // A chat tells of a file that is gone in words, at times without its id.
        if case .chat(let ids) = refusal.subject, !ids.isEmpty, refusal.status.map({ $0 < 500 }) ?? true,
            reply.says("file"), reply.says("not found", "deleted", "expired")
        {
            return .gone
        }
        return nil
    }
}
