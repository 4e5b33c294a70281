/// An error as the wire has it: `{"type":"error","error":{"type","message","details"},"request_id"}`.
struct AnthropicFailure: Error {
    var status = 400
    var type = "invalid_request_error"
    var message: String
    /// `details.error_code`, which is what programs are to look at.
    var code: String?

    /// In the words that the provider's validation has, with a dotted place.
    static func invalid(_ place: String, _ why: String) -> AnthropicFailure {
        AnthropicFailure(message: "\(place): \(why)")
    }

    static func missing(_ place: String) -> AnthropicFailure { .invalid(place, "Field required") }

    static func extra(_ place: String) -> AnthropicFailure { .invalid(place, "Extra inputs are not permitted") }

    static func noSuchFile(_ id: String) -> AnthropicFailure {
        AnthropicFailure(status: 404, type: "not_found_error", message: "File not found: \(id)")
    }

    static func expiredFile(_ id: String) -> AnthropicFailure {
        AnthropicFailure(
            status: 404,
            type: "not_found_error",
            message: "File \(id) has expired.",
            code: "file_expired"
        )
    }

    static func unauthorised(_ message: String) -> AnthropicFailure {
        AnthropicFailure(status: 401, type: "authentication_error", message: message)
    }

    static func tooLarge(_ message: String) -> AnthropicFailure {
        AnthropicFailure(status: 413, type: "request_too_large", message: message)
    }

    /// The body; without a request id where something before the API refused, as it does for what is too large.
    func json(requestID: String?) -> JSONValue {
        [
            "type": "error",
            "error": [
                "type": .string(type),
                "message": .string(message),
                "details": code.map { ["error_code": .string($0)] } ?? nil,
            ],
            "request_id": requestID.map(JSONValue.string) ?? nil,
        ]
    }

    func response(requestID: String?) -> LoopbackResponse { .json(json(requestID: requestID), status: status) }
}

extension LoopbackFault {
    /// One of Anthropic's errors, which the request meets without being carried out.
    package static func anthropic(
        _ status: Int,
        _ type: String,
        _ message: String,
        code: String? = nil,
        headers: HeaderFields = [:]
    ) -> LoopbackFault {
        let failure = AnthropicFailure(status: status, type: type, message: message, code: code)
        let isOurs = status != 413
        var response = failure.response(requestID: isOurs ? "req_fault" : nil)
        response.headers.fields += headers.fields
        if isOurs { response.headers.addIfMissing("request-id", "req_fault") }
        return .answer(response)
    }
}
