/// Mistral on 127.0.0.1: Files API with signed URLs, and Chat Completions with a model that says what it was shown.
///
/// For each document or picture the answer has a line `file:<name>:<bytes>:<sha256>`, then `you said: <last text>`.
/// The name is `document_name`, or the last part of the URL where there is none.
package typealias LoopbackMistral = Loopback<MistralWire>

extension MistralWire {
    /// Its base URL is without a version, as its own clients want it; the keys are of `workspace-1` and `workspace-2`.
    package static let address = LoopbackAddress(
        baseURLVariable: "MISTRAL_BASE_URL",
        keyVariable: "MISTRAL_API_KEY",
        key: "mistral-loopback-0001",
        otherKey: "mistral-loopback-0002"
    )

    package static func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
        switch refusal {
        case .rateLimited(let seconds):
            .mistral(.rateLimited, headers: ["Retry-After": String(seconds)])
        case .spent: .mistral(.outOfCredit)
        case .unauthorised: .mistral(.unauthorised)
        case .forbidden: .mistral(.detail(403, "You do not have access to this resource."))
        case .tooLarge: .mistral(.detail(413, "Request body too large."))
        case .overloaded: .mistral(.overCapacity)
        }
    }
}

extension LoopbackMistral {
    /// Every signed URL that was given out, in their order: secrets that must turn up nowhere but in a chat request.
    package var signedURLs: [String] { wire.signedURLs }
}
