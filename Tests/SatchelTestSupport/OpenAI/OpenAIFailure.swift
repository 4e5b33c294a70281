/// An error as the wire has it.
struct OpenAIFailure: Error {
    var status = 400
    var message: String
    var type = "invalid_request_error"
    var param: String?
    var code: String?
    /// The other shape that OGX uses in places: `{"detail": "…"}`.
    var isDetail = false

    static func unknownParameter(_ name: String) -> OpenAIFailure {
        OpenAIFailure(message: "Unknown parameter: '\(name)'.", param: name, code: "unknown_parameter")
    }

    static func missing(_ name: String) -> OpenAIFailure {
        OpenAIFailure(
            message: "Missing required parameter: '\(name)'.",
            param: name,
            code: "missing_required_parameter"
        )
    }

    static func invalid(_ name: String, _ why: String) -> OpenAIFailure {
        OpenAIFailure(message: "Invalid '\(name)': \(why).", param: name, code: "invalid_value")
    }

    static func noSuchFile(_ id: String) -> OpenAIFailure {
        OpenAIFailure(status: 404, message: "No such File object: \(id)", param: "id")
    }

    func response(isOGX: Bool) -> LoopbackResponse {
        let body: JSONValue
        if isOGX {
            body = isDetail ? ["detail": .string(message)] : ["error": ["message": .string(message)]]
        } else {
            body = ["error": json]
        }
        return .json(body, status: status)
    }

    var json: JSONValue {
        [
            "message": .string(message),
            "type": .string(type),
            "param": param.map(JSONValue.string) ?? nil,
            "code": code.map(JSONValue.string) ?? nil,
        ]
    }
}

extension LoopbackFault {
    /// An OpenAI error that the request meets without being carried out.
    package static func openAI(
        _ status: Int,
        _ message: String,
        type: String = "server_error",
        code: String? = nil,
        headers: HeaderFields = [:]
    ) -> LoopbackFault {
        let failure = OpenAIFailure(status: status, message: message, type: type, code: code)
        var response = failure.response(isOGX: false)
        response.headers.fields += headers.fields
        response.headers.addIfMissing("x-request-id", "req_fault")
        return .answer(response)
    }

    /// 429 with a wish; in seconds, as text, because a server may write anything there.
    package static func rateLimited(retryAfter: String? = nil) -> LoopbackFault {
        openAI(
            429,
            "Rate limit reached for requests",
            type: "requests",
            code: "rate_limit_exceeded",
            headers: retryAfter.map { ["Retry-After": $0] } ?? [:]
        )
    }

    /// 429 that no waiting helps against.
    package static var outOfCredit: LoopbackFault {
        openAI(
            429,
            "You exceeded your current quota, please check your plan and billing details.",
            type: "insufficient_quota",
            code: "insufficient_quota"
        )
    }
}
