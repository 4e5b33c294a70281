import SatchelTestSupport
import Testing

extension Asking where Wire == AnthropicWire {
    func post(_ document: JSONValue, to path: String = "/v1/messages") async throws -> RawClient.Reply {
        try await post(path, document)
    }

    func upload(
        _ bytes: RawBytes,
        named name: String? = "a.txt",
        type: String? = "text/plain",
        fields: [(String, String)] = [],
        after: [(String, String)] = []
    ) async throws -> RawClient.Reply {
        try await post(
            form: FormPart.fields(fields) + [.file(bytes, named: name, type: type)] + FormPart.fields(after)
        )
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
