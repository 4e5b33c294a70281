import SatchelCore

extension ChatTool {
    /// The parameters as a JSON schema.
    var schema: JSON { JSON(parsing: parameters) ?? ["type": "object"] }
}

extension ToolCall {
    /// How ids begin that no provider gave.
    static let ownPrefix = "satchel-call-"

    /// Whether the provider knows the call by its id.
    var hasOwnID: Bool { id.hasPrefix(Self.ownPrefix) }

    /// The arguments as an object; an empty one where the model wrote something else, which servers would refuse to be
    /// given back.
    var sound: JSON {
        guard let value = JSON(parsing: arguments), value.isObject else { return [:] }
        return value
    }
}

extension ToolResult {
    var hasOwnID: Bool { id.hasPrefix(ToolCall.ownPrefix) }
}

extension ChatRequest.Turn {
    var toolCalls: [ToolCall] {
        parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
    }

    var toolResults: [ToolResult] {
        parts.compactMap { if case .toolResult(let result) = $0 { result } else { nil } }
    }
}

extension ChatRequest {
    /// The tools in the way of Chat Completions, which Mistral shares.
    var functionTools: [String: JSON] {
        guard !tools.isEmpty else { return [:] }
        var members: [String: JSON] = [
            "tools": .array(
                tools.map { tool in
                    [
                        "type": "function",
                        "function": [
                            "name": .string(tool.name), "description": .string(tool.description),
                            "parameters": tool.schema,
                        ],
                    ]
                }
            )
        ]
        if !mayCallTools { members["tool_choice"] = "none" }
        return members
    }
}

extension ChatRequest.Turn {
    /// The `tool_calls` of an assistant's message in Chat Completions.
    var functionCalls: JSON {
        .array(
            toolCalls.map { call in
                [
                    "id": .string(call.id), "type": "function",
                    "function": ["name": .string(call.name), "arguments": .string(call.sound.text)],
                ]
            }
        )
    }
}

/// Tool calls of Chat Completions, put together from the pieces of a stream.
struct ToolCallPieces: Sendable {
    /// One element of a delta's `tool_calls`.
    struct Piece: Decodable, Sendable {
        var index: Int?
        var id: String?
        var name: String?
        var arguments: String

        private enum Keys: CodingKey {
            case index, id, function
        }

        private enum FunctionKeys: CodingKey {
            case name, arguments
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            index = container.lenient(Int.self, .index)
            // Mistral's schema has the word itself as the default.
            id = container.lenient(String.self, .id).flatMap { $0.isEmpty || $0 == "null" ? nil : $0 }
            let function = try? container.nestedContainer(keyedBy: FunctionKeys.self, forKey: .function)
            name = function?.lenient(String.self, .name)
            // A text in pieces, or with some servers the object itself.
            arguments =
                function?.lenient(String.self, .arguments) ?? function?.lenient(JSON.self, .arguments)?.text ?? ""
        }
    }

    private var open: [(index: Int, call: ToolCall)] = []

    var isEmpty: Bool { open.isEmpty }

    mutating func take(_ piece: Piece) {
        let index = piece.index ?? 0
        // Servers that send calls whole at times give all of them the same index.
        if let place = open.lastIndex(where: { $0.index == index }),
            piece.id == nil && (piece.name ?? "").isEmpty || piece.id == open[place].call.id
        {
            if open[place].call.name.isEmpty { open[place].call.name = piece.name ?? "" }
            open[place].call.arguments += piece.arguments
            return
        }
        let id = piece.id ?? "\(ToolCall.ownPrefix)\(open.count + 1)"
        open.append((index, ToolCall(id: id, name: piece.name ?? "", arguments: piece.arguments)))
    }

    /// The calls, whole, in their order.
    var calls: [ToolCall] { open.map(\.call) }
}
