import FoundationEssentials
import SatchelCore

/// Turns what an endpoint answered, or that it did not, into a ``ProviderError``.
struct Refusals: Sendable {
    /// What a 404 means depends on what was asked for.
    enum Subject {
        /// One file: it is gone.
        case file
        /// The collection of files: the server has no Files API.
        case files
        /// An answer about files; the ids are what the request referred to.
        case chat(ids: [String])
    }

    let endpoint: Endpoint
    var dialect = ErrorDialect.common
    /// What must not be seen in a message besides the endpoint's own secrets.
    var hidden: [String] = []

    /// The error that an answer other than 2xx stands for.
    func error(_ response: HTTPResponse, about subject: Subject) -> ProviderError {
        let reply = ErrorReply(response.body)
        let hint = RetryHint(response.head, reply, now: Date().timeIntervalSince1970)
        var kind =
            dialect.kind(ErrorDialect.Refusal(status: response.status, reply: reply, hint: hint, subject: subject))
            ?? kind(response.status, reply, hint, subject)
        var isFinal = false
        switch (hint.shouldRetry, kind) {
        case (true, .rejected), (true, .unsupported): kind = .temporary(retryAfter: hint.after)
        // A fault on their side says nothing about an upload, which may have arrived all the same.
        case (false, .temporary): isFinal = true
        case (false, .rateLimited): kind = .rejected
        default: break
        }
        var error = ProviderError(
            kind,
            sentence("\(response.status) from \(endpoint.host)", reply.message, kind),
            status: response.status,
            requestID: requestID(response.head) ?? reply.requestID.map { tidy($0, limit: 128) }
        )
        error.isFinal = isFinal
        return error
    }

    /// The error inside a stream whose status was 200.
    func error(inStream reply: ErrorReply, head: HTTPHead, ids: [String]) -> ProviderError {
        let hint = RetryHint(head, reply, now: Date().timeIntervalSince1970)
        let status = reply.code.flatMap { Int($0) }.flatMap { (400..<600).contains($0) ? $0 : nil }
        var kind: ProviderError.Kind
        let own = dialect.kind(
            ErrorDialect.Refusal(status: status, reply: reply, hint: hint, subject: .chat(ids: ids))
        )
        if let own {
            kind = own
        } else if let status {
            kind = self.kind(status, reply, hint, .chat(ids: ids))
        } else if reply.says("insufficient_quota", "exceeded your current quota") {
            kind = .quota
        } else if reply.says("rate_limit") {
            kind = .rateLimited(retryAfter: hint.after)
        } else if reply.says("server_error", "overloaded", "timeout") {
            kind = .temporary(retryAfter: hint.after)
        } else {
            kind = .rejected
        }
        if own == nil, isAboutMissingFile(reply, ids: ids) { kind = .gone }
        let subject = status.map { "\($0) from \(endpoint.host)" } ?? "\(endpoint.host) stopped the answer"
        return ProviderError(kind, sentence(subject, reply.message, kind), status: status, requestID: requestID(head))
    }

    /// The error of an exchange that brought no answer.
    ///
    /// - Parameters:
    ///   - failure: how the exchange ended.
    ///   - isRepeatable: whether doing it twice is doing it once; then a lost answer is only a reason to retry.
    /// - Returns: the error with the host's name in its message.
    func error(_ failure: HTTPFailure, isRepeatable: Bool) -> ProviderError {
        let host = endpoint.host
        switch failure {
        case .invalid(let why): return ProviderError(.rejected, tidy("\(host): the request cannot be sent: \(why)"))
        case .unreachable(let why):
            return ProviderError(
                .unreachable,
                tidy("\(host) cannot be reached: \(why); check the network and the base URL")
            )
        case .lost(let why):
            let kind: ProviderError.Kind = isRepeatable ? .temporary(retryAfter: nil) : .answerLost
            return ProviderError(kind, tidy("\(host): the answer was lost: \(why)"))
        case .tooLarge(let limit):
            return ProviderError(.tooLarge, "\(host): the answer is larger than \(ByteCount(Int64(limit)))")
        case .malformed(let why): return ProviderError(.badReply, tidy("\(host): the answer is not HTTP: \(why)"))
        case .source: return ProviderError(.source(.failed), "cannot be read")
        case .cancelled: return ProviderError(.cancelled, "cancelled")
        }
    }

