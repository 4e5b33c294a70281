/// An error as the wire has it, in one of the two families of bodies.
///
/// The Files API answers `{"detail": …}`, chat `{"object": "error", …}`; what a validator found is a list either way.
package struct MistralFailure: Error {
    var status: Int
    var body: JSONValue

    /// What `{"detail": "…"}` says.
    static func detail(_ status: Int, _ text: String, message: String? = nil) -> MistralFailure {
        var members: [String: JSONValue] = ["detail": .string(text)]
        if let message { members["message"] = .string(message) }
        return MistralFailure(status: status, body: .object(members))
    }

    /// A complaint of the validator about one place of a Files API request.
    static func invalid(_ place: [JSONValue], _ type: String, _ message: String) -> MistralFailure {
        MistralFailure(status: 422, body: ["detail": [complaint(place, type, message)]])
    }

    /// A complaint of the validator about one place of a chat request.
    static func invalidChat(_ place: [JSONValue], _ type: String, _ message: String) -> MistralFailure {
        MistralFailure(
            status: 422,
            body: [
                "object": "error", "message": ["detail": [complaint(place, type, message)]],
                "type": "invalid_request_error", "param": nil, "code": nil, "raw_status_code": 422,
            ]
        )
    }

    static func extra(_ place: [JSONValue]) -> MistralFailure {
        .invalidChat(place, "extra_forbidden", "Extra inputs are not permitted")
    }

    static func missing(_ place: [JSONValue]) -> MistralFailure { .invalidChat(place, "missing", "Field required") }

    /// `{"object": "error", …}`.
    static func error(_ status: Int, _ message: String, type: String, code: JSONValue = nil) -> MistralFailure {
        MistralFailure(
            status: status,
            body: [
                "object": "error", "message": .string(message), "type": .string(type), "param": nil, "code": code,
                "raw_status_code": .int(Int64(status)),
            ]
        )
    }

    static let notFound = detail(404, "Not Found")
    static let unauthorised = detail(401, "Unauthorized")
    static let rateLimited = error(429, "Rate limit exceeded", type: "rate_limited", code: "1300")
    static let overCapacity = error(
        503,
        "Service tier capacity exceeded for this model.",
        type: "service_tier_capacity_exceeded",
        code: "3505"
    )
    /// 402 is what the provider's pages give for money; its body is not documented.
    static let outOfCredit = error(
        402,
        "Your prepaid credit balance is used up. Add credits to go on.",
        type: "billing_error"
    )

    /// A document or picture that cannot be had; the text repeats the URL, signature and all, as the real one does.
    static func unreadable(_ message: String) -> MistralFailure {
        .error(400, message, type: "invalid_request_file", code: "3310")
    }

    private static func complaint(_ place: [JSONValue], _ type: String, _ message: String) -> JSONValue {
        ["type": .string(type), "loc": .array(place), "msg": .string(message)]
    }

    var response: LoopbackResponse { .json(body, status: status) }
}

extension LoopbackFault {
    /// A Mistral error that the request meets without being carried out.
    static func mistral(_ failure: MistralFailure, headers: HeaderFields = [:]) -> LoopbackFault {
        var response = failure.response
        response.headers.fields += headers.fields
        response.headers.addIfMissing("mistral-correlation-id", "fault")
        return .answer(response)
    }
}
