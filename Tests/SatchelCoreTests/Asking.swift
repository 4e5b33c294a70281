import SatchelTestSupport
import Testing

/// A client that knows nothing but how to write requests down.
struct Asking<Wire: LoopbackWire> {
    let provider: Loopback<Wire>
    /// What every request says about who asks.
    var headers: HeaderFields

    init(_ provider: Loopback<Wire>, headers: HeaderFields) {
        self.provider = provider
        self.headers = headers
    }

    init(_ provider: Loopback<Wire>, key: String? = nil) {
        self.init(provider, headers: Wire.address.credentials(key ?? provider.key))
    }

    func ask(_ line: String, headers: HeaderFields = [:], body: [UInt8]? = nil) async throws -> RawClient.Reply {
        let port = provider.server.port
        var all = headers
        all.fields += self.headers.fields
        let sent = all
        return try await offPoolThrowing {
            var client = try RawClient(port: port)
            return try client.ask(line, headers: sent, body: body)
        }
    }

    func post(_ path: String, _ document: JSONValue) async throws -> RawClient.Reply {
        try await ask("POST \(path)", headers: ["Content-Type": "application/json"], body: document.bytes)
    }

    /// Sends the parts of a form in their order.
    func post(form parts: [FormPart]) async throws -> RawClient.Reply {
        let body = parts.flatMap { Array("--B\r\n".utf8) + $0.bytes + Array("\r\n".utf8) } + Array("--B--\r\n".utf8)
        return try await ask("POST /v1/files", headers: ["Content-Type": "multipart/form-data; boundary=B"], body: body)
    }
}

/// A part of a form, as it is written between two boundaries.
struct FormPart {
    var bytes: [UInt8]

    static func field(_ name: String, _ value: String) -> FormPart {
        FormPart(bytes: Array("Content-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)".utf8))
    }

    static func fields(_ fields: [(String, String)]) -> [FormPart] { fields.map { .field($0.0, $0.1) } }

    static func file(_ bytes: RawBytes, named name: String?, type: String?) -> FormPart {
        var head = "Content-Disposition: form-data; name=\"file\""
        if let name { head += "; filename=\"\(name)\"" }
        if let type { head += "\r\nContent-Type: \(type)" }
        return FormPart(bytes: Array("\(head)\r\n\r\n".utf8) + bytes.bytes)
    }
}

extension RawClient.Reply {
    /// The `data:` of each event that is an object.
    var events: [JSONValue] {
        text.split(separator: "\n").compactMap { line in
            line.hasPrefix("data: {") ? JSONValue(parsing: String(line.dropFirst("data: ".count))) : nil
        }
    }
}
