/// What the server is to say.
package struct LoopbackResponse: Sendable {
    /// One thing to do while a chunked answer goes out.
    package enum Step: Sendable {
        /// Sent as one chunk with one system call.
        case bytes([UInt8])
        /// Wait here until the test opens it.
        case gate(TestGate)
        /// Close the connection in good order, but without the last chunk.
        case cut
        /// Reset the connection.
        case reset
    }

    package enum Body: Sendable {
        /// With `Content-Length`.
        case whole([UInt8])
        /// With `Transfer-Encoding: chunked`.
        case steps([Step])
    }

    package var status: Int
    package var headers: HeaderFields
    package var body: Body

    package init(_ status: Int, headers: HeaderFields = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func json(_ value: JSONValue, status: Int = 200, headers: HeaderFields = [:]) -> Self {
        var headers = headers
        headers.add("Content-Type", "application/json")
        return LoopbackResponse(status, headers: headers, body: .whole(value.bytes))
    }

    package static func text(_ text: String, status: Int = 200, headers: HeaderFields = [:]) -> Self {
        LoopbackResponse(status, headers: headers, body: .whole(Array(text.utf8)))
    }
}

/// Carries requests out: a provider's wire format over a ``LoopbackStore``.
package protocol LoopbackService: Sendable {
    /// Called on the connection's own thread.
    func answer(_ request: LoopbackRequest) -> LoopbackResponse
}

func reasonPhrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Status \(status)"
    }
}
