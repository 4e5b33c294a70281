/// Anthropic's Files and Messages on 127.0.0.1, with a model that says what it was really shown.
///
/// For each file the answer has a line `file:<title, or else stored name>:<bytes>:<sha256>`, then
/// `you said: <last text>`.
package typealias LoopbackAnthropic = Loopback<AnthropicWire>

extension AnthropicWire {
    /// Its base URL is without `/v1`; each key is of another workspace.
    package static let address = LoopbackAddress(
        credentials: { ["x-api-key": $0, "anthropic-version": "2026-10-21"] },
        baseURLVariable: "ANTHROPIC_BASE_URL",
        keyVariable: "ANTHROPIC_API_KEY",
        key: "sk-ant-loopback-0001",
        otherKey: "sk-ant-loopback-0002"
    )

    package static func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault {
        switch refusal {
        case .rateLimited(let seconds):
            .anthropic(
                429,
                "rate_limit_error",
                "This request would exceed your organization's rate limit.",
                headers: ["retry-after": String(seconds)]
            )
        case .spent:
            .anthropic(
                429,
                "rate_limit_error",
                "Your organization has reached its monthly API usage threshold.",
                code: "enforced_spend_limit_reached"
            )
        case .unauthorised: .anthropic(401, "authentication_error", "invalid x-api-key")
        case .forbidden:
            .anthropic(403, "permission_error", "Your API key does not have permission to use the specified resource.")
        case .tooLarge: .anthropic(413, "request_too_large", "Request exceeds the maximum size")
        case .overloaded: .anthropic(529, "overloaded_error", "Overloaded")
        }
    }
}