    /// An answer with a good status and a body that makes no sense.
    func badReply(_ head: HTTPHead, _ why: String) -> ProviderError {
        ProviderError(
            .badReply,
            tidy("\(head.status) from \(endpoint.host): \(why)"),
            status: head.status,
            requestID: requestID(head)
        )
    }

    /// An answer that stopped without saying that it is complete.
    func endedEarly(_ head: HTTPHead) -> ProviderError {
        ProviderError(
            .answerLost,
            "\(endpoint.host): the stream ended early",
            status: head.status,
            requestID: requestID(head)
        )
    }

    func requestID(_ head: HTTPHead) -> String? {
        (head["x-request-id"] ?? head["request-id"] ?? head["mistral-correlation-id"]).map { tidy($0, limit: 128) }
    }

    private func kind(_ status: Int, _ reply: ErrorReply, _ hint: RetryHint, _ subject: Subject) -> ProviderError.Kind {
        if case .chat(let ids) = subject, (400..<500).contains(status), isAboutMissingFile(reply, ids: ids) {
            return .gone
        }
        switch status {
        case 300..<400: return .badReply
        case 401: return .unauthorised
        case 402: return .quota
        // OpenRouter's word for a workspace that is full.
        case 403: return reply.says("storage quota", "storage limit", "storage is full") ? .quota : .forbidden
        case 404:
            switch subject {
            case .file: return .gone
            case .files: return .unsupported
            // A model that is not there is named; an address that is not there is only "not found".
            case .chat: return reply.isOnlyNotFound ? .unsupported : .rejected
            }
        case 405, 501: return .unsupported
        case 408, 409, 425: return .temporary(retryAfter: hint.after)
        case 413: return .tooLarge
        case 429:
            let isSpent = reply.says("insufficient_quota", "exceeded your current quota", "credit balance")
            return isSpent ? .quota : .rateLimited(retryAfter: hint.after)
        case 400..<500:
            if reply.says("storage quota", "storage limit") { return .quota }
            // The latter two are llama.cpp's words for files by id.
            let isUnable = reply.says(
                "not allowed to download",
                "'input_file' is not supported",
                "unsupported content[].type"
            )
            return isUnable ? .unsupported : .rejected
        case 500..<600: return .temporary(retryAfter: hint.after)
        default: return .badReply
        }
    }

    /// OpenAI names the parameter or the id, gateways only say that a file was not found.
    private func isAboutMissingFile(_ reply: ErrorReply, ids: [String]) -> Bool {
        guard !ids.isEmpty else { return false }
        if reply.param?.hasSuffix("file_id") == true, reply.says("no such", "not found", "expired", "deleted") {
            return true
        }
        guard let message = reply.message?.lowercased() else { return reply.says("image_file_not_found") }
        let isMissing = ["no such file", "not found", "does not exist", "expired", "no longer"].contains {
            message.contains($0)
        }
        return reply.says("image_file_not_found") || isMissing && ids.contains { message.contains($0.lowercased()) }
            || message.contains("no such file")
    }

    private func sentence(_ subject: String, _ message: String?, _ kind: ProviderError.Kind) -> String {
        var text = subject
        if let message, !message.isEmpty { text += ": " + message }
        text = tidy(text)
        switch kind {
        case .unauthorised: text += "; check the API key of this account"
        case .badReply where text == subject: text += ": redirects are not followed; check the base URL"
        default: break
        }
        return text
    }

    /// One printable line without keys and without a full stop at its end.
    private func tidy(_ text: String, limit: Int = 300) -> String {
        var line = printable(masked(withoutQueries(text), hiding: endpoint.secrets + hidden))
            .split(separator: " ").joined(separator: " ")
        if line.count > limit { line = line.prefix(limit - 1) + "…" }
        while line.hasSuffix(".") { line.removeLast() }
        return line
    }
}
