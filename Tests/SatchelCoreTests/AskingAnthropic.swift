import SatchelTestSupport
import Testing

/// A client that knows nothing but how to write requests down.
struct AskingAnthropic {
    let anthropic: LoopbackAnthropic
    var headers: HeaderFields

    init(_ anthropic: LoopbackAnthropic, headers: HeaderFields? = nil) {
        self.anthropic = anthropic
        self.headers = headers ?? ["x-api-key": anthropic.key, "anthropic-version": "2026-10-21"]
    }

    func ask(_ line: String, headers: HeaderFields = [:], body: [UInt8]? = nil) async throws -> RawClient.Reply {
        let port = anthropic.server.port
        var all = self.headers
        all.fields += headers.fields
        let sent = all
        return try await offPoolThrowing {
            var client = try RawClient(port: port)
            return try client.ask(line, headers: sent, body: body)
        }
    }

    func post(_ document: JSONValue, to path: String = "/v1/messages") async throws -> RawClient.Reply {
        try await ask("POST \(path)", headers: ["Content-Type": "application/json"], body: document.bytes)
    }

    func upload(
        _ bytes: RawBytes,
        named name: String? = "a.txt",
        type: String? = "text/plain",
        fields: [(String, String)] = [],
        after: [(String, String)] = []
    ) async throws -> RawClient.Reply {
        func part(_ field: (String, String)) -> [UInt8] {
            Array("--B\r\nContent-Disposition: form-data; name=\"\(field.0)\"\r\n\r\n\(field.1)\r\n".utf8)
        }
        var body = fields.flatMap(part)
        body += Array("--B\r\nContent-Disposition: form-data; name=\"file\"".utf8)
        if let name { body += Array("; filename=\"\(name)\"".utf8) }
        if let type { body += Array("\r\nContent-Type: \(type)".utf8) }
        body += Array("\r\n\r\n".utf8) + bytes.bytes + Array("\r\n".utf8)
        body += after.flatMap(part) + Array("--B--\r\n".utf8)
        return try await ask("POST /v1/files", headers: ["Content-Type": "multipart/form-data; boundary=B"], body: body)
    }

    func uploadedID(_ bytes: RawBytes, named name: String = "a.txt", type: String = "text/plain") async throws -> String
    {
        try #require(try await upload(bytes, named: name, type: type).json?["id"]?.string)
    }
}

func anthropicMessage(_ blocks: [JSONValue], _ more: [String: JSONValue] = [:]) -> JSONValue {
    let body: [String: JSONValue] = [
        "model": "claude-echo", "max_tokens": 100, "messages": [["role": "user", "content": .array(blocks)]],
    ]
    return .object(body.merging(more) { $1 })
}

func anthropicDocument(_ id: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
    let block: [String: JSONValue] = ["type": "document", "source": ["type": "file", "file_id": .string(id)]]
    return .object(block.merging(more) { $1 })
}

func anthropicText(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

/// Each event's name and `data:`.
func anthropicEvents(_ reply: RawClient.Reply) -> [(name: String, data: JSONValue)] {
    reply.text.split(separator: "\n\n").compactMap { event in
        let lines = event.split(separator: "\n")
        guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: "),
            let data = JSONValue(parsing: String(lines[1].dropFirst(6)))
        else { return nil }
        return (String(lines[0].dropFirst(7)), data)
    }
}
