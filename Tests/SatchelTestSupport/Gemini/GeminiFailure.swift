/// An error as the wire has it.
struct GeminiFailure: Error {
    /// The names of Google's canonical codes.
    enum Status: String {
        case invalidArgument = "INVALID_ARGUMENT"
        case failedPrecondition = "FAILED_PRECONDITION"
        case unauthenticated = "UNAUTHENTICATED"
        case permissionDenied = "PERMISSION_DENIED"
        case notFound = "NOT_FOUND"
        case exhausted = "RESOURCE_EXHAUSTED"
        case internalError = "INTERNAL"
        case unavailable = "UNAVAILABLE"
    }

    var code: Int
    /// Nil where the upload service speaks, which leaves it out.
    var status: Status?
    var message: String
    var details: [JSONValue] = []
    /// `X-Goog-Upload-Status`, where the upload service speaks.
    var uploadStatus: String?

    init(_ code: Int, _ status: Status?, _ message: String, details: [JSONValue] = []) {
        self.code = code
        self.status = status
        self.message = message
        self.details = details
    }

    var json: JSONValue {
        var error: [String: JSONValue] = ["code": .int(Int64(code)), "message": .string(message)]
        if let status { error["status"] = .string(status.rawValue) }
        if !details.isEmpty { error["details"] = .array(details) }
        return ["error": .object(error)]
    }

    var response: LoopbackResponse {
        var response = LoopbackResponse.gemini(json, status: code)
        if let uploadStatus { response.headers.add("X-Goog-Upload-Status", uploadStatus) }
        return response
    }
}

extension GeminiFailure {
    static func invalid(_ message: String) -> GeminiFailure { GeminiFailure(400, .invalidArgument, message) }

    static func unknownName(_ name: String, at place: String) -> GeminiFailure {
        let description = "Invalid JSON payload received. Unknown name \"\(name)\"\(at(place)): Cannot find field."
        return badRequest(place, description)
    }

    static func badValue(_ value: JSONValue, _ kind: String, at place: String) -> GeminiFailure {
        badRequest(place, "Invalid value\(at(place)) (\(kind)), \(value)")
    }

    private static func at(_ place: String) -> String { place.isEmpty ? "" : " at '\(place)'" }

    private static func badRequest(_ place: String, _ description: String) -> GeminiFailure {
        var violation: [String: JSONValue] = ["description": .string(description)]
        if !place.isEmpty { violation["field"] = .string(place) }
        return GeminiFailure(
            400,
            .invalidArgument,
            description,
            details: [
                ["@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [.object(violation)]]
            ]
        )
    }

    /// What is said of files that are expired, deleted, somebody else's or were never there.
    static func noSuchFile(_ id: String, status: Int) -> GeminiFailure {
        status == 404
            ? GeminiFailure(404, .notFound, "Requested entity was not found.")
            : GeminiFailure(
                403,
                .permissionDenied,
                "You do not have permission to access the File \(id) or it may not exist."
            )
    }

    static let invalidKey = GeminiFailure(
        400,
        .invalidArgument,
        "API key not valid. Please pass a valid API key.",
        details: [
            [
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
                "domain": "googleapis.com", "metadata": ["service": "generativelanguage.googleapis.com"],
            ]
        ]
    )

    static let noKey = GeminiFailure(
        403,
        .permissionDenied,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other"
            + " form of API consumer identity to call this API."
    )

    static func rateLimited(seconds: Int) -> GeminiFailure {
        quota(id: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", seconds: seconds)
    }

    /// The allowance of a day; the delay that comes with it helps nobody.
    static let spentForToday = quota(id: "GenerateRequestsPerDayPerProjectPerModel-FreeTier", seconds: 37)

    private static func quota(id: String, seconds: Int) -> GeminiFailure {
        GeminiFailure(
            429,
            .exhausted,
            "You exceeded your current quota, please check your plan and billing details.",
            details: [
                [
                    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                    "violations": [
                        [
                            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                            "quotaId": .string(id), "quotaValue": "20",
                            "quotaDimensions": ["location": "global", "model": "gemini-2.5-flash"],
                        ]
                    ],
                ],
                [
                    "@type": "type.googleapis.com/google.rpc.Help",
                    "links": [
                        [
                            "description": "Learn more about Gemini API quotas",
                            "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                        ]
                    ],
                ],
                ["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": .string("\(seconds)s")],
            ]
        )
    }

    /// The 20 GB of a project: the delay is the largest number there is.
    static let storageFull = GeminiFailure(
        429,
        .exhausted,
        "You exceeded your current quota, please check your plan and billing details.",
        details: [
            [
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    [
                        "quotaMetric": "generativelanguage.googleapis.com/file_storage_bytes",
                        "quotaId": "FileStorageBytesPerProject", "quotaValue": "21474836480",
                    ]
                ],
            ],
            ["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "9223372036854775807s"],
        ]
    )

    /// As the upload service says it: a number and a sentence.
    static func taken(_ name: String) -> GeminiFailure {
        GeminiFailure(409, nil, "\(name.dropFirst("files/".count)) already exists.")
    }
}

extension LoopbackFault {
    /// An error that the request meets without being carried out.
    static func gemini(_ failure: GeminiFailure) -> LoopbackFault { .answer(failure.response) }

    /// An error in this provider's shape, by the name of its canonical code, that the request meets without being
    /// carried out.
    package static func gemini(_ code: Int, _ status: String, _ message: String) -> LoopbackFault {
        .gemini(GeminiFailure(code, GeminiFailure.Status(rawValue: status), message))
    }
}

extension LoopbackResponse {
    static func gemini(_ value: JSONValue, status: Int = 200) -> LoopbackResponse {
        LoopbackResponse(
            status,
            headers: ["Content-Type": "application/json; charset=UTF-8", "Vary": "Origin"],
            body: .whole(value.bytes)
        )
    }
}
