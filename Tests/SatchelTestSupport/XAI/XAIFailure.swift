/// An error as xAI's wire has it, in whichever of its shapes.
struct XAIFailure: Error {
    var status = 400
    var message: String
    /// The name of what is wrong, in the one shape that has a place for it.
    var param: String?

    static func noSuchFile(_ id: String) -> XAIFailure {
        XAIFailure(status: 404, message: "File not found: \(id)", param: "file_id")
    }

    /// A field of a JSON body that is missing, unknown or of the wrong type.
    static func field(_ place: String, _ why: String) -> XAIFailure {
        XAIFailure(
            status: 422,
            message: "Failed to deserialize the JSON body into the target type: \(place): \(why)",
            param: place
        )
    }

    /// The words that stand where others have a code.
    private var code: String {
        switch status {
        case 400, 413, 415, 422: "Client specified an invalid argument"
        case 401: "Unauthenticated request"
        case 403: "The caller does not have permission to execute the specified operation"
        case 404: "Some requested entity was not found"
        case 429: "Some resource has been exhausted"
        default: "The service is currently unavailable"
        }
    }

    func response(_ shape: XAIOptions.ErrorShape) -> LoopbackResponse {
        switch shape {
        case .coded: .json(["code": .string(code), "error": .string(message)], status: status)
        case .plain: .json(["error": .string(message)], status: status)
        case .nested:
            .json(
                [
                    "error": [
                        "message": .string(message), "type": "invalid_request_error",
                        "param": param.map(JSONValue.string) ?? nil, "code": nil,
                    ]
                ],
                status: status
            )
        case .text: .text(message, status: status, headers: ["Content-Type": "text/plain; charset=utf-8"])
        }
    }
}

extension LoopbackFault {
    /// An error of xAI that the request meets without being carried out.
    package static func xAI(
        _ status: Int,
        _ message: String,
        shape: XAIOptions.ErrorShape = .coded,
        headers: HeaderFields = [:]
    ) -> LoopbackFault {
        var response = XAIFailure(status: status, message: message).response(shape)
        response.headers.fields += headers.fields
        response.headers.addIfMissing("x-request-id", "5f1c2d3e-0000-4000-8000-00000000000f")
        return .answer(response)
    }
}
