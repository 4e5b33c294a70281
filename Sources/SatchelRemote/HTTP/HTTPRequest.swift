/// One HTTP exchange, as it goes out.
struct HTTPRequest: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"

        /// Whether doing it twice is doing it once, so that a dead connection may be replaced without asking anybody.
        var isRepeatable: Bool {
            switch self {
            case .get, .delete: true
            case .post, .put: false
            }
        }
    }

    enum Body: Sendable {
        case none
        /// Sent as it is.
        case bytes([UInt8])
        /// Sent while it is read.
        case feed(UploadFeed)
    }

    var method: Method
    /// Absolute, already percent-encoded.
    var url: String
    var headers: [HTTPHeader]
    var body: Body
    var limits: HTTPLimits

    init(
        _ method: Method,
        _ url: String,
        headers: [HTTPHeader] = [],
        body: Body = .none,
        limits: HTTPLimits = HTTPLimits()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
    }
}

/// A header line of a request or a response.
struct HTTPHeader: Hashable, Sendable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// False when the line would not be one line, or its name no token (RFC 9110): how a header is smuggled in.
    var isWellFormed: Bool {
        !name.isEmpty && name.utf8.allSatisfy(Self.isTokenByte)
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

/// How long an exchange may take and how much may come back.
struct HTTPLimits: Hashable, Sendable {
    /// Seconds until there is a connection, name look-up and TLS included.
    var connect: Double = 10
    /// Seconds without a single byte in either direction.
    var idle: Double = 120
    /// Seconds for everything; nil for none.
    var total: Double?
    /// Bytes of status line and headers.
    var head: Int = 64 << 10
    /// Bytes of body when it is collected; a stream's reader counts for itself.
    var body: Int = 4 << 20
    /// Bytes a second on the way out; nil for no bound.
    var sendSpeed: Int64?
}
