/// The Gemini API for developers on 127.0.0.1: files that live for 48 hours, resumable uploads, and a model that says
/// what it was really shown.
///
/// For each file the answer has a line `file:<name>:<bytes>:<sha256>`, then `you said: <last text>`. The model of this
/// API sees no file names: the name is what the text part before the file says, or `unnamed`.
package typealias LoopbackGemini = Loopback<GeminiWire>

extension GeminiWire {
    /// Its base URL is without a version; the first key is of `project-1`, the other of `project-2`.
    package static let address = LoopbackAddress(
        credentials: { ["x-goog-api-key": $0] },
        baseURLVariable: "GOOGLE_GEMINI_BASE_URL",
        keyVariable: "GEMINI_API_KEY",
        key: "AIza-loopback-0001",
        otherKey: "AIza-loopback-0002",
        uploadRoute: "POST /resumable/upload/v1beta/files",
        listRoute: "GET /v1beta/files"
    )

    package static func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
        switch refusal {
        case .rateLimited(let seconds): .gemini(.rateLimited(seconds: seconds))
        case .spent: .gemini(.spentForToday)
        case .unauthorised: .gemini(.invalidKey)
        case .forbidden: .gemini(GeminiFailure(403, .permissionDenied, "The caller does not have permission"))
        case .tooLarge: .gemini(GeminiFailure(413, .invalidArgument, "Request payload size exceeds the limit."))
        case .overloaded:
            .gemini(GeminiFailure(503, .unavailable, "The model is overloaded. Please try again later."))
        }
    }
}
